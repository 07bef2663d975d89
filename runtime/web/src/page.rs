//! The first page: what runs and where to look, without script. Every foreign text goes through [`escape::html`].

use jiff::Timestamp;

use crate::{
    escape,
    status::{FileStatus, JobStatus, Status},
};

/// The page's style sheet, served beside it so that the content security policy can forbid inline styles.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The most characters of a message in a table.
const CELL: usize = 300;

pub(crate) fn first(status: &Status) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Watchkeeper</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"></head><body><main>\n<h1>Watchkeeper</h1>\n<p>",
    );
    escape::html(&mut page, &format!("Version {}, up since {}. ", status.version, time(status.started)));
    page.push_str(match (status.draining, status.ready) {
        (true, _) => "It is draining: no run begins any more.",
        (false, true) => "It is ready.",
        (false, false) => "It is not ready.",
    });
    page.push_str(
        "</p>\n<nav aria-label=\"Endpoints\"><a href=\"/metrics\">Metrics</a> <a href=\"/status\">Status (JSON)</a> \
         <a href=\"/-/healthy\">Health</a> <a href=\"/-/ready\">Readiness</a></nav>\n",
    );
    problems(&mut page, &status.files);
    jobs(&mut page, &status.jobs);
    page.push_str("</main></body></html>\n");
    page
}

/// Files whose last reading failed, where there are any.
fn problems(page: &mut String, files: &[FileStatus]) {
    let mut wrong = files.iter().filter(|file| !file.ok).peekable();
    if wrong.peek().is_none() {
        return;
    }
    page.push_str("<section class=\"problems\"><h2>Not in force</h2>\n<dl>");
    for file in wrong {
        page.push_str("<dt>");
        escape::html(page, &file.path);
        page.push_str("</dt><dd>");
        escape::html(page, file.error.as_deref().unwrap_or("unreadable"));
        page.push_str("</dd>");
    }
    page.push_str("</dl></section>\n");
}

fn jobs(page: &mut String, jobs: &[JobStatus]) {
    if jobs.is_empty() {
        page.push_str("<p>There are no jobs yet. Each file in <code>jobs.d</code> is one.</p>\n");
        return;
    }
    page.push_str("<table><caption>Jobs</caption><thead><tr>");
    for head in ["Job", "Plugin", "Schedule", "Last run", "Next run", ""] {
        page.push_str("<th scope=\"col\">");
        page.push_str(head);
        page.push_str("</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for job in jobs {
        page.push_str("<tr><th scope=\"row\">");
        escape::html(page, job.name.as_str());
        page.push_str("</th>");
        cell(page, job.plugin.as_str());
        cell(page, &job.schedule);
        let last = job.last_run.as_ref();
        cell(page, &last.map_or_else(String::new, |run| format!("{}, {}", run.outcome, time(run.finished))));
        cell(page, &job.next_run.map_or_else(String::new, time));
        let message = last.map_or("", |run| run.message.as_str());
        cell(page, job.problem.as_deref().unwrap_or(message));
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

fn cell(page: &mut String, text: &str) {
    page.push_str("<td>");
    let end = text.char_indices().nth(CELL).map_or(text.len(), |(end, _)| end);
    escape::html(page, text.get(..end).unwrap_or_default());
    if end < text.len() {
        page.push('…');
    }
    page.push_str("</td>");
}

/// To the second, in UTC.
fn time(time: Timestamp) -> String {
    format!("{time:.0}")
}
