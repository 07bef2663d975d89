//! Lists of runs: `/runs`, and the tables on other pages.

use jiff::Timestamp;
use watchkeeper_model::Outcome;

use super::{
    figures,
    html::{Html, clip},
    shell::{Shell, Tab},
    spark, words,
};
use crate::{
    Viewer,
    api::{RunPage, RunQuery, RunSummary, TriggerKind},
};

/// The most characters of a message in a row.
const MESSAGE: usize = 200;

/// What a table of runs has besides outcome, times, duration and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Job,
    Trigger,
    StartDelay,
}

/// `/runs`, with the query of the API's list.
pub(crate) fn runs(runs: &RunPage, query: &RunQuery, now: Timestamp, viewer: &Viewer) -> String {
    Shell::live(viewer, Tab::Runs, "Runs", now).render(|page| {
        page.raw("<h1>Runs</h1>\n");
        filter(page, query);
        page.raw("<section class=\"card\" aria-label=\"Runs\">");
        table(page, &runs.runs, now, &[Column::Job, Column::Trigger, Column::StartDelay]);
        page.raw("</section>");
        if let Some(next) = runs.next {
            page.raw("<p><a class=\"button\" href=\"/runs?page=").show(next);
            for (name, value) in pairs(query) {
                page.raw("&amp;").raw(name).raw("=").text(&value);
            }
            page.raw("\">Older runs</a></p>");
        }
    })
}

/// What the query asks for, but for the page.
fn pairs(query: &RunQuery) -> Vec<(&'static str, String)> {
    let trigger = query.trigger.map(|trigger| trigger_key(trigger).to_owned());
    let pairs = [
        ("job", query.job.as_ref().map(ToString::to_string)),
        ("outcome", query.outcome.map(|outcome| outcome.to_string())),
        ("trigger", trigger),
        ("after", query.after.map(|time| time.to_string())),
        ("before", query.before.map(|time| time.to_string())),
        ("limit", query.limit.map(|limit| limit.get().to_string())),
    ];
    pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

const fn trigger_key(trigger: TriggerKind) -> &'static str {
    match trigger {
        TriggerKind::Schedule => "schedule",
        TriggerKind::Manual => "manual",
        TriggerKind::Head => "head",
    }
}

fn filter(page: &mut Html, query: &RunQuery) {
    page.raw("<form class=\"tools\" role=\"search\" method=\"get\" action=\"/runs\"><div class=\"field\"><label for=\"job\">Job</label>");
    page.raw("<input id=\"job\" name=\"job\" maxlength=\"63\" autocomplete=\"off\" value=\"");
    page.text(query.job.as_ref().map_or("", |job| job.as_str())).raw("\"></div>");
    page.raw("<div class=\"field\"><label for=\"outcome\">Outcome</label><select id=\"outcome\" name=\"outcome\">");
    option(page, "", "any", query.outcome.is_none());
    for outcome in Outcome::ALL {
        option(page, outcome.as_str(), words::outcome(outcome).text, query.outcome == Some(outcome));
    }
    page.raw("</select></div><div class=\"field\"><label for=\"trigger\">Started by</label><select id=\"trigger\" name=\"trigger\">");
    option(page, "", "anything", query.trigger.is_none());
    for trigger in [TriggerKind::Schedule, TriggerKind::Manual, TriggerKind::Head] {
        option(page, trigger_key(trigger), trigger_key(trigger), query.trigger == Some(trigger));
    }
    page.raw("</select></div><button>Show</button></form>\n");
}

fn option(page: &mut Html, value: &'static str, words: &'static str, selected: bool) {
    page.raw("<option value=\"")
        .raw(value)
        .raw(if selected { "\" selected>" } else { "\">" })
        .raw(words)
        .raw("</option>");
}

/// A table of runs in the order given.
pub(super) fn table(page: &mut Html, runs: &[RunSummary], now: Timestamp, columns: &[Column]) {
    if runs.is_empty() {
        page.raw("<p>None.</p>");
        return;
    }
    page.raw("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of runs\"><table class=\"stack\"><thead><tr>");
    let heads = [
        (true, "Outcome"),
        (columns.contains(&Column::Job), "Job"),
        (true, "Claimed"),
        (columns.contains(&Column::Trigger), "Started by"),
        (columns.contains(&Column::StartDelay), "Start delay"),
        (true, "Duration"),
        (true, "What it said"),
    ];
    for (_, head) in heads.into_iter().filter(|(shown, _)| *shown) {
        page.raw("<th scope=\"col\">").raw(head).raw("</th>");
    }
    page.raw("</tr></thead><tbody>\n");
    for run in runs {
        row(page, run, now, columns);
    }
    page.raw("</tbody></table></div>");
}

fn row(page: &mut Html, run: &RunSummary, now: Timestamp, columns: &[Column]) {
    page.raw("<tr><th scope=\"row\"><a class=\"quiet\" href=\"/runs/").show(run.id).raw("\">");
    words::run(run).draw(page);
    page.raw("</a></th>");
    if columns.contains(&Column::Job) {
        page.raw("<td class=\"long\"><a href=\"/jobs/")
            .text(run.job.as_str())
            .raw("\">")
            .text(run.job.as_str())
            .raw("</a></td>");
    }
    page.raw("<td>");
    figures::moment_short(page, run.claimed, now);
    page.raw("</td>");
    if columns.contains(&Column::Trigger) {
        page.raw("<td class=\"long\">").text(&clip(&words::trigger(&run.trigger), 60));
        if run.attempt > 1 {
            page.raw("<span class=\"under\">attempt ").show(run.attempt).raw("</span>");
        }
        page.raw("</td>");
    }
    if columns.contains(&Column::StartDelay) {
        page.raw("<td class=\"nowrap delay\">").text(&seconds(run.start_delay_seconds)).raw("</td>");
    }
    page.raw("<td class=\"nowrap\">").text(&seconds(run.duration_seconds)).raw("</td>");
    page.raw("<td class=\"says long\">").text(&clip(run.message.as_deref().unwrap_or_default(), MESSAGE));
    if let Some(again) = run.retry_at {
        page.raw("<span class=\"under\">tried again ");
        figures::moment_short(page, again, now);
        page.raw("</span>");
    }
    page.raw("</td></tr>\n");
}

fn seconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), spark::seconds)
}
