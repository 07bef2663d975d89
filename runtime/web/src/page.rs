//! The first page: what runs and where to look, without script. Every foreign text goes through [`escape::html`].

use jiff::Timestamp;
use watchkeeper_model::Outcome;

use crate::{
    escape,
    status::{FileStatus, JobStatus, Status},
};

/// The page's style sheet, served beside it so that the content security policy can forbid inline styles.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The most characters of a message in a table.
const CELL: usize = 300;

/// The columns of the jobs' table after the name.
const HEADS: [&str; 5] = ["Plugin", "Schedule", "Last run", "Next run", "What it says"];

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

/// Files whose last reading failed, where there are any. Most reasons begin with their file.
fn problems(page: &mut String, files: &[FileStatus]) {
    let mut wrong = files.iter().filter(|file| !file.ok).peekable();
    if wrong.peek().is_none() {
        return;
    }
    page.push_str("<section class=\"problems\"><h2>Not in force</h2>\n<ul>");
    for file in wrong {
        let reason = file.error.as_deref().unwrap_or("unreadable");
        page.push_str("<li>");
        if !reason.starts_with(&file.path) {
            escape::html(page, &format!("{}: ", file.path));
        }
        escape::html(page, reason);
        page.push_str("</li>\n");
    }
    page.push_str("</ul></section>\n");
}

fn jobs(page: &mut String, jobs: &[JobStatus]) {
    if jobs.is_empty() {
        page.push_str("<p>There are no jobs yet. Each file in <code>jobs.d</code> is one.</p>\n");
        return;
    }
    page.push_str("<table><caption>Jobs</caption><thead><tr><th scope=\"col\">Job</th>");
    for head in HEADS {
        page.push_str("<th scope=\"col\">");
        page.push_str(head);
        page.push_str("</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for job in jobs {
        page.push_str("<tr><th scope=\"row\">");
        escape::html(page, job.name.as_str());
        page.push_str("</th>");
        let last = job.last_run.as_ref();
        let ended = last.map_or_else(String::new, |run| format!("{}\n{}", run.outcome, time(run.finished)));
        let class = match last.map(|run| run.outcome) {
            Some(Outcome::Success) | None => "lines",
            Some(_) => "lines bad",
        };
        let message = job.problem.as_deref().or(last.map(|run| run.message.as_str())).unwrap_or_default();
        let [plugin, schedule, last_run, next_run, says] = HEADS;
        cell(page, plugin, "", job.plugin.as_str());
        cell(page, schedule, "", &job.schedule);
        cell(page, last_run, class, &ended);
        cell(page, next_run, "lines", &job.next_run.map_or_else(String::new, time));
        // A message is one line; its hint reads better on one of its own.
        cell(page, says, "says", &message.replacen(" hint: ", "\nhint: ", 1));
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

/// A cell with its column's head, which narrow screens show beside it.
fn cell(page: &mut String, head: &str, class: &str, text: &str) {
    page.push_str(&format!("<td data-head=\"{head}\" class=\"{class}\">"));
    let end = text.char_indices().nth(CELL).map_or(text.len(), |(end, _)| end);
    escape::html(page, text.get(..end).unwrap_or_default());
    if end < text.len() {
        page.push('…');
    }
    page.push_str("</td>");
}

/// To the second.
fn time(time: Timestamp) -> String {
    time.strftime("%F %T UTC").to_string()
}
