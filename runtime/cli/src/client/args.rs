//! The arguments of the commands that ask a running Watchkeeper. Does nothing.

use std::path::PathBuf;

use clap::{
    Args, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use watchkeeper_client::Since;
use watchkeeper_model::{AccountName, Digest, JobName, LogLevel, Outcome, PaymentState, RunId, TokenName};
use watchkeeper_web::api::Limit;

use crate::args::Format;

/// What these have in common stands apart from what each command alone can be told.
const SERVER: &str = "Server";

/// Where the server is.
#[derive(Args)]
pub(crate) struct ServerOptions {
    /// The server's address, such as https://watch.example.com; else WATCHKEEPER_URL, else that of the configuration
    #[arg(long, help_heading = SERVER)]
    pub(crate) url: Option<String>,
    /// The server's configuration, where it is on this machine; by default watchkeeper.toml, if there is one
    ///
    /// It says where the server listens. Beside its store is the token of this machine, used where no other is named.
    #[arg(long, short, help_heading = SERVER)]
    pub(crate) config: Option<PathBuf>,
    /// A file with a token; else WATCHKEEPER_TOKEN
    #[arg(long, help_heading = SERVER)]
    pub(crate) token_file: Option<PathBuf>,
    /// Certificates (PEM) to trust in place of the system's
    #[arg(long, help_heading = SERVER)]
    pub(crate) ca_file: Option<PathBuf>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Subcommand)]
pub(crate) enum JobCommand {
    /// Show how a job is, what it may do, and its last runs
    Show(OneJob),
    /// Run a job now, and wait for the run's end
    ///
    /// Exits with 0 if the run succeeds, else with 1. The run goes on if this command is interrupted.
    Run(RunJobOptions),
    /// Begin no run of a job by its schedule any more
    Pause(OneJobNoted),
    /// Go on with a job that is paused
    Resume(OneJobNoted),
    /// End the runs of a job that are going
    ///
    /// As JSON, a list of what became of each.
    Cancel(OneJobNoted),
    /// Leave out a job's next due times
    SkipNext(SkipNextOptions),
}

#[derive(Subcommand)]
pub(crate) enum RunCommand {
    /// Show one run: its numbers, its attempts, and what it said
    Show(OneRun),
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and show it this once, with the lines by which watchkeeper.toml knows it
    New(NewTokenOptions),
}

/// What is asked of a running Watchkeeper about its accounts.
#[derive(Subcommand)]
pub(crate) enum AccountQuestion {
    /// Show the accounts of a running Watchkeeper: what each holds, what its caps leave, and what is wrong
    List(ServerOptions),
    /// Let a job pay from an account with the component that it has now
    ///
    /// The first component that asks is taken for approved; after an update the new one waits for this.
    Approve(ApproveOptions),
    /// Take all transactions that the chain has of an account for known, and go on after them
    ///
    /// For an account that stopped because something else used it, or because the store is older than the chain. Look
    /// first at what it was: somebody else may have the key.
    Adopt(AdoptOptions),
}

#[derive(Subcommand)]
pub(crate) enum PaymentsCommand {
    /// Show one payment: its way, its transactions, and why
    Show(OnePayment),
    /// Begin no payment of any account any more
    ///
    /// What is signed already is followed to its end: it may still be paid.
    Stop(Noted),
    /// Let payments go on
    Resume(Noted),
}

#[derive(Args)]
pub(crate) struct ApproveOptions {
    /// The account's name
    pub(crate) account: AccountName,
    /// The job's name
    pub(crate) job: JobName,
    /// The component: sha256: and 64 digits; by default the one that waits
    pub(crate) digest: Option<Digest>,
    #[command(flatten)]
    pub(crate) noted: Noted,
}

#[derive(Args)]
pub(crate) struct AdoptOptions {
    /// The account's name
    pub(crate) account: AccountName,
    #[command(flatten)]
    pub(crate) noted: Noted,
}

#[derive(Args)]
pub(crate) struct Noted {
    /// Why, for the record
    #[arg(long)]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct PaymentsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<PaymentsCommand>,
    #[command(flatten)]
    pub(crate) options: PaymentsOptions,
}

#[derive(Args)]
pub(crate) struct PaymentsOptions {
    /// Of this account only
    #[arg(long)]
    pub(crate) account: Option<AccountName>,
    /// Asked for by this job only
    #[arg(long)]
    pub(crate) job: Option<JobName>,
    /// In this state only
    #[arg(long, value_parser = payment_state())]
    pub(crate) state: Option<PaymentState>,
    /// The most payments, up to 500
    #[arg(long, default_value = "50", value_parser = limit)]
    pub(crate) limit: Limit,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
pub(crate) struct OnePayment {
    /// The payment's number
    pub(crate) id: u64,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
pub(crate) struct OneJob {
    /// The job's name
    pub(crate) name: JobName,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
pub(crate) struct OneJobNoted {
    #[command(flatten)]
    pub(crate) job: OneJob,
    /// Why, for the record
    #[arg(long)]
    pub(crate) note: Option<String>,
}

#[derive(Args)]
pub(crate) struct RunJobOptions {
    #[command(flatten)]
    pub(crate) job: OneJobNoted,
    /// Don't wait for the run's end
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Args)]
pub(crate) struct SkipNextOptions {
    #[command(flatten)]
    pub(crate) job: OneJobNoted,
    /// How many; 0 takes an earlier wish back
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) count: u32,
}

#[derive(Args)]
pub(crate) struct OneRun {
    /// The run's name: 26 letters and digits
    pub(crate) id: RunId,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
pub(crate) struct RunsOptions {
    /// Of this job only
    #[arg(long)]
    pub(crate) job: Option<JobName>,
    /// With this outcome only
    #[arg(long, value_parser = outcome())]
    pub(crate) outcome: Option<Outcome>,
    /// Claimed since then: 2h for two hours ago, or 2026-11-22T16:13:00Z
    #[arg(long)]
    pub(crate) since: Option<Since>,
    /// The most runs, up to 500
    #[arg(long, default_value = "50", value_parser = limit)]
    pub(crate) limit: Limit,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
pub(crate) struct LogsOptions {
    /// Go on with what comes
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Of this job only
    #[arg(long)]
    pub(crate) job: Option<JobName>,
    /// Of this level and those that matter more
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// The most lines of those that are there, up to 500
    #[arg(long, default_value = "50", value_parser = limit)]
    pub(crate) limit: Limit,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Args)]
pub(crate) struct NewTokenOptions {
    /// Who will use it, as the ledger's actions name them: deploy
    pub(crate) name: TokenName,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// How much a line of a run's log matters.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

fn outcome() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str)).try_map(|word| word.parse::<Outcome>())
}

fn payment_state() -> impl TypedValueParser<Value = PaymentState> {
    PossibleValuesParser::new(PaymentState::ALL.map(PaymentState::as_str)).try_map(|word| word.parse::<PaymentState>())
}

fn limit(text: &str) -> Result<Limit, &'static str> {
    text.parse().ok().and_then(Limit::new).ok_or("write a number of 1 to 500")
}
