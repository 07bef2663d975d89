//! What people ask for: run now, pause, resume, leave out, cancel. Each is in the ledger with who and when before it has
//! its effect.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_ledger::{Action, Entry, LedgerError, Pause};
use watchkeeper_model::{JobName, RunId, SkipReason};
use watchkeeper_schedule::timetable::Unable;

use super::{Conductor, apply::place, new_id};

/// Why something that was asked isn't done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    #[error("there is no job `{0}`")]
    NoJob(JobName),
    #[error("run {0} is not going")]
    NotGoing(RunId),
    #[error("job `{0}` is running")]
    Running(JobName),
    #[error("a run of job `{0}` was asked for and waits for its turn")]
    Asked(JobName),
    #[error("job `{0}` is paused already")]
    Paused(JobName),
    #[error("job `{0}` is not paused")]
    NotPaused(JobName),
    #[error("job `{0}` has no schedule")]
    NoSchedule(JobName),
    #[error("watchkeeper is ending: no run begins any more")]
    Draining,
    #[error("the store takes nothing: {0}")]
    StoreAway(String),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Who asks, when, and what they say about it.
pub(crate) struct Asked {
    pub(crate) by: String,
    pub(crate) note: String,
}

impl Conductor {
    /// Has a job run once, beside its schedule. Returns the run's name.
    ///
    /// # Errors
    /// [`ActError`].
    pub(crate) async fn run_now(&self, name: &JobName, asked: &Asked) -> Result<RunId, ActError> {
        let now = self.rooms.clock.now();
        let id = new_id(now);
        let refused = |unable| match unable {
            Unable::Unknown => ActError::NoJob(name.clone()),
            Unable::Running => ActError::Running(name.clone()),
            Unable::Asked => ActError::Asked(name.clone()),
            Unable::Draining => ActError::Draining,
        };
        self.timetable().may_ask(name).map_err(refused)?;
        self.try_write(vec![action(asked, now, "run", Some(name), Some(id))]).await?;
        self.timetable().ask(name, id, &asked.by).map_err(refused)?;
        self.changed.notify_one();
        Ok(id)
    }

    /// Starts nothing of a job by its schedule any more. Runs that go, go on.
    ///
    /// # Errors
    /// [`ActError`].
    pub(crate) async fn pause(self: &Arc<Self>, name: &JobName, asked: &Asked) -> Result<(), ActError> {
        let now = self.held(name).await?;
        if self.timetable().entry(name).is_some_and(|entry| entry.place.paused) {
            self.release(name);
            return Err(ActError::Paused(name.clone()));
        }
        let entry = Entry::Pause { job: name.clone(), by: asked.by.clone(), note: asked.note.clone(), at: now };
        let done = self.try_write(vec![action(asked, now, "pause", Some(name), None), entry]).await;
        if done.is_ok() {
            self.recent.paused(name, Some(pause(now, &asked.by, &asked.note)));
            self.timetable().stand(name, |place| place.paused = true);
        }
        self.let_go(name, done)
    }

    /// Goes on with a job's schedule. What fell due during the pause is skipped.
    ///
    /// # Errors
    /// [`ActError`].
    pub(crate) async fn resume(self: &Arc<Self>, name: &JobName, asked: &Asked) -> Result<(), ActError> {
        let now = self.held(name).await?;
        let (paused, skip) = {
            let timetable = self.timetable();
            let paused = timetable.entry(name).map(|entry| entry.place).filter(|place| place.paused);
            (paused, timetable.backlog(name, SkipReason::Paused, now))
        };
        let Some(stands) = paused else {
            self.release(name);
            return Err(ActError::NotPaused(name.clone()));
        };
        let resume = Entry::Resume { job: name.clone(), skip: skip.clone(), after: stands.cursor };
        let done = self.try_write(vec![action(asked, now, "resume", Some(name), None), resume]).await;
        if done.is_ok() {
            if let Some(skip) = &skip {
                self.skipped(skip);
            }
            self.recent.paused(name, None);
            self.timetable().stand(name, |place| {
                place.paused = false;
                place.cursor = skip.map_or(place.cursor, |skip| skip.last);
            });
        }
        self.let_go(name, done)
    }

