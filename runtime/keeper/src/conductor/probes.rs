//! Runs for scrapes. They have no row in the ledger and no turn of the timetable, and end like all others when their job is
//! removed, may do less than it could, or the process ends. What a scrape is answered is not known here.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::OwnedSemaphorePermit, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use watchkeeper_model::{JobName, RunId, RunStart};

use super::{Conductor, Going};
use crate::{host_metrics, job::Scheduled, run::Done, telemetry::Telemetry};

/// The probes that go.
#[derive(Default)]
pub(super) struct Probes(Mutex<BTreeMap<RunId, Probe>>);

/// One that goes.
pub(super) struct Probe {
    pub(super) job: JobName,
    pub(super) under: Arc<Scheduled>,
    pub(super) going: Going,
}

impl Conductor {
    /// Runs a job for a scrape, on a task of its own: it settles and is counted also where nobody waits for it any more.
    /// `cancel` ends it early; it keeps its place until it is over.
    pub(crate) fn probe(
        self: &Arc<Self>,
        start: RunStart,
        under: &Arc<Scheduled>,
        timeout: Duration,
        cancel: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> JoinHandle<Done> {
        let mut order = under.order(&start, self.rooms.clock.now(), cancel);
        order.timeout = order.timeout.min(timeout);
        let going = Going::new(&order);
        let probe = Probe { job: start.job.clone(), under: Arc::clone(under), going: going.clone() };
        self.probes.locked().insert(start.id, probe);
        if !self.is_in_force(&start.job, under) {
            going.cancel("its job was changed meanwhile");
        }
        let conductor = Arc::clone(self);
        tokio::spawn(async move {
            let mut done = conductor.rooms.run(order).await;
            going.explain(&mut done.end);
            conductor.probes.locked().remove(&start.id);
            conductor.rooms.series.commit_host(&start.job, &host_metrics::probed(&done.end));
            Telemetry::run_ended(&start, &done.end);
            drop(place);
            done
        })
    }

    /// Whether a job runs as it was when somebody looked.
    fn is_in_force(&self, name: &JobName, under: &Arc<Scheduled>) -> bool {
        let timetable = self.timetable();
        timetable.entry(name).and_then(|entry| entry.job.as_ref()).is_some_and(|job| Arc::ptr_eq(job, under))
    }
}

impl Probes {
    pub(super) fn locked(&self) -> MutexGuard<'_, BTreeMap<RunId, Probe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
