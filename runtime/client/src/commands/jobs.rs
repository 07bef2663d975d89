//! `jobs`: every job on one line, what is wrong first.

use watchkeeper_model::JobName;
use watchkeeper_web::api::{JobOverview, Overview, Phase};

use crate::{
    Api, ClientError, Format, Screen,
    api::split_hint,
    show::{Cell, Table, Tone, age, ahead, of_outcome, of_state, one_line, percent, seconds, time},
};

/// The most names in a hint.
const NAMES_IN_A_HINT: usize = 10;

pub(super) fn show(api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let overview = fetch(api)?;
    if screen.format() == Format::Json {
        return screen.json(&overview);
    }
    for warning in warnings(&overview) {
        screen.note(&warning)?;
    }
    let heads = ["JOB", "STATE", "SCHEDULE", "LAST RUN", "OUTCOME", "TOOK", "NEXT RUN", "SUCCESS", "WHAT IT SAYS"];
    let mut table = Table::list(&heads);
    for job in &overview.jobs {
        table.row(row(job, &overview));
    }
    if table.is_empty() {
        return screen.note("there are no jobs: put a file into the server's jobs.d");
    }
    screen.table(&table)
}

/// Gives an error about a job that isn't there the names of those that are, or what is wrong with its file.
pub(super) fn named(job: &JobName, error: ClientError, api: &Api) -> ClientError {
    let ClientError::Refused { status: status @ 404, detail, hint } = error else { return error };
    let Ok(overview) = fetch(api) else { return ClientError::Refused { status, detail, hint } };
    match overview.jobs.iter().find(|known| known.name == *job) {
        None => ClientError::Refused { status, detail, hint: Some(suggest(job, &overview.jobs).into()) },
        Some(JobOverview { problem: Some(problem), .. }) => {
            let (problem, hint) = split_hint(problem);
            let detail = format!("job `{job}` is not in force: {}", one_line(&problem));
            ClientError::Refused { status, detail: detail.into(), hint: hint.map(|hint| one_line(&hint).into()) }
        }
        Some(_) => ClientError::Refused { status, detail, hint },
    }
}

fn fetch(api: &Api) -> Result<Overview, ClientError> {
    api.get(&["jobs"], &())
}

/// What is wrong with the whole.
fn warnings(overview: &Overview) -> Vec<String> {
    let mut warnings = Vec::new();
    match overview.phase {
        Phase::Starting => warnings.push("note: it is starting, plugins are being loaded".to_owned()),
        Phase::Draining => warnings.push("warning: it is ending, no run begins any more".to_owned()),
        Phase::Ready => {}
    }
    if !overview.store.up {
        let since = overview.store.away_since.map_or_else(String::new, |since| format!(" since {}", time(since)));
        let why = overview.store.problem.as_ref().map_or_else(String::new, |why| format!(": {}", one_line(why)));
        warnings.push(format!("warning: the store is away{since}, no run begins{why}"));
    }
    // Further lines stand to the right, so that none passes for a line of ours.
    warnings.extend(overview.problems.iter().map(|file| format!("warning: {}", file.problem.replace('\n', "\n  "))));
    warnings
}

fn row(job: &JobOverview, overview: &Overview) -> Vec<Cell> {
    let last = job.last_run.as_ref();
    let says = match (&job.problem, &job.pause) {
        (Some(problem), _) => Cell::new(problem.as_str(), Tone::Bad),
        (None, Some(pause)) => {
            let note = pause.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
            Cell::new(format!("paused by {}{note}", pause.by), Tone::Odd)
        }
        (None, None) => last.and_then(|run| run.message.as_ref()).map_or("", |message| message.as_str()).into(),
    };
    vec![
        job.name.as_str().into(),
        of_state(job.state),
        job.schedule.as_ref().map_or("-", |schedule| schedule.written.as_str()).into(),
        age(overview.now, last.and_then(|run| run.finished)).into(),
        last.map_or_else(|| Cell::from(""), |run| of_outcome(run.outcome)),
        seconds(last.and_then(|run| run.duration_seconds)).into(),
        ahead(overview.now, job.next_run).into(),
        percent(job.success_rate).into(),
        says,
    ]
}

/// The nearest name if one is near, else all of a few.
fn suggest(wanted: &JobName, jobs: &[JobOverview]) -> String {
    let names = || jobs.iter().map(|job| job.name.as_str());
    let near = names()
        .map(|name| (strsim::damerau_levenshtein(wanted.as_str(), name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min();
    match near {
        Some((_, name)) => format!("did you mean {name}?"),
        None if jobs.is_empty() => "there are no jobs".to_owned(),
        None => {
            let mut known: Vec<&str> = names().collect();
            known.sort_unstable();
            let more = if known.len() > NAMES_IN_A_HINT { ", …" } else { "" };
            known.truncate(NAMES_IN_A_HINT);
            format!("the jobs are {}{more}", known.join(", "))
        }
    }
}
