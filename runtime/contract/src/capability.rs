//! What a capability is: four lifetimes, never mixed. **Link** once per process ([`Capability`]), **open** once per
//! configuration ([`Open`]), **grant** once per run ([`Grant`], [`RunGrant`]), **settle** once at a run's end
//! ([`RunGrant::settle`]). Adding a capability is a crate that implements these, and a line where the process is put
//! together.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use wasmtime::component::Linker;
use wasmtime_wasi_http::WasiHttpHooks;
use watchkeeper_model::{Head, HeadFeed, JobName, LogLine, Outcome};

use crate::{Run, Treasury};

/// A power that the host can lend to plugins.
pub trait Capability: Send + Sync + 'static {
    /// Its key in a job's `[grants]`.
    fn name(&self) -> &'static str;

    /// The WIT package whose import asks for it, as `watchkeeper:chain`.
    fn package(&self) -> &'static str;

    /// The power in plain words: what a plugin that has it can do.
    fn power(&self) -> &'static str;

    /// The line that grants it, for the hint of a refusal.
    fn example(&self) -> &'static str;

    /// Adds its host functions to the linker.
    ///
    /// # Errors
    /// Two capabilities define the same function.
    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()>;
}

/// A capability with one configuration's endpoints, keys and pools. Survives plugin swaps.
#[async_trait]
pub trait Open: Send + Sync + 'static {
    /// The [`Capability::name`] that it belongs to.
    fn name(&self) -> &'static str;

    /// Checks what an operator wrote under `grants.NAME` of a job.
    ///
    /// # Errors
    /// [`GrantError`], with the key below `grants`.
    fn grant(&self, job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError>;

    /// Puts an end to what an earlier process left running. Once for a process, before its first run is claimed.
    ///
    /// # Errors
    /// What was left can't be known: nothing may run.
    async fn recover(&self) -> Result<(), String> {
        Ok(())
    }

    /// It is what the process keeps the watch by, from now on. One that is only checked never hears this.
    fn begin(&self) {}

    /// Tells of the heads of these feeds from now on, and of no others; once of the one that is the newest already. Feeds of
    /// chains that it doesn't read are not its business, and most capabilities read none.
    fn follow(&self, _feeds: &BTreeSet<HeadFeed>, _tell: &TellHead) {}

    /// The chains that it reads, and how their endpoints are; most capabilities read none.
    fn chains(&self) -> Vec<ChainHealth> {
        Vec::new()
    }

    /// The accounts that it pays from; most capabilities pay nothing.
    fn treasury(&self) -> Option<Arc<dyn Treasury>> {
        None
    }
}

/// Who is told of a new head.
pub type TellHead = Arc<dyn Fn(&HeadFeed, Head) + Send + Sync>;

/// A chain as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHealth {
    /// Its name in the configuration.
    pub name: String,
    /// The id that its endpoints have to answer with.
    pub chain_id: u64,
    /// The highest block that an endpoint spoke of; none before the first.
    pub head: Option<u64>,
    /// When that block was first seen.
    pub head_seen: Option<Timestamp>,
    /// What its endpoints don't agree on, if they don't.
    pub problem: Option<String>,
    /// In the operator's order.
    pub endpoints: Vec<EndpointHealth>,
}

/// An endpoint of a chain. It goes by its name: its URL is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointHealth {
    /// Its name.
    pub name: String,
    /// How it is.
    pub standing: EndpointStanding,
    /// How many blocks it was behind the best head, if it told of its own lately.
    pub lag: Option<u64>,
    /// When it answered last.
    pub last_answer: Option<Timestamp>,
    /// Since when it is out, if it is.
    pub out_since: Option<Timestamp>,
    /// What was wrong last; none once it answered again.
    pub problem: Option<String>,
}

/// How an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointStanding {
    /// It wasn't asked yet.
    Unknown,
    /// It answered when it was asked last.
    Ok,
    /// It failed when it was asked last, and rests.
    Failing,
    /// It asked for no requests for a while, and gets none.
    Throttled,
    /// Its newest block is too old, and it is asked for no data.
    Stale,
    /// It serves another chain, and is asked for no data.
    WrongChain,
}

/// What is wrong with a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}\nhint: {hint}")]
pub struct GrantError {
    /// Below `grants`, as `chain.zkfair.methods`.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub hint: String,
}

/// What one job may do with one capability.
pub trait Grant: Any + Send + Sync {
    /// A fresh grant for one run.
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant>;

    /// Whether this allows all that `older` allowed. If not, runs that began under `older` are ended.
    fn covers(&self, older: &dyn Grant) -> bool;

    /// In plain words, one line each.
    fn describe(&self) -> Vec<String>;

    /// The chains that it lets a job read, by name.
    fn chains(&self) -> Vec<String> {
        Vec::new()
    }
}

/// One run's grant. Effects that it began live in tasks of the host and outlast the instance; the run is over when
/// they are settled.
#[async_trait]
pub trait RunGrant: Any + Send {
    /// Commits or undoes, knowing the outcome.
    async fn settle(self: Box<Self>, outcome: Outcome, settlement: &mut Settlement);

    /// Where the run's requests over HTTP go, if it lends that power. A dry run may only read.
    fn http(&mut self, _dry_run: bool) -> Option<&mut dyn WasiHttpHooks> {
        None
    }

    /// Powers that were used behind WASI's back, and how often; others are told to [`Run::used`].
    fn used(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

/// What the grants of a run hand to the ledger, to be written together with the run's end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Kept only if the run succeeded.
    pub state: Vec<StateChange>,
    /// What follows in the run's log on what the plugin said.
    pub logs: Vec<LogLine>,
}

/// A key of a job's state and its new value; none deletes it.
pub type StateChange = (String, Option<Vec<u8>>);
