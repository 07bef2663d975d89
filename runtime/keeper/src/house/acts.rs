//! What people ask for through the web, done by the conductor and answered in their words.

use std::future::Future;

use watchkeeper_model::{JobName, RunId};
use watchkeeper_web::api::{Act, Acted, Actor, Deed, JobOverview, Refusal, RefusalKind};

use super::Keeper;
use crate::conductor::{ActError, Asked, Conductor};

impl Keeper {
    pub(super) async fn do_act(&self, by: Actor, act: Act) -> Result<Acted, Refusal> {
        let asked = Asked { by: by.name.to_string(), note: act.note.map(|note| note.to_string()).unwrap_or_default() };
        match act.deed {
            Deed::Run(job) => {
                let name = job.clone();
                let run = on_its_own(&self.conductor, async move |it| it.run_now(&name, &asked).await).await?;
                Ok(self.acted(format!("job `{job}` runs as soon as it has a turn"), Some(run), &job))
            }
            Deed::Pause(job) => {
                let name = job.clone();
                on_its_own(&self.conductor, async move |it| it.pause(&name, &asked).await).await?;
                Ok(self.acted(format!("job `{job}` is paused"), None, &job))
            }
            Deed::Resume(job) => {
                let name = job.clone();
                on_its_own(&self.conductor, async move |it| it.resume(&name, &asked).await).await?;
                Ok(self.acted(format!("job `{job}` goes on"), None, &job))
            }
            Deed::SkipNext { job, count } => {
                let name = job.clone();
                on_its_own(&self.conductor, async move |it| it.skip_next(&name, count, &asked).await).await?;
                let message = match count {
                    0 => format!("job `{job}` leaves out nothing"),
                    1 => format!("job `{job}` leaves out its next due time"),
                    more => format!("job `{job}` leaves out its next {more} due times"),
                };
                Ok(self.acted(message, None, &job))
            }
            Deed::Cancel(run) => {
                let cancelled = on_its_own(&self.conductor, async move |it| it.cancel(run, &asked).await).await;
                let job = match cancelled {
                    Err(refusal) if refusal.kind == RefusalKind::Conflict && self.is_unknown(run).await => {
                        let message = format!("there is no run {run}, or it isn't kept any more");
                        return Err(Refusal::new(RefusalKind::NotFound, message));
                    }
                    cancelled => cancelled?,
                };
                Ok(self.acted(format!("run {run} of job `{job}` ends"), Some(run), &job))
            }
            Deed::StopPayments => self.stop_payments(&asked).await,
            Deed::ResumePayments => self.resume_payments(&asked).await,
            Deed::ApprovePayments { account, job, digest } => self.approve(&account, &job, digest, &asked).await,
            Deed::AdoptAccount(account) => self.adopt(&account, &asked).await,
        }
    }

    /// Whether the ledger has no such run. While it is away nobody knows, and it counts as known.
    async fn is_unknown(&self, run: RunId) -> bool {
        matches!(self.ledger.run(run).await, Ok(None))
    }

    pub(super) fn acted(&self, message: String, run: Option<RunId>, job: &JobName) -> Acted {
        let job: Option<JobOverview> = self.conductor.job(job).map(|view| self.show_line(&view, self.clock.now()));
        Acted { message: message.into(), run, job }
    }
}

/// Does it on a task of its own: who asked may hang up, and half a deed is none.
async fn on_its_own<T, F>(
    conductor: &std::sync::Arc<Conductor>,
    deed: impl FnOnce(std::sync::Arc<Conductor>) -> F + Send + 'static,
) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ActError>> + Send + 'static,
{
    let work = deed(std::sync::Arc::clone(conductor));
    match tokio::spawn(work).await {
        Ok(done) => done.map_err(refusal),
        Err(error) => {
            tracing::error!(%error, "an action ended abruptly");
            Err(Refusal::new(RefusalKind::Unavailable, "the action ended abruptly; the log says more"))
        }
    }
}

fn refusal(error: ActError) -> Refusal {
    let (kind, hint) = match &error {
        ActError::NoJob(_) => (RefusalKind::NotFound, Some("`watchkeeper jobs` lists them")),
        ActError::NotGoing(_) => (RefusalKind::Conflict, None),
        ActError::Running(_) => {
            (RefusalKind::Conflict, Some("wait for its end, cancel it, or write `overlap = \"allow\"` in its file"))
        }
        ActError::NoSchedule(_) => (RefusalKind::Conflict, Some("it runs when it is asked to")),
        ActError::Asked(_) | ActError::Paused(_) | ActError::NotPaused(_) => (RefusalKind::Conflict, None),
        ActError::Draining | ActError::StoreAway(_) | ActError::Ledger(_) => (RefusalKind::Unavailable, None),
    };
    let refusal = Refusal::new(kind, error.to_string());
    match hint {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    }
}
