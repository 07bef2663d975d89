//! What changes, as it changes, for those who watch. Nobody waits for them: a slow reader loses events and is told so.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast;
use watchkeeper_model::{JobName, RunEnd, RunRecord, RunStart};
use watchkeeper_web::api::{Event, RunSummary};

/// Events that a reader may lag behind.
const KEPT: usize = 1024;

/// Where events are told.
#[derive(Debug, Clone)]
pub(crate) struct News(broadcast::Sender<Arc<Event>>);

impl News {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(KEPT).0)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }

    pub(crate) fn run_started(&self, start: &RunStart) {
        self.tell(|| Event::RunStarted { run: summary(start, None) });
    }

    pub(crate) fn run_finished(&self, start: &RunStart, end: &RunEnd, retry_at: Option<Timestamp>) {
        self.tell(|| Event::RunFinished { run: RunSummary { retry_at, ..summary(start, Some(end)) } });
    }

    pub(crate) fn job_changed(&self, job: &JobName) {
        self.tell(|| Event::JobChanged { job: job.clone() });
    }

    pub(crate) fn reloaded(&self, ok: bool) {
        self.tell(|| Event::Reloaded { ok });
    }

    pub(crate) fn store(&self, up: bool) {
        self.tell(|| Event::Store { up });
    }

    fn tell(&self, event: impl FnOnce() -> Event) {
        if self.0.receiver_count() > 0 {
            // The last reader may leave now.
            let _nobody = self.0.send(Arc::new(event()));
        }
    }
}

fn summary(start: &RunStart, end: Option<&RunEnd>) -> RunSummary {
    let end = end.map(|end| RunEnd { logs: Vec::new(), ..end.clone() });
    RunSummary::of(&RunRecord { start: start.clone(), end }, None)
}
