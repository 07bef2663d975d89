//! Backs up PostgreSQL: each database by `pg_dump` in its custom format, and the roles by `pg_dumpall --globals-only`.
//!
//! The programs are commands of the operator's, who gives them their arguments and passwords; here is only which database they are asked
//! for ([`plan`]). What they print goes from host to host, and the host checks it to the last data block. A dump whose program didn't end
//! well is no backup, and one that fails leaves the others be.

mod config;
mod plan;
#[cfg(test)]
mod tests;

use watchkeeper_sdk::{
    artifacts::Check,
    backup::{self, Backups, Settings, Size},
    metrics::Families,
    prelude::*,
};

use crate::{
    config::Config,
    plan::{Dump, Plan, ROLES},
};

/// Least size of the roles' dump: its head and its end are longer.
const LEAST_ROLES: Size = Size::bytes(100);

/// What a job is to do, and where it shows.
struct Job {
    plan: Plan,
    metrics: backup::Metrics,
}

impl MetricSet<Config> for Job {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        Ok(Self { plan: Plan::of(config)?, metrics: MetricSet::<Config>::declare(config, families)? })
    }
}

#[plugin]
async fn run(config: Config, job: &Job) -> Result<String> {
    let settings = Settings { minimum_size: config.minimum_size, read_back: config.read_back };
    let mut backups = Backups::new(settings, &job.metrics);
    if config.roles {
        let roles = async || {
            Ok(backup::Source::from(command::run(&config.roles_command, &[], None).await?).at_least(LEAST_ROLES))
        };
        backups.make(ROLES, Check::PgPlain, roles).await;
    }
    for Dump { database, name } in &job.plan.dumps {
        let dump = async || {
            let process = command::run(&config.command, &[("database", database)], None).await?;
            Ok(backup::Source::from(process).note("database", database))
        };
        backups.make(name, Check::PgCustom, dump).await;
    }
    backups.finish()
}
