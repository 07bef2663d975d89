//! What people can do, who they are, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchkeeper_model::{AccountName, Digest, JobName, RunId};

use super::{JobOverview, Limit, Text, words};

/// What a request may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// See everything.
    Read,
    /// Start, cancel, pause, resume, skip, reload; stop payments and let them go on, approve, adopt.
    Act,
}

/// Somebody who showed a credential, by the name that the ledger's actions have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// `user NAME`, `token NAME` or `local token`.
    pub name: Text,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Who {
    /// None where nobody had to say.
    pub actor: Option<Actor>,
    /// What they may.
    pub rights: Vec<Right>,
}

/// Something to be done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What.
    pub deed: Deed,
    /// Why, for the ledger; 500 characters at most.
    pub note: Option<Text>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Run it now, besides its schedule.
    Run(JobName),
    /// Begin no run by its schedule any more.
    Pause(JobName),
    /// Go on.
    Resume(JobName),
    /// Leave out its next due times.
    SkipNext {
        /// Whose.
        job: JobName,
        /// How many: 1 to 1,000; 0 takes an earlier wish back.
        count: u32,
    },
    /// End a run that is going.
    Cancel(RunId),
    /// Begin no payment any more, of any account.
    StopPayments,
    /// Let payments go on.
    ResumePayments,
    /// Let a job pay from an account with a component.
    ApprovePayments {
        /// Which account.
        account: AccountName,
        /// Which job.
        job: JobName,
        /// Which component.
        digest: Digest,
    },
    /// Take all transactions that the chain has of an account for known.
    AdoptAccount(AccountName),
}

/// The body of most actions. An empty body is one without a note.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Note {
    /// Why, for the ledger.
    #[schema(max_length = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The body of `skip-next`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SkipNext {
    /// How many due times; 1 unless told, 0 takes an earlier wish back.
    #[schema(minimum = 0, maximum = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Why, for the ledger.
    #[schema(max_length = 500)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Acted {
    /// One line for people.
    pub message: Text,
    /// The run that was begun or cancelled, where its name is known already.
    #[schema(value_type = Option<words::RunId>)]
    pub run: Option<RunId>,
    /// The job as it is now; none where it is gone.
    pub job: Option<JobOverview>,
}

/// Why something wasn't done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Decides the status code.
    pub kind: RefusalKind,
    /// What is wrong.
    pub message: Text,
    /// What to do about it.
    pub hint: Option<Text>,
}

/// The kinds of [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// There is no such job, run, account or payment: 404.
    NotFound,
    /// It doesn't go with how that is: 409.
    Conflict,
    /// It can't be done now: 503.
    Unavailable,
    /// It can't be meant so: 422.
    Invalid,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(kind: RefusalKind, message: impl Into<Text>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// An action as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// Its place in the ledger; later ones are larger.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Text,
    /// What: `run`, `pause`, `resume`, `skip-next`, `cancel`, `reload`, `stop-payments`, `resume-payments`,
    /// `approve-payments`, `adopt-account`.
    pub verb: Text,
    /// To which job.
    #[schema(value_type = Option<words::JobName>)]
    pub job: Option<JobName>,
    /// To which run, or which run came of it.
    #[schema(value_type = Option<words::RunId>)]
    pub run: Option<RunId>,
    /// Why.
    pub note: Option<Text>,
}

/// Which actions to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActionQuery {
    /// The most actions of one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The page that begins where another one says `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u64>,
}

/// Some actions, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionPage {
    /// The actions.
    pub actions: Vec<Action>,
    /// The `page` to ask for next: that of the actions with a smaller number than this. None at the end.
    pub next: Option<u64>,
}
