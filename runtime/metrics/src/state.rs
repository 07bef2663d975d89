//! All families, jobs and series, without locks or text: what `Store` guards. Writing to it is in `declare`
//! and `commit`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use watchkeeper_model::{JobName, PluginName};

use crate::{
    Limits,
    block::Block,
    chunks::{Chunks, Stamps},
    rules::FamilyError,
    spec::{FamilySpec, Kind},
    view::Header,
};

/// From each name that a family takes in an exposition to that family's name.
pub(crate) type Names = HashMap<String, String>;

pub(crate) struct State {
    pub(crate) limits: Limits,
    /// The host's families per job, in the order that `Sample::family` counts.
    pub(crate) host: Arc<[Arc<FamilySpec>]>,
    pub(crate) families: BTreeMap<String, Family>,
    pub(crate) names: Arc<Names>,
    pub(crate) jobs: HashMap<JobName, Job>,
    pub(crate) stamps: Stamps,
}

/// A family and everybody's series in it.
pub(crate) struct Family {
    pub(crate) spec: Arc<FamilySpec>,
    pub(crate) header: Arc<Header>,
    /// The jobs that declared it; empty for the host's, which every job has.
    pub(crate) users: BTreeSet<JobName>,
    pub(crate) of_host: bool,
    pub(crate) chunks: Chunks,
}

pub(crate) struct Job {
    pub(crate) plugin: PluginName,
    /// `job_name="…",plugin="…"`.
    pub(crate) prefix: Arc<str>,
    pub(crate) families: Arc<[Arc<FamilySpec>]>,
    pub(crate) max_age: Duration,
    pub(crate) max_series: usize,
    /// When its gauges were last refreshed; none when it has no gauges to lose.
    pub(crate) refreshed: Option<Duration>,
}

impl Family {
    pub(crate) fn new(spec: Arc<FamilySpec>, of_host: bool) -> Self {
        let header = Arc::new(Header::new(&spec));
        Self { spec, header, users: BTreeSet::new(), of_host, chunks: Chunks::default() }
    }

    /// Gives the family another meaning. Series that don't fit it have been removed.
    pub(crate) fn replace_spec(&mut self, spec: Arc<FamilySpec>) {
        self.header = Arc::new(Header::new(&spec));
        self.spec = spec;
    }
}

impl State {
    pub(crate) fn new(limits: Limits, host: Vec<FamilySpec>) -> Result<Self, FamilyError> {
        let host: Vec<Arc<FamilySpec>> =
            host.into_iter().map(|spec| spec.of_host().map(Arc::new)).collect::<Result<_, _>>()?;
        let mut names = Names::new();
        let mut families = BTreeMap::new();
        for spec in &host {
            names.extend(spec.names().into_iter().map(|name| (name, spec.name.clone())));
            families.insert(spec.name.clone(), Family::new(Arc::clone(spec), true));
        }
        let mut stamps = Stamps::default();
        stamps.next();
        Ok(Self { limits, host: host.into(), families, names: Arc::new(names), jobs: HashMap::new(), stamps })
    }

    /// Removes the gauges of jobs that were last refreshed more than their `max_age` before `now`.
    pub(crate) fn expire(&mut self, now: Duration) {
        let stale = |job: &Job| job.refreshed.is_some_and(|then| now.saturating_sub(then) > job.max_age);
        let stale: Vec<JobName> =
            self.jobs.iter().filter(|(_, job)| stale(job)).map(|(name, _)| name.clone()).collect();
        for job in &stale {
            self.clear_gauges(job);
        }
    }

    /// Removes the gauges of one job's own families.
    pub(crate) fn clear_gauges(&mut self, name: &JobName) {
        let Some(job) = self.jobs.get_mut(name) else {
            return;
        };
        job.refreshed = None;
        let families = Arc::clone(&job.families);
        for spec in families.iter().filter(|spec| spec.kind == Kind::Gauge) {
            self.clear(name, &spec.name);
        }
    }

    /// Removes a job with all its series and the families that nobody else uses.
    pub(crate) fn remove(&mut self, name: &JobName) {
        let Some(job) = self.jobs.remove(name) else { return };
        let host = Arc::clone(&self.host);
        for spec in job.families.iter().chain(host.iter()) {
            self.clear(name, &spec.name);
        }
        for spec in job.families.iter() {
            if let Some(family) = self.families.get_mut(&spec.name) {
                family.users.remove(name);
            }
            self.forget_unused(&spec.name);
        }
        self.stamps.next();
    }

    /// Removes one job's series in one family.
    pub(crate) fn clear(&mut self, job: &JobName, family: &str) {
        self.edit(job, family, |block| {
            let held = !block.points.is_empty();
            *block = Arc::default();
            held
        });
    }

    /// Lets `edit` change one job's series in one family; it answers whether it did.
    pub(crate) fn edit(&mut self, job: &JobName, family: &str, edit: impl FnOnce(&mut Arc<Block>) -> bool) {
        if let Some(family) = self.families.get_mut(family) {
            let lines = family.spec.lines_per_series();
            family.chunks.edit(job, lines, &mut self.stamps, edit);
        }
    }

    /// Removes a plugin's family that no job uses.
    pub(crate) fn forget_unused(&mut self, name: &str) {
        if self.families.get(name).is_some_and(|family| !family.of_host && family.users.is_empty())
            && let Some(family) = self.families.remove(name)
        {
            self.disown_names(&family.spec);
        }
    }

    /// Frees the names that a family takes, but for those that another one has taken over.
    pub(crate) fn disown_names(&mut self, spec: &FamilySpec) {
        let names = Arc::make_mut(&mut self.names);
        for name in spec.names() {
            if names.get(&name) == Some(&spec.name) {
                names.remove(&name);
            }
        }
    }
}
