//! What this room needs from the process that it shows.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast;
use watchkeeper_model::{JobName, RunId};

use crate::api::{
    Act, Acted, ActionPage, ActionQuery, Actor, ChainInfo, Event, JobDetail, LogPage, LogQuery, Overview,
    PaymentDetail, PaymentPage, PaymentQuery, PluginInfo, Preview, PreviewOf, Refusal, RunDetail, RunPage, RunQuery,
    Treasury,
};

/// The process behind API and pages. Calls come from many requests at once. None may block its thread, and each answer is
/// bounded.
///
/// What asks the store answers [`Refusal`] of the kind `Unavailable` while it is away.
#[async_trait]
pub trait House: Send + Sync + 'static {
    /// Whether work is being done and reloads are taken.
    ///
    /// # Errors
    /// Why not, for people: starting, draining.
    fn ready(&self) -> Result<(), String>;

    /// Reads all files again and applies what is right in them; `by` goes into the ledger. Called once at a time, and never
    /// dropped half-way.
    ///
    /// # Errors
    /// The text of all problems, a line or more each.
    async fn reload(&self, by: Actor) -> Result<(), String>;

    /// All series, written as the scraper wants them. One call serves every equal request that waits for it; it is dropped
    /// when all of them are gone.
    async fn scrape(&self, request: ScrapeRequest) -> ScrapeResponse;

    /// Runs a job for a target and gives that run's samples only. One call serves every equal request that waits for it; it
    /// is dropped when all of them are gone.
    ///
    /// # Errors
    /// `NotFound` for an unknown job, `Invalid` for a target that its grant doesn't name.
    async fn probe(&self, request: ProbeRequest) -> Result<ScrapeResponse, Refusal>;

    /// The process and all its jobs. It is shown while the store is away, too.
    async fn overview(&self) -> Overview;

    /// One job; none if there is no such job.
    ///
    /// # Errors
    /// The store is away.
    async fn job(&self, name: &JobName) -> Result<Option<JobDetail>, Refusal>;

    /// Runs, the newest first; as many as the query's limit at most.
    ///
    /// # Errors
    /// The store is away.
    async fn runs(&self, query: RunQuery) -> Result<RunPage, Refusal>;

    /// One run with its logs; none if there is no such run, or it isn't kept any more.
    ///
    /// # Errors
    /// The store is away.
    async fn run(&self, id: RunId) -> Result<Option<RunDetail>, Refusal>;

    /// All plugins that are loaded or that a job wants.
    async fn plugins(&self) -> Vec<PluginInfo>;

    /// All chains.
    async fn chains(&self) -> Vec<ChainInfo>;

    /// Whether there is an account to pay from. Asked for every page.
    fn has_accounts(&self) -> bool;

    /// All accounts, and whether anything is paid at all. No chain is asked.
    ///
    /// # Errors
    /// The store is away.
    async fn accounts(&self) -> Result<Treasury, Refusal>;

    /// Payments, the newest first; as many as the query's limit at most. Also those of accounts that are gone.
    ///
    /// # Errors
    /// The store is away.
    async fn payments(&self, query: PaymentQuery) -> Result<PaymentPage, Refusal>;

    /// One payment with its transactions; none if there is no such payment.
    ///
    /// # Errors
    /// The store is away.
    async fn payment(&self, id: u64) -> Result<Option<PaymentDetail>, Refusal>;

    /// Lines of logs, the oldest first; as many as the query's limit at most.
    ///
    /// # Errors
    /// The store is away.
    async fn logs(&self, query: LogQuery) -> Result<LogPage, Refusal>;

    /// What people did, the newest first; as many as the query's limit at most.
    ///
    /// # Errors
    /// The store is away.
    async fn actions(&self, query: ActionQuery) -> Result<ActionPage, Refusal>;

    /// The next `count` due times of a schedule, 1 to 100.
    ///
    /// # Errors
    /// `NotFound` for an unknown job; `Invalid`, saying what is wrong with the text, for one that is no schedule.
    async fn preview(&self, of: PreviewOf, count: usize) -> Result<Preview, Refusal>;

    /// Does something, with its entry in the ledger. Never dropped half-way.
    ///
    /// # Errors
    /// Why it isn't done.
    async fn act(&self, by: Actor, act: Act) -> Result<Acted, Refusal>;

    /// What changes from now on. A slow reader loses events and is told how many.
    fn events(&self) -> broadcast::Receiver<Arc<Event>>;
}

/// What a scraper sent along.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScrapeRequest {
    /// The header `Accept`; several are joined with a comma.
    pub accept: Option<String>,
    /// The header `Accept-Encoding`; several are joined with a comma.
    pub accept_encoding: Option<String>,
    /// When the scraper gives up, less a margin for the way.
    pub timeout: Duration,
}

/// What a scraper of `/probe` wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeRequest {
    /// The job that is run.
    pub job: JobName,
    /// What it is run for.
    pub target: String,
    /// How to answer, and when the scraper gives up.
    pub scrape: ScrapeRequest,
}

/// One exposition.
#[derive(Debug, Clone)]
pub struct ScrapeResponse {
    /// The header `Content-Type`, with version and charset.
    pub content_type: &'static str,
    /// The header `Content-Encoding`, if the body is encoded.
    pub content_encoding: Option<&'static str>,
    /// The body in parts, which are sent as they are and not copied.
    pub body: Vec<Bytes>,
}
