//! `job pause`, `resume`, `skip-next` and `cancel`: wishes that are granted at once or not at all.

use serde::Serialize;
use watchkeeper_model::{JobName, RunId};
use watchkeeper_web::api::{Acted, Note, SkipNext};

use super::{job::fetch, jobs::named};
use crate::{Api, ClientError, Format, Screen, show::one_line};

pub(super) fn pause(
    job: &JobName,
    note: Option<String>,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    print(&post(job, "pause", &Note { note }, api)?, screen)
}

pub(super) fn resume(
    job: &JobName,
    note: Option<String>,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    print(&post(job, "resume", &Note { note }, api)?, screen)
}

pub(super) fn skip_next(
    job: &JobName,
    count: u32,
    note: Option<String>,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    print(&post(job, "skip-next", &SkipNext { count: Some(count), note }, api)?, screen)
}

/// Cancels each run of the job that is going now; as JSON, a list of what became of each.
pub(super) fn cancel(job: &JobName, note: Option<&str>, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let running = fetch(job, api)?.job.running;
    if running.is_empty() {
        let hint = format!("`watchkeeper runs --job {job}` shows those that were");
        let detail = format!("no run of {job} is going");
        return Err(ClientError::Refused { status: 409, detail: detail.into(), hint: Some(hint.into()) });
    }
    let cancelled: Vec<Acted> = running.iter().map(|run| end(*run, note, api)).collect::<Result<_, _>>()?;
    match screen.format() {
        Format::Json => screen.json(&cancelled),
        Format::Text => cancelled.iter().try_for_each(|acted| print(acted, screen)),
    }
}

fn end(run: RunId, note: Option<&str>, api: &Api) -> Result<Acted, ClientError> {
    api.post(&["runs", &run.to_string(), "cancel"], &Note { note: note.map(str::to_owned) })
}

/// One wish about a job.
pub(super) fn post(job: &JobName, verb: &str, body: &impl Serialize, api: &Api) -> Result<Acted, ClientError> {
    api.post(&["jobs", job.as_str(), verb], body).map_err(|error| named(job, error, api))
}

pub(super) fn print(acted: &Acted, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    match screen.format() {
        Format::Json => screen.json(acted),
        Format::Text => screen.text(&format!("{}\n", one_line(&acted.message))),
    }
}
