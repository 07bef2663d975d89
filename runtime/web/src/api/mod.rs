//! What the API says, as data: every answer and request body under `/api/v1`. The pages show the same values, and the
//! command line reads them. Times are RFC 3339 in UTC, durations seconds as a number (`*_seconds`), sizes bytes
//! (`*_bytes`), amounts of money texts. Unknown is null, never zero. Here is no HTTP and nothing that decides.

mod account;
mod act;
mod amount;
mod chain;
mod event;
mod job;
mod log;
mod overview;
mod page;
mod payment;
mod plugin;
mod preview;
mod problem;
mod progress;
mod run;
mod text;
mod timeline;
pub(crate) mod words;

pub use account::{AccountInfo, ApprovePayments, BudgetInfo, PaymentsStop, Treasury, UnapprovedInfo};
pub use act::{
    Act, Acted, Action, ActionPage, ActionQuery, Actor, Deed, Note, Refusal, RefusalKind, Right, SkipNext, Who,
};
pub use amount::Amount;
pub use chain::{ChainInfo, EndpointInfo, EndpointState};
pub use event::Event;
pub use job::{BlackoutInfo, JobDetail, JobOverview, JobState, Pause, PolicyInfo, RecentRun, ScheduleInfo, SkipInfo};
pub use log::{LogEntry, LogField, LogLine, LogPage, LogQuery};
pub use overview::{FileProblem, Overview, Phase, Reload, SelfWatch, StoreInfo};
pub use page::Limit;
pub use payment::{
    InclusionInfo, PaymentDetail, PaymentPage, PaymentQuery, PaymentSummary, ReservedInfo, TransactionInfo, Undecided,
};
pub use plugin::{PluginInfo, PluginJob, Power};
pub use preview::{Due, Preview, PreviewOf, PreviewQuery};
pub use problem::Problem;
pub use progress::{ProgressInfo, ProgressUnit};
pub use run::{RunDetail, RunPage, RunQuery, RunSummary, RunTrigger, TriggerKind};
pub use text::Text;
pub use timeline::Bucket;
