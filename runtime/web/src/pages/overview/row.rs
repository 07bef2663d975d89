//! One job in the overview: a row, and a second one for what is to be said about it.

use crate::{
    api::{JobOverview, JobState, Overview, Pause},
    pages::{
        ask::Verb,
        figures,
        html::{Html, clip, hinted},
        sieve, spark, timeline, words,
    },
};

/// The most characters of a message, a note or a schedule in a row.
const MESSAGE: usize = 280;
const SCHEDULE: usize = 60;

pub(super) fn heads(page: &mut Html, span: &str, may_act: bool) {
    page.raw(
        "<thead><tr><th scope=\"col\" class=\"c-state\">State</th><th scope=\"col\">Job</th>\
         <th scope=\"col\" class=\"c-last\">Last run</th><th scope=\"col\" class=\"c-next\">Next run</th>\
         <th scope=\"col\" class=\"c-success\">Success</th><th scope=\"col\" class=\"c-spark\">Durations</th>\
         <th scope=\"col\" class=\"c-line\"><span class=\"scale\"><span>Last ",
    );
    page.text(span).raw("</span><span aria-hidden=\"true\">now</span></span></th>");
    if may_act {
        page.raw("<th scope=\"col\" class=\"c-act\">Actions</th>");
    }
    page.raw("</tr></thead>\n");
}

pub(super) fn draw(page: &mut Html, job: &JobOverview, overview: &Overview, may_act: bool) {
    page.raw("<tbody id=\"j-").text(job.name.as_str()).raw("\" data-text=\"").text(&sieve::text_of(job)).raw("\"><tr>");
    page.raw("<td class=\"c-state\">");
    state(page, job);
    page.raw("</td><th scope=\"row\">");
    name(page, job);
    page.raw("</th><td class=\"c-last\">");
    last_run(page, job, overview);
    page.raw("</td><td class=\"c-next\">");
    next_run(page, job, overview);
    page.raw("</td><td class=\"c-success\">");
    page.text(&success_rate(job));
    page.raw("</td><td class=\"c-spark\">");
    spark::draw(page, &job.recent);
    page.raw("</td><td class=\"c-line\">");
    timeline::draw(page, &job.timeline, overview.bucket_seconds);
    page.raw("</td>");
    if may_act {
        actions(page, job);
    }
    page.raw("</tr>");
    says(page, job, 6 + usize::from(may_act));
    page.raw("</tbody>\n");
}

fn state(page: &mut Html, job: &JobOverview) {
    words::state(job.state).draw(page);
    if job.state == JobState::Failing && job.consecutive_failures > 1 {
        page.raw("<span class=\"under\">").show(job.consecutive_failures).raw(" in a row</span>");
    }
    if job.pause.is_some() && job.state != JobState::Paused {
        page.raw("<span class=\"under\">paused</span>");
    }
}

fn name(page: &mut Html, job: &JobOverview) {
    page.raw("<a href=\"/jobs/").text(job.name.as_str()).raw("\">").text(job.name.as_str()).raw("</a>");
    page.raw("<span class=\"under\">");
    if let Some(plugin) = &job.plugin {
        page.text(plugin.as_str());
    }
    if let Some(schedule) = &job.schedule {
        page.raw(" · ").text(&clip(&schedule.written, SCHEDULE));
        if let Some(zone) = &schedule.time_zone {
            page.raw(" ").text(&clip(zone, SCHEDULE));
        }
    }
    page.raw("</span>");
}

fn last_run(page: &mut Html, job: &JobOverview, overview: &Overview) {
    let Some(run) = &job.last_run else {
        page.raw("<span class=\"soft\">never</span>");
        return;
    };
    page.raw("<a class=\"quiet\" href=\"/runs/").show(run.id).raw("\">");
    words::run(run).draw(page);
    page.raw("</a>");
    if let Some(seconds) = run.duration_seconds {
        page.raw(" <span class=\"soft nowrap\">").text(&spark::seconds(seconds)).raw("</span>");
    }
    if let Some(finished) = run.finished {
        page.raw("<span class=\"under\">");
        figures::moment_short(page, finished, overview.now);
        page.raw("</span>");
    }
}

fn next_run(page: &mut Html, job: &JobOverview, overview: &Overview) {
    match (job.running.first(), job.next_run) {
        (Some(run), _) => {
            page.raw("<a href=\"/runs/").show(run).raw("\">running now</a>");
        }
        (None, Some(next)) => figures::moment_stacked(page, next, overview.now),
        (None, None) => {
            page.raw("<span class=\"soft\">none</span>");
        }
    }
    if job.queued > 0 {
        page.raw("<span class=\"under\">").show(job.queued).raw(" waiting</span>");
    }
    if job.skip_next > 0 {
        page.raw("<span class=\"under\">next ").show(job.skip_next).raw(" skipped</span>");
    }
}

/// Rounded down, so that 100 % means all.
pub(in crate::pages) fn success_rate(job: &JobOverview) -> String {
    job.success_rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", (rate * 100.0).floor()))
}

fn actions(page: &mut Html, job: &JobOverview) {
    page.raw("<td class=\"row-actions c-act\">");
    if job.is_in_force() {
        action(page, job, Verb::Run, "Run");
        match &job.pause {
            Some(_) => action(page, job, Verb::Resume, "Resume"),
            None => action(page, job, Verb::Pause, "Pause"),
        }
    }
    page.raw("</td>");
}

fn action(page: &mut Html, job: &JobOverview, verb: Verb, word: &'static str) {
    page.raw("<a data-confirm href=\"").text(&verb.path(&job.name)).raw("\">").raw(word);
    page.raw("<span class=\"hidden\"> ").text(job.name.as_str()).raw("</span></a>");
}

/// Why it doesn't run, or what its last run said that didn't end well, and who paused it. Below all columns but one: a
/// narrow window has one less, and no cell may reach beyond the last.
fn says(page: &mut Html, job: &JobOverview, columns: usize) {
    let failed =
        job.last_run.as_ref().filter(|_| job.state == JobState::Failing).and_then(|run| run.message.as_deref());
    let wrong = job.problem.as_deref().or(failed).filter(|text| !text.is_empty());
    if wrong.is_none() && job.pause.is_none() {
        return;
    }
    page.raw("<tr class=\"says\"><td colspan=\"").show(columns).raw("\">");
    if let Some(text) = wrong {
        page.raw("<span class=\"message bad\"><span>").text(&hinted(&clip(text, MESSAGE))).raw("</span></span>");
    }
    if let Some(Pause { by, note, .. }) = &job.pause {
        page.raw("<span class=\"message odd\"><span>Paused by ").text(&clip(by, MESSAGE));
        if let Some(note) = note {
            page.raw(": ").text(&clip(note, MESSAGE));
        }
        page.raw("</span></span>");
    }
    page.raw("</td></tr>");
}
