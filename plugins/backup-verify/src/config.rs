//! What an operator writes in `[config]`.

use watchkeeper_sdk::prelude::*;

/// Which backups to prove, and how.
#[config]
pub(crate) struct Config {
    /// The artifacts to read back: those of a job, such as "postgres", or of one name of it, such as "postgres/app".
    #[serde(default)]
    pub(crate) targets: Vec<String>,
    /// In how many days all that is kept is read once: a run reads one part of so many of each artifact, another one each day.
    #[serde(default = "parts")]
    #[schemars(range(min = 1, max = 366))]
    pub(crate) parts: u32,
    /// Restores the newest backup of a database in every run.
    #[serde(default)]
    pub(crate) restore: Option<Restore>,
}

/// How a backup is restored into a scratch database, tried and dropped again.
#[config]
pub(crate) struct Restore {
    /// The artifacts of which the newest is restored, such as "postgres/app".
    pub(crate) path: String,
    /// The database that is made for it, and dropped before and after. Its name has "scratch" in it, so that it is nobody's.
    #[serde(default = "database")]
    pub(crate) database: String,
    /// The command that makes the database; like the others, its hole `database` is filled with the name.
    #[serde(default = "createdb")]
    pub(crate) createdb: String,
    /// The command that restores a dump, which it reads, and fails at the first error.
    #[serde(default = "pg_restore")]
    pub(crate) pg_restore: String,
    /// The command that runs the operator's assertions. It fails, or prints a line `f`, if one doesn't hold.
    #[serde(default = "psql_assert")]
    pub(crate) psql_assert: String,
    /// The command that drops the database, if there is one.
    #[serde(default = "dropdb")]
    pub(crate) dropdb: String,
}

fn parts() -> u32 {
    30
}

fn database() -> String {
    "watchkeeper_scratch".to_owned()
}

fn createdb() -> String {
    "createdb".to_owned()
}

fn pg_restore() -> String {
    "pg_restore".to_owned()
}

fn psql_assert() -> String {
    "psql_assert".to_owned()
}

fn dropdb() -> String {
    "dropdb".to_owned()
}

impl Config {
    /// Says what can't work, naming the key.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.targets.is_empty() && self.restore.is_none() {
            return Err("key `targets`: nothing to read back, and no `restore`".to_owned());
        }
        if !(1..=366).contains(&self.parts) {
            return Err("key `parts`: from 1 to 366".to_owned());
        }
        for (place, target) in self.targets.iter().enumerate() {
            let parts: Vec<&str> = target.split('/').collect();
            if parts.len() > 2 || parts.contains(&"") {
                return Err(format!("key `targets[{place}]`: {target:?} is neither JOB nor JOB/NAME"));
            }
            if self.targets.iter().take(place).any(|other| other == target) {
                return Err(format!("key `targets[{place}]`: {target:?} is there twice"));
            }
        }
        self.restore.as_ref().map_or(Ok(()), Restore::check)
    }
}

impl Restore {
    fn check(&self) -> Result<(), String> {
        let Self { path, database, .. } = self;
        if !matches!(path.split('/').collect::<Vec<_>>().as_slice(), [job, name] if !job.is_empty() && !name.is_empty())
        {
            return Err(format!("key `restore.path`: {path:?} is not JOB/NAME"));
        }
        if !database.contains("scratch") {
            return Err(format!(
                "key `restore.database`: `{database}` is dropped in every run, and its name doesn't say so\nhint: put `scratch` into the \
                 name, and let the commands have no other: `holes.database = {{ type = \"choice\", values = [\"watchkeeper_scratch\"] }}`"
            ));
        }
        Ok(())
    }
}
