//! `job show`: everything about one job.

use jiff::Timestamp;
use watchkeeper_model::JobName;
use watchkeeper_web::api::{JobDetail, PolicyInfo, RunSummary, SkipInfo};

use super::jobs::named;
use crate::{
    Api, ClientError, Format, Screen,
    show::{Cell, Table, Tone, age, ahead, of_outcome, of_state, percent, progress, seconds, time},
};

/// Runs and skips that are shown; `runs --job` shows more.
const SHOWN: usize = 10;

pub(super) fn show(name: &JobName, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let detail = fetch(name, api)?;
    if screen.format() == Format::Json {
        return screen.json(&detail);
    }
    screen.table(&facts(&detail))?;
    if !detail.recent_runs.is_empty() {
        screen.text("\n")?;
        screen.table(&runs(&detail.recent_runs, detail.now))?;
    }
    if !detail.recent_skips.is_empty() {
        screen.text("\n")?;
        screen.table(&skips(&detail.recent_skips))?;
    }
    Ok(())
}

pub(super) fn fetch(name: &JobName, api: &Api) -> Result<JobDetail, ClientError> {
    api.get(&["jobs", name.as_str()], &()).map_err(|error| named(name, error, api))
}

fn facts(detail: &JobDetail) -> Table {
    let JobDetail { job, now, .. } = detail;
    let mut facts = Table::facts();
    facts.fact("job", job.name.as_str());
    facts.fact("state", of_state(job.state));
    if let Some(problem) = &job.problem {
        facts.fact("problem", Cell::new(problem.as_str(), Tone::Bad));
    }
    for far in detail.recent_runs.iter().filter_map(|run| run.progress.as_ref()) {
        facts.fact("progress", Cell::new(progress(far), Tone::Busy));
    }
    if let Some(pause) = &job.pause {
        let note = pause.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        facts.fact("paused", Cell::new(format!("since {} by {}{note}", time(pause.at), pause.by), Tone::Odd));
    }
    facts.fact("file", detail.file.as_str());
    let version = detail.plugin_version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let digest = detail.digest.map_or_else(String::new, |digest| format!(" ({digest})"));
    let plugin = job.plugin.as_ref().map_or("-", |plugin| plugin.as_str());
    facts.fact("plugin", format!("{plugin}{version}{digest}"));
    let schedule = match &job.schedule {
        Some(schedule) => {
            let zone = schedule.time_zone.as_ref().map_or_else(String::new, |zone| format!(" ({zone})"));
            format!("{}{zone}", schedule.written)
        }
        None if job.is_in_force() => "none: it runs when it is asked to".to_owned(),
        None => "-".to_owned(),
    };
    facts.fact("schedule", schedule);
    facts.fact("next run", beside(job.next_run, ahead(*now, job.next_run)));
    if job.skip_next > 0 {
        facts.fact("skipped next", Cell::new(job.skip_next.to_string(), Tone::Odd));
    }
    facts.fact("last success", beside(job.last_success, age(*now, job.last_success)));
    facts.fact("success rate", percent(job.success_rate));
    if job.consecutive_failures > 0 {
        facts.fact("failures in a row", Cell::new(job.consecutive_failures.to_string(), Tone::Bad));
    }
    if let Some(policy) = &detail.policy {
        facts.fact("policy", describe(policy, job.schedule.is_some()));
        for blackout in &policy.blackouts {
            facts.fact("blackout", format!("{} for {}", blackout.start, seconds(Some(blackout.length_seconds))));
        }
    }
    for power in &detail.powers {
        facts.fact("may", power.words.as_str());
    }
    for target in &detail.probe_targets {
        facts.fact("probe target", target.as_str());
    }
    facts
}

fn describe(policy: &PolicyInfo, has_due_times: bool) -> String {
    let mut words = vec![format!("timeout {}", seconds(Some(policy.timeout_seconds)))];
    if has_due_times {
        words.push(match &*policy.catch_up {
            "none" => "no catch-up".to_owned(),
            which => format!("catch-up {which} within {}", seconds(Some(policy.catch_up_window_seconds))),
        });
        words.push(format!("overlap {}", policy.overlap));
    }
    words.push(match policy.retry_attempts {
        1 => "1 attempt".to_owned(),
        attempts => format!("{attempts} attempts"),
    });
    words.push(format!("history {}", policy.history));
    if policy.idempotent {
        words.push("idempotent".to_owned());
    }
    words.extend(policy.pause_after_failures.map(|failures| format!("pauses after {failures} failures")));
    words.join(", ")
}

/// A moment, and in words how far away it is.
fn beside(moment: Option<Timestamp>, words: String) -> String {
    moment.map_or_else(|| "-".to_owned(), |moment| format!("{} ({words})", time(moment)))
}

fn runs(runs: &[RunSummary], now: Timestamp) -> Table {
    let mut table = Table::list(&["RUN", "CLAIMED", "OUTCOME", "TOOK", "MESSAGE"]);
    for run in runs.iter().take(SHOWN) {
        table.row(vec![
            run.id.to_string().into(),
            age(now, Some(run.claimed)).into(),
            of_outcome(run.outcome),
            seconds(run.duration_seconds).into(),
            run.message.as_ref().map_or("", |message| message.as_str()).into(),
        ]);
    }
    table
}

fn skips(skips: &[SkipInfo]) -> Table {
    let mut table = Table::list(&["SKIPPED", "COUNT", "FIRST", "LAST"]);
    for skip in skips.iter().take(SHOWN) {
        table.row(vec![
            skip.reason.as_str().into(),
            skip.count.to_string().into(),
            time(skip.first).into(),
            time(skip.last).into(),
        ]);
    }
    table
}
