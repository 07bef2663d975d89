//! `job run`: starts a run and, unless told otherwise, waits for its end, so that scripts can go by its outcome.

use std::{thread, time::Duration};

use watchkeeper_model::{JobName, Outcome, RunId};
use watchkeeper_web::api::{Acted, JobDetail, Note, RunDetail, RunTrigger};

use super::{
    act::{self, post},
    job, run,
};
use crate::{
    Api, ClientError, Screen,
    show::{Bar, one_line},
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Between looks at a run that says how far it is.
const WATCHING: Duration = Duration::from_millis(500);

pub(super) fn run(
    name: &JobName,
    note: Option<String>,
    wait: bool,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    if !wait {
        return act::print(&post(name, "run", &Note { note }, api)?, screen);
    }
    let before = newest_asked_for(&job::fetch(name, api)?);
    let acted: Acted = post(name, "run", &Note { note }, api)?;
    let mut pause = FIRST_PAUSE;
    let id = match acted.run {
        Some(id) => id,
        None => claimed_after(before, name, &mut pause, api)?,
    };
    screen.note(&format!("run {id} of {name}; it goes on if this command is interrupted"))?;
    let detail = ended(id, name, &mut pause, &screen.bar(), api)?;
    run::print(&detail, screen)?;
    match detail.run.outcome {
        Some(Outcome::Success) | None => Ok(()),
        Some(outcome) => {
            let message = detail.run.message.map_or_else(|| "no message".to_owned(), |message| one_line(&message));
            Err(ClientError::NotASuccess { run: id, outcome, message })
        }
    }
}

/// Waits until the wish has got its turn; the server had no name for its run before.
fn claimed_after(before: Option<RunId>, name: &JobName, pause: &mut Duration, api: &Api) -> Result<RunId, ClientError> {
    loop {
        match newest_asked_for(&job::fetch(name, api)?) {
            Some(newest) if Some(newest) > before => return Ok(newest),
            _ => sleep(pause),
        }
    }
}

/// The newest run that a person asked for, going or ended. Runs' names sort by time.
fn newest_asked_for(detail: &JobDetail) -> Option<RunId> {
    let asked = detail.recent_runs.iter().filter(|run| matches!(run.trigger, RunTrigger::Manual { .. }));
    asked.map(|run| run.id).max()
}

/// Waits for the run's end. It is in the ledger once it has its turn, and unknown before.
fn ended(id: RunId, job: &JobName, pause: &mut Duration, bar: &Bar, api: &Api) -> Result<RunDetail, ClientError> {
    let mut begun = false;
    loop {
        match run::fetch(id, api) {
            Err(ClientError::Refused { status: 404, .. }) if !begun => {
                // A job that is gone never gets its turn.
                job::fetch(job, api)?;
            }
            detail => {
                let detail = detail?;
                if detail.run.outcome.is_some() {
                    return Ok(detail);
                }
                if let Some(progress) = &detail.run.progress {
                    bar.show(progress);
                    *pause = (*pause).min(WATCHING);
                }
                begun = true;
            }
        }
        sleep(pause);
    }
}

/// Asks less and less often: a long run needs no quick answer.
fn sleep(pause: &mut Duration) {
    thread::sleep(*pause);
    *pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
}
