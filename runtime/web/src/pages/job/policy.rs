//! When a job runs, and its rules, in sentences instead of keys.

use crate::{
    api::{JobDetail, PolicyInfo},
    pages::{
        figures,
        html::{Html, counted},
        spark::seconds,
    },
};

pub(super) fn schedule(page: &mut Html, detail: &JobDetail) {
    page.raw("<section class=\"card\"><h2>Schedule</h2><dl class=\"facts\"><dt>Runs</dt><dd>");
    match &detail.job.schedule {
        Some(schedule) => {
            page.raw("<code>").text(&schedule.written).raw("</code>");
            if let Some(zone) = &schedule.time_zone {
                page.raw(", in the time zone ").text(zone);
            }
        }
        None => {
            page.raw(if detail.job.is_in_force() { "only when asked" } else { "unknown: its file was never readable" });
        }
    }
    page.raw("</dd>");
    if let (Some(generation), Some(began)) = (detail.generation, detail.generation_began) {
        page.raw("<dt>In force</dt><dd>schedule number ").show(generation).raw(", since ");
        figures::moment(page, began, detail.now);
        page.raw("</dd>");
    }
    if let Some(cursor) = detail.cursor {
        page.raw("<dt>Accounted for</dt><dd>every due time up to ");
        figures::moment(page, cursor, detail.now);
        page.raw("</dd>");
    }
    page.raw("</dl><h3>Next due times</h3>");
    if detail.next_runs.is_empty() {
        page.raw("<p>None.</p>");
    }
    page.raw("<ol class=\"plain\">");
    for due in &detail.next_runs {
        page.raw("<li>");
        figures::moment(page, *due, detail.now);
        page.raw("</li>");
    }
    page.raw("</ol></section>\n");
}

pub(super) fn rules(page: &mut Html, detail: &JobDetail) {
    page.raw("<section class=\"card\"><h2>Rules</h2>");
    let Some(policy) = &detail.policy else {
        page.raw("<p>Unknown: its file was never readable.</p></section>\n");
        return;
    };
    page.raw("<dl class=\"facts\">");
    for (name, rule) in [
        ("Missed due times", missed(policy)),
        ("While it still runs", overlap(policy)),
        ("Retries", retries(policy)),
        ("Time limit", seconds(policy.timeout_seconds)),
        ("After failures", failures(policy)),
        (
            "History",
            if &*policy.history == "failures" { "failures and the last success" } else { "all runs" }.to_owned(),
        ),
    ] {
        page.raw("<dt>").raw(name).raw("</dt><dd>").text(&rule).raw("</dd>");
    }
    for blackout in &policy.blackouts {
        page.raw("<dt>Blackout</dt><dd><code>").text(&blackout.start).raw("</code> for ");
        page.text(&seconds(blackout.length_seconds)).raw("</dd>");
    }
    page.raw("</dl></section>\n");
}

fn missed(policy: &PolicyInfo) -> String {
    let window = seconds(policy.catch_up_window_seconds);
    match &*policy.catch_up {
        "none" => "are not caught up".to_owned(),
        "latest" => format!("the latest of the last {window} is caught up"),
        "all" => format!("all of the last {window} are caught up, one after another"),
        other => other.to_owned(),
    }
}

fn overlap(policy: &PolicyInfo) -> String {
    match &*policy.overlap {
        "skip" => "due times are skipped",
        "queue" => "due times wait",
        "cancel-previous" => "the new run takes its place",
        "allow" => "runs go side by side",
        other => other,
    }
    .to_owned()
}

fn retries(policy: &PolicyInfo) -> String {
    let lost = if policy.idempotent { "; also after a time-out or a lost run" } else { "" };
    if policy.retry_attempts <= 1 {
        return format!("none{}", if policy.idempotent { " but of lost runs" } else { "" });
    }
    let again = counted(u64::from(policy.retry_attempts - 1), "more try", "more tries");
    let (first, longest) = (seconds(policy.retry_backoff_seconds), seconds(policy.retry_max_backoff_seconds));
    format!(
        "{again} where something was unavailable, after {first} and then twice as long each, {longest} at most{lost}"
    )
}

fn failures(policy: &PolicyInfo) -> String {
    match policy.pause_after_failures {
        Some(count) => format!("pauses after {count} in a row"),
        None => "goes on".to_owned(),
    }
}
