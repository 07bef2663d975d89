//! A run's page: what became of it, what it cost, its tries and what it said.

use jiff::Timestamp;

use super::{
    ask::{self, Verb},
    figures,
    html::{Html, hinted},
    icon::Icon,
    payments, progress, runs,
    shell::{Shell, Tab},
    spark, words,
};
use crate::{
    Viewer,
    api::{LogLine, RunDetail, RunTrigger},
};

/// `/runs/ID`, with the query `done`: what was just done to it.
pub(crate) fn run(detail: &RunDetail, done: Option<Verb>, viewer: &Viewer) -> String {
    let run = &detail.run;
    let title = format!("Run of {}", run.job);
    let shell = Shell::live(viewer, Tab::Runs, &title, detail.now);
    Shell { job: Some(&run.job), ..shell }.render(|page| {
        ask::done(page, done);
        page.raw("<nav aria-label=\"Breadcrumb\"><a href=\"/\">Jobs</a> / <a href=\"/jobs/").text(run.job.as_str());
        page.raw("\">").text(run.job.as_str()).raw("</a> /</nav><h1>Run <code>").show(run.id).raw("</code> ");
        words::run(run).draw(page);
        page.raw("</h1>\n");
        if let Some(message) = run.message.as_deref().filter(|message| !message.is_empty()) {
            page.raw("<p class=\"card message said\">").text(&hinted(message)).raw("</p>\n");
        }
        if run.finished.is_none() && viewer.may_act() {
            page.raw("<div class=\"actions\">");
            ask::button(page, Icon::Stop, &format!("/runs/{}/cancel", run.id), "Cancel");
            page.raw("</div>\n");
        }
        how_far(page, detail);
        numbers(page, detail);
        page.raw("<div class=\"pair\">");
        times(page, detail);
        origin(page, detail);
        page.raw("</div>");
        attempts(page, detail);
        paid(page, detail);
        logs(page, &detail.logs, run.finished.is_none());
    })
}

/// Of a run that is going; `script.js` looks again from time to time where something is marked as such.
fn how_far(page: &mut Html, detail: &RunDetail) {
    if detail.run.finished.is_some() {
        return;
    }
    page.raw("<section class=\"card\" aria-labelledby=\"progress\" data-going><h2 id=\"progress\">Progress</h2><p>");
    match &detail.run.progress {
        Some(progress) => progress::draw(page, progress),
        None => {
            page.raw("<span class=\"soft\">It hasn’t said how far it is.</span>");
        }
    }
    page.raw("</p></section>\n");
}

fn numbers(page: &mut Html, detail: &RunDetail) {
    let run = &detail.run;
    page.raw("<dl class=\"card numbers\">");
    for (name, value) in [
        ("Start delay", run.start_delay_seconds.map(spark::seconds)),
        ("Duration", run.duration_seconds.map(spark::seconds)),
        ("Processor time", run.cpu_seconds.map(spark::seconds)),
        ("Peak memory", run.peak_memory_bytes.map(figures::bytes)),
    ] {
        page.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value.as_deref().unwrap_or("–")).raw("</dd></div>");
    }
    page.raw("</dl>\n");
}

fn times(page: &mut Html, detail: &RunDetail) {
    let run = &detail.run;
    let nominal = match &run.trigger {
        RunTrigger::Schedule { nominal } => Some(*nominal),
        RunTrigger::Manual { .. } | RunTrigger::Probe { .. } | RunTrigger::Head { .. } => None,
    };
    page.raw("<section class=\"card\"><h2>Times</h2><dl class=\"facts\">");
    let going = run.finished.is_none();
    moment(page, "Nominal", nominal, "none: nobody scheduled it", detail.now);
    moment(page, "Claimed", Some(run.claimed), "", detail.now);
    moment(page, "Started", run.started, if going { "not known yet" } else { "unknown, or never" }, detail.now);
    moment(page, "Finished", run.finished, "still going", detail.now);
    if let Some(again) = run.retry_at {
        moment(page, "Tried again", Some(again), "", detail.now);
    }
    page.raw("</dl></section>\n");
}

fn moment(page: &mut Html, name: &'static str, time: Option<Timestamp>, none: &'static str, now: Timestamp) {
    page.raw("<dt>").raw(name).raw("</dt><dd>");
    match time {
        Some(time) => figures::moment(page, time, now),
        None => {
            page.raw("<span class=\"soft\">").raw(none).raw("</span>");
        }
    }
    page.raw("</dd>");
}

fn origin(page: &mut Html, detail: &RunDetail) {
    let run = &detail.run;
    page.raw("<section class=\"card\"><h2>What ran</h2><dl class=\"facts\"><dt>Started by</dt><dd>");
    page.text(&words::trigger(&run.trigger)).raw("</dd><dt>Attempt</dt><dd>").show(run.attempt);
    page.raw("</dd><dt>Plugin</dt><dd><a href=\"/plugins#p-").text(run.plugin.as_str()).raw("\">");
    page.text(run.plugin.as_str()).raw("</a> ");
    match &detail.plugin_version {
        Some(version) => page.text(version),
        None => page.raw("<span class=\"soft\">(these bytes aren’t loaded any more)</span>"),
    };
    page.raw("</dd><dt>Digest</dt><dd><code>").show(run.digest);
    page.raw("</code></dd><dt>Schedule</dt><dd>the job’s number ").show(run.generation).raw("</dd></dl></section>\n");
}

fn attempts(page: &mut Html, detail: &RunDetail) {
    if detail.attempts.len() > 1 {
        page.raw("<section class=\"card\" aria-labelledby=\"attempts\"><h2 id=\"attempts\">Attempts</h2>");
        runs::table(page, &detail.attempts, detail.now, &[runs::Column::Trigger]);
        page.raw("</section>\n");
    }
}

fn paid(page: &mut Html, detail: &RunDetail) {
    if !detail.payments.is_empty() {
        page.raw("<section class=\"card\" aria-labelledby=\"payments\"><h2 id=\"payments\">Payments</h2>");
        payments::table(page, &detail.payments, detail.now, &[payments::Column::Account]);
        page.raw("</section>\n");
    }
}

fn logs(page: &mut Html, logs: &[LogLine], going: bool) {
    page.raw("<section class=\"card\" aria-labelledby=\"log\"><h2 id=\"log\">Log</h2>");
    if logs.is_empty() {
        page.raw(if going { "<p>Its lines are kept once it ends.</p>" } else { "<p>It said nothing.</p>" });
    }
    page.raw("<ol class=\"log\">");
    for line in logs {
        let (word, class) = words::level(line.level);
        page.raw("<li><b class=\"").raw(class).raw("\">").raw(word).raw("</b><span>").text(&line.message);
        for field in &line.fields {
            page.raw(" <span class=\"soft\">").text(&field.name).raw("=</span>").text(&field.value);
        }
        page.raw("</span></li>\n");
    }
    page.raw("</ol></section>\n");
}