    /// Leaves out the next `count` due times of a job; 0 takes an earlier wish back.
    ///
    /// # Errors
    /// [`ActError`].
    pub(crate) async fn skip_next(self: &Arc<Self>, name: &JobName, count: u32, asked: &Asked) -> Result<(), ActError> {
        if self.job(name).is_some_and(|view| view.scheduled.job.spec.schedule.is_none()) {
            return Err(ActError::NoSchedule(name.clone()));
        }
        let now = self.held(name).await?;
        let skip = Entry::SkipNext { job: name.clone(), count };
        let done = self.try_write(vec![action(asked, now, "skip-next", Some(name), None), skip]).await;
        if done.is_ok() {
            self.timetable().stand(name, |place| place.skip_next = count);
        }
        self.let_go(name, done)
    }

    /// Ends a run. Returns its job.
    ///
    /// # Errors
    /// [`ActError`].
    pub(crate) async fn cancel(&self, run: RunId, asked: &Asked) -> Result<JobName, ActError> {
        let going = |conductor: &Self| {
            let timetable = conductor.timetable();
            let mut runs =
                timetable.entries().flat_map(|(name, entry)| entry.running.iter().map(move |run| (name, run)));
            runs.find(|(_, running)| running.start.id == run).map(|(name, running)| (name.clone(), running.run.clone()))
        };
        let (name, _) = going(self).ok_or(ActError::NotGoing(run))?;
        self.try_write(vec![action(asked, self.rooms.clock.now(), "cancel", Some(&name), Some(run))]).await?;
        let (name, going) = going(self).ok_or(ActError::NotGoing(run))?;
        going.cancel(&format!("cancelled by {}", asked.by));
        Ok(name)
    }

    /// Has it in the ledger that somebody asked for a reload.
    pub(crate) async fn reload_asked(&self, asked: &Asked) {
        let entry = action(asked, self.rooms.clock.now(), "reload", None, None);
        if let Err(error) = self.try_write(vec![entry]).await {
            tracing::warn!(%error, by = %asked.by, "a reload is not in the ledger");
        }
    }

    /// Tells that a run's failure paused its job; ledger and timetable have it already.
    pub(super) fn tell_paused(&self, name: &JobName, note: &str) {
        tracing::warn!(job = %name, note, "paused");
        self.recent.paused(name, Some(pause(self.rooms.clock.now(), "watchkeeper", note)));
        self.tell_standing(name);
        self.news.job_changed(name);
    }

    /// Waits until nothing is on its way for a job, and keeps it so. Returns the time then. Doesn't wait for a store that is
    /// away.
    async fn held(&self, name: &JobName) -> Result<Timestamp, ActError> {
        self.known(name)?;
        if let Some((_, reason)) = self.health.away() {
            return Err(ActError::StoreAway(reason));
        }
        self.hold(name).await;
        Ok(self.rooms.clock.now())
    }

    /// Ends a hold. Where the fate of what was written isn't known, the ledger is asked first.
    fn let_go(self: &Arc<Self>, name: &JobName, done: Result<(), LedgerError>) -> Result<(), ActError> {
        if let Err(error) = &done
            && error.is_store_away()
        {
            self.health.failed(error);
            let (conductor, name) = (Arc::clone(self), name.clone());
            tokio::spawn(async move {
                if let Some(record) = conductor.recorded_job(&name).await {
                    conductor.recent.put(&record);
                    conductor.timetable().stand(&name, |stands| *stands = place(&record));
                }
                conductor.gone_on(&name);
            });
        } else {
            self.gone_on(name);
        }
        done.map_err(ActError::from)
    }

    fn gone_on(&self, name: &JobName) {
        self.release(name);
        self.tell_standing(name);
        self.news.job_changed(name);
    }

    /// That there is such a job.
    pub(super) fn known(&self, name: &JobName) -> Result<(), ActError> {
        let there = self.timetable().entry(name).is_some_and(|entry| entry.job.is_some());
        if there { Ok(()) } else { Err(ActError::NoJob(name.clone())) }
    }
}

fn pause(at: Timestamp, by: &str, note: &str) -> Pause {
    Pause { at, by: by.to_owned(), note: note.to_owned() }
}

fn action(asked: &Asked, at: Timestamp, verb: &str, job: Option<&JobName>, run: Option<RunId>) -> Entry {
    Entry::Action(Action {
        at,
        by: asked.by.clone(),
        verb: verb.to_owned(),
        job: job.cloned(),
        run,
        note: asked.note.clone(),
    })
}
