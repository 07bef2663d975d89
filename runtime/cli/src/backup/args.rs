//! The arguments of `watchkeeper backup`. Does nothing.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use watchkeeper_artifact_store::{Part, Prefix};

use super::target::{Newest, Target};
use crate::args::Format;

/// What these have in common stands apart from what each command alone can be told.
const STORE: &str = "Store";

#[derive(Subcommand)]
pub(crate) enum BackupCommand {
    /// Show what artifacts there are, the newest last
    List(ListOptions),
    /// Show what is known of an artifact, and how to restore it without Watchkeeper
    Show(ShowOptions),
    /// Read back what is stored, and compare it with what was stored
    ///
    /// Needs no key: all stored bytes have their digests in the manifest. With a key, the content is unpacked and compared too.
    Verify(VerifyOptions),
    /// Get the content of an artifact back, or nothing
    ///
    /// It is written aside, and gets its name once all of it was compared with what was stored.
    Restore(RestoreOptions),
    /// Delete artifacts by a retention policy, after showing which
    ///
    /// The newest and the last two verified ones always stay. Without a policy nothing is deleted.
    Prune(PruneOptions),
}

/// Where the artifacts are.
#[derive(Args)]
pub(crate) struct StoreOptions {
    /// The configuration that names the store
    #[arg(long, short, default_value = "watchkeeper.toml", help_heading = STORE)]
    pub(crate) config: PathBuf,
    /// Which of its artifact stores; needed only where there are several
    #[arg(long, help_heading = STORE)]
    pub(crate) store: Option<String>,
    /// The store's address, without any configuration: file:///FOLDER, s3://BUCKET/PREFIX, gs://… or az://…
    ///
    /// What opens it comes from the environment, as for other programs: AWS_…, GOOGLE_… or AZURE_….
    #[arg(long, conflicts_with_all = ["config", "store"], help_heading = STORE)]
    pub(crate) url: Option<String>,
    /// An option of the store at --url, such as aws_region=eu-central-1; secrets stand in the environment only
    #[arg(long = "option", value_name = "NAME=VALUE", requires = "url", help_heading = STORE)]
    pub(crate) options: Vec<String>,
}

/// What opens encrypted content.
#[derive(Args)]
pub(crate) struct KeyOptions {
    /// A file with the age identity that opens encrypted content, in place of the configuration's; may be given again
    #[arg(long = "identity", value_name = "FILE", help_heading = STORE)]
    pub(crate) identities: Vec<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ListOptions {
    /// Of this job, or of this name of a job only: JOB or JOB/NAME
    pub(crate) below: Option<Prefix>,
    /// The most artifacts, the newest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) newest: u32,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct ShowOptions {
    /// The artifact: JOB/NAME/ID, or JOB/NAME for the newest of that name
    pub(crate) artifact: Newest,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct VerifyOptions {
    /// The artifact, JOB/NAME/ID, or all of a name or job: JOB/NAME or JOB
    pub(crate) artifacts: Target,
    /// Read only part I of N, from 1 on: an artifact counts as verified once all its parts were read
    #[arg(long, value_name = "I/N", value_parser = part, conflicts_with_all = ["content", "identities"])]
    pub(crate) part: Option<Part>,
    /// Unpack the content and compare it too; goes without saying where an identity is named
    #[arg(long)]
    pub(crate) content: bool,
    #[command(flatten)]
    pub(crate) keys: KeyOptions,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
#[command(group = ArgGroup::new("where").required(true).args(["to", "unpack"]))]
pub(crate) struct RestoreOptions {
    /// The artifact: JOB/NAME/ID, or JOB/NAME for the newest of that name
    pub(crate) artifact: Newest,
    /// The file to make, a folder to make one in, or - for standard output
    ///
    /// What goes to standard output is compared block by block, but what is damaged further on is known only then: whoever reads it
    /// must look at the exit code, and throw the beginning away if it isn't 0.
    #[arg(long, value_name = "FILE|DIR|-")]
    pub(crate) to: Option<PathBuf>,
    /// Unpack a tar archive into this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) unpack: Option<PathBuf>,
    /// Replace a file that is there, without asking
    #[arg(long, conflicts_with = "unpack")]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) keys: KeyOptions,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct PruneOptions {
    /// Whose artifacts: JOB/NAME, or JOB for each of its names
    pub(crate) artifacts: Prefix,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
    /// Only show what would stay and what would go
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Delete without asking
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const POLICY: &str = "Policy; by default that of the job's file, `[grants.artifacts.retention]`";

/// The rules of a policy: each keeps what it keeps, whatever the others say.
#[derive(Args)]
pub(crate) struct RuleOptions {
    /// Keep so many of the newest
    #[arg(long, value_name = "N", help_heading = POLICY)]
    pub(crate) keep_last: Option<u32>,
    /// Keep the newest of each of the last N hours that have an artifact
    #[arg(long, value_name = "N", help_heading = POLICY)]
    pub(crate) keep_hourly: Option<u32>,
    /// The same for days, in UTC
    #[arg(long, value_name = "N", help_heading = POLICY)]
    pub(crate) keep_daily: Option<u32>,
    /// The same for weeks
    #[arg(long, value_name = "N", help_heading = POLICY)]
    pub(crate) keep_weekly: Option<u32>,
    /// The same for months
    #[arg(long, value_name = "N", help_heading = POLICY)]
    pub(crate) keep_monthly: Option<u32>,
    /// The same for years
    #[arg(long, value_name = "N", help_heading = POLICY)]
    pub(crate) keep_yearly: Option<u32>,
    /// Keep all that are at most this old, such as 48h
    #[arg(long, value_name = "TIME", help_heading = POLICY)]
    pub(crate) keep_within: Option<String>,
}

/// Reads `I/N`, from 1 on.
fn part(text: &str) -> Result<Part, String> {
    let part = text.split_once('/').and_then(|(part, of)| {
        let index = part.parse::<u32>().ok()?.checked_sub(1)?;
        Part::new(index, of.parse().ok()?)
    });
    part.ok_or_else(|| format!("write such as 1/30: a part, from 1 on, and of how many, at most {}", Part::MOST))
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_are_counted_from_one() {
        let read = |text| part(text).map(|part| (part.index(), part.of()));
        assert_eq!((read("1/30"), read("30/30")), (Ok((0, 30)), Ok((29, 30))));
        for wrong in ["0/30", "31/30", "1/0", "1/1000", "1", "a/b", "/", "-1/3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
