//! The store as others see it: what is locked, and for how long. Two locks: the state's, held while samples
//! are written or looked at, never while text is made; and the view's, held while text is made, so that
//! scrapes at once share the work. The view's is always taken first.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prometheus::proto::MetricFamily;
use watchkeeper_model::JobName;

use crate::{
    Commit, Declaration, DeclareError, Dropped, Encoding, FamilyError, FamilySpec, Format, JobFamilies, Limits, Sample,
    Scrape, batch::Batch, state::State, view::View,
};

/// The series of all jobs.
pub struct Store {
    limits: Limits,
    host: Arc<[Arc<FamilySpec>]>,
    state: Mutex<State>,
    view: Mutex<Arc<View>>,
}

impl Store {
    /// An empty store. `host` are the families that every job has beside its plugin's: its last run, its
    /// outcomes and so on. Their names begin with `watchkeeper_`, and their samples name them by their place
    /// in this list.
    ///
    /// # Errors
    /// [`FamilyError`] for a family of the host that breaks a rule.
    pub fn new(limits: Limits, host: Vec<FamilySpec>) -> Result<Self, FamilyError> {
        let state = State::new(limits, host)?;
        let host = Arc::clone(&state.host);
        Ok(Self { limits, host, state: Mutex::new(state), view: Mutex::default() })
    }

    /// Checks whether [`Store::declare`] would take these jobs' families, and changes nothing.
    ///
    /// # Errors
    /// [`DeclareError`], naming the job, the family and, for a clash, who had the name before.
    pub fn check(&self, jobs: &[JobFamilies]) -> Result<(), DeclareError> {
        self.state().check(jobs).map(drop)
    }

    /// Replaces the families of some jobs, all or none, and returns a declaration for each, in order.
    /// Families are shared by name, so they must equal those of other jobs; families that only these jobs use
    /// may change, which is why a plugin's new version declares all its jobs at once.
    ///
    /// A job keeps its series of families whose type, labels and buckets haven't changed, so long as its
    /// plugin's name hasn't; the host's series of a job live on in any case.
    ///
    /// # Errors
    /// [`DeclareError`], naming the job, the family and, for a clash, who had the name before.
    pub fn declare(&self, jobs: &[JobFamilies]) -> Result<Vec<Declaration>, DeclareError> {
        self.state().declare(jobs)
    }

    /// Takes the samples of a run that succeeded, `declaration` being the one that the run began under, and
    /// the host's samples about it. All become visible together. Gauges that `samples` don't set are gone
    /// (the last `set` of a series counts), counters and histograms grow. What can't be taken is counted in
    /// the answer; existing series come first where a limit is reached, then new ones in the families' order.
    pub fn commit(&self, declaration: &Declaration, samples: &[Sample], host: &[Sample], now: Duration) -> Commit {
        self.commit_with(declaration, samples, |_| host.to_vec(), now)
    }

    /// As [`Store::commit`], with samples of the host that tell what became of the run's own: `host` is called under the
    /// store's lock, so that no scrape sees the one without the other.
    pub fn commit_with(
        &self,
        declaration: &Declaration,
        samples: &[Sample],
        host: impl FnOnce(&Commit) -> Vec<Sample>,
        now: Duration,
    ) -> Commit {
        let batch = Batch::new(&declaration.families, samples, &self.limits);
        let mut state = self.state();
        let mut commit = state.commit(declaration, batch, now);
        let host = Batch::new(&self.host, &host(&commit), &self.limits);
        commit.dropped.merge(state.commit_host(&declaration.job, host));
        commit
    }

    /// Takes samples of the host's families about a job, as at the end of a run that failed. A gauge family
    /// that they name is replaced for the job; the others stay as they are, however old. Samples of a job
    /// that isn't declared are dropped.
    pub fn commit_host(&self, job: &JobName, samples: &[Sample]) -> Dropped {
        let batch = Batch::new(&self.host, samples, &self.limits);
        self.state().commit_host(job, batch)
    }

    /// Removes the gauges of every job whose last commit is more than its `max_age` before `now`. The host's
    /// stay.
    pub fn expire(&self, now: Duration) {
        self.state().expire(now);
    }

    /// Removes the gauges of a job that won't run for now. The host's stay. A run that is still going may
    /// bring them back for another `max_age`.
    pub fn pause(&self, job: &JobName) {
        self.state().clear_gauges(job);
    }

    /// Removes a job: its families, its series, counters too, and the host's about it. What its runs still
    /// commit is dropped.
    pub fn remove(&self, job: &JobName) {
        self.state().remove(job);
    }

    /// Renders and deflates what has changed, so that the next scrape needn't. Takes time in proportion to
    /// the changed chunks: about 1 ms for each 2,000 series.
    pub fn refresh(&self) {
        self.current();
    }

    /// An exposition of every series, with each commit that ended before the call, and of `host`: families of
    /// the host's process gathered from a registry. Takes time in proportion to what has changed since the
    /// last refresh or scrape.
    pub fn scrape(&self, format: Format, encoding: Encoding, now: Duration, host: &[MetricFamily]) -> Scrape {
        self.expire(now);
        self.current().scrape(format, encoding, host)
    }

    /// The view of the state as it is now.
    fn current(&self) -> Arc<View> {
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        let look = view.look(&self.state());
        if let Some(look) = look {
            *view = Arc::new(look.render());
        }
        Arc::clone(&view)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
