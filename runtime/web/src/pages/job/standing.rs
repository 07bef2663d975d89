//! A job in a few numbers.

use crate::{
    api::JobDetail,
    pages::{
        figures,
        html::{Html, thousands},
        overview::success_rate,
        spark,
    },
};

pub(super) fn draw(page: &mut Html, detail: &JobDetail) {
    let job = &detail.job;
    page.raw("<dl class=\"card numbers\"><div><dt>Next run</dt><dd>");
    moment(page, job.next_run, "none", detail);
    page.raw("</dd></div><div><dt>Last success</dt><dd>");
    moment(page, job.last_success, "never", detail);
    page.raw("</dd></div><div><dt>Success, last ")
        .show(job.recent.len())
        .raw(" runs</dt><dd>")
        .text(&success_rate(job));
    page.raw("</dd></div><div><dt>Failures in a row</dt><dd>").show(job.consecutive_failures);
    page.raw("</dd></div><div><dt>Running, waiting</dt><dd");
    // `script.js` looks again from time to time where a run goes: nobody tells it how far that is.
    page.raw(if job.running.is_empty() { ">" } else { " data-going>" }).show(job.running.len());
    page.raw(", ").show(job.queued);
    page.raw("</dd></div><div><dt>Due times run, skipped</dt><dd>").text(&count(detail.runs)).raw(", ");
    page.text(&count(detail.skips)).raw("</dd></div>");
    if job.skip_next > 0 {
        page.raw("<div><dt>To be skipped next</dt><dd>").show(job.skip_next).raw("</dd></div>");
    }
    page.raw("<div><dt>Durations</dt><dd>");
    spark::draw(page, &job.recent);
    page.raw("</dd></div></dl>\n");
}

fn moment(page: &mut Html, time: Option<jiff::Timestamp>, none: &'static str, detail: &JobDetail) {
    match time {
        Some(time) => figures::moment_stacked(page, time, detail.now),
        None => {
            page.raw(none);
        }
    }
}

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| "–".to_owned(), thousands)
}
