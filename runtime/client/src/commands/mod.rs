//! What can be asked, one file for each kind of question: ask the API, then show the answer.

mod accounts;
mod act;
mod job;
mod jobs;
mod logs;
mod payments;
mod run;
mod run_job;
mod runs;
mod since;

use watchkeeper_model::{AccountName, Digest, JobName, LogLevel, Outcome, PaymentState, RunId};
use watchkeeper_web::api::Limit;

use crate::{Api, ClientError, Screen};

pub use since::Since;

/// A question, or a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// All jobs at one glance.
    Jobs,
    /// One job.
    Job(JobName),
    /// Run a job now.
    RunJob {
        /// Which.
        job: JobName,
        /// Why, for the ledger.
        note: Option<String>,
        /// Whether to wait for the run's end, and to fail unless it succeeds.
        wait: bool,
    },
    /// Begin no run of a job by its schedule any more.
    Pause {
        /// Which.
        job: JobName,
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// Go on with a job.
    Resume {
        /// Which.
        job: JobName,
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// End the runs of a job that are going.
    Cancel {
        /// Which.
        job: JobName,
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// Leave out a job's next due times.
    SkipNext {
        /// Which.
        job: JobName,
        /// How many: 1 to 1,000; 0 takes an earlier wish back.
        count: u32,
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// Runs, the newest first.
    Runs {
        /// Of this job only.
        job: Option<JobName>,
        /// With this outcome only.
        outcome: Option<Outcome>,
        /// Claimed since then.
        since: Option<Since>,
        /// At most so many.
        limit: Limit,
    },
    /// One run with its logs.
    Run(RunId),
    /// What runs said.
    Logs {
        /// Of this job only.
        job: Option<JobName>,
        /// Of this level and those that matter more.
        level: Option<LogLevel>,
        /// At most so many lines of those that are there.
        limit: Limit,
        /// Whether to go on with what comes.
        follow: bool,
    },
    /// All accounts, and what is wrong with them.
    Accounts,
    /// Let a job pay from an account.
    ApprovePayments {
        /// Which account.
        account: AccountName,
        /// Which job.
        job: JobName,
        /// With which component; without: with the one that waits for it.
        digest: Option<Digest>,
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// Take what the chain has of an account for known.
    AdoptAccount {
        /// Which.
        account: AccountName,
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// Payments, the newest first.
    Payments {
        /// Of this account only.
        account: Option<AccountName>,
        /// Asked for by this job only.
        job: Option<JobName>,
        /// In this state only.
        state: Option<PaymentState>,
        /// At most so many.
        limit: Limit,
    },
    /// One payment with its transactions.
    Payment(u64),
    /// Begin no payment any more.
    StopPayments {
        /// Why, for the ledger.
        note: Option<String>,
    },
    /// Let payments go on.
    ResumePayments {
        /// Why, for the ledger.
        note: Option<String>,
    },
}

/// Asks, and shows the answer.
///
/// # Errors
/// The server can't be reached or says no, the run that was waited for didn't succeed, or nothing can be shown.
pub fn perform(request: Request, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    if let Some(warning) = api.warning() {
        screen.note(&format!("warning: {warning}"))?;
    }
    let done = match request {
        Request::Jobs => jobs::show(api, screen),
        Request::Job(name) => job::show(&name, api, screen),
        Request::RunJob { job, note, wait } => run_job::run(&job, note, wait, api, screen),
        Request::Pause { job, note } => act::pause(&job, note, api, screen),
        Request::Resume { job, note } => act::resume(&job, note, api, screen),
        Request::Cancel { job, note } => act::cancel(&job, note.as_deref(), api, screen),
        Request::SkipNext { job, count, note } => act::skip_next(&job, count, note, api, screen),
        Request::Runs { job, outcome, since, limit } => runs::show(job, outcome, since, limit, api, screen),
        Request::Run(id) => run::show(id, api, screen),
        Request::Logs { job, level, limit, follow } => logs::show(job, level, limit, follow, api, screen),
        Request::Accounts => accounts::list(api, screen),
        Request::ApprovePayments { account, job, digest, note } => {
            accounts::approve(&account, job, digest, note, api, screen)
        }
        Request::AdoptAccount { account, note } => accounts::adopt(&account, note, api, screen),
        Request::Payments { account, job, state, limit } => payments::list(account, job, state, limit, api, screen),
        Request::Payment(id) => payments::show(id, api, screen),
        Request::StopPayments { note } => payments::stop(note, api, screen),
        Request::ResumePayments { note } => payments::resume(note, api, screen),
    };
    match done.and_then(|()| screen.flush()) {
        Err(ClientError::Closed) => Ok(()),
        other => other,
    }
}
