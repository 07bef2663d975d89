//! What stands above everything: why nothing runs, or why something else runs than the files say.

use crate::{
    api::{FileProblem, Overview, Phase},
    pages::{
        figures,
        html::{Html, clip, counted},
        icon::Icon,
    },
};

/// The most files whose problems are written out, and the most characters of each.
const FILES: usize = 20;
const CHARACTERS: usize = 2_000;

pub(super) fn draw(page: &mut Html, overview: &Overview) {
    match overview.phase {
        Phase::Ready => {}
        Phase::Starting => notice(page, "Starting", "Plugins are being loaded. Runs begin once that is done."),
        Phase::Draining => notice(page, "Draining", "The process ends: runs that are going may finish, none begins."),
    }
    if !overview.store.up {
        store(page, overview);
    }
    if !overview.watch.violations.is_empty() {
        violations(page, overview);
    }
    if !overview.problems.is_empty() {
        problems(page, overview);
    }
}

fn violations(page: &mut Html, overview: &Overview) {
    page.raw("<section class=\"banner bad\"><h2>");
    Icon::Broken.draw(page);
    page.raw("What must never be was found</h2><p>Please report it, with the log.</p><ul>");
    for (invariant, times) in &overview.watch.violations {
        page.raw("<li>")
            .text(&clip(invariant, CHARACTERS))
            .raw(": ")
            .text(&counted(*times, "time", "times"))
            .raw("</li>");
    }
    page.raw("</ul></section>\n");
}

fn notice(page: &mut Html, title: &'static str, text: &'static str) {
    page.raw("<section class=\"banner odd\"><h2>");
    Icon::Wait.draw(page);
    page.raw(title).raw("</h2><p>").raw(text).raw("</p></section>\n");
}

fn store(page: &mut Html, overview: &Overview) {
    page.raw("<section class=\"banner bad\"><h2>");
    Icon::Broken.draw(page);
    page.raw("The store is away: nothing runs</h2><p>No run begins until it answers; due times wait");
    if let Some(since) = overview.store.away_since {
        page.raw(". Since ");
        figures::moment(page, since, overview.now);
    }
    page.raw(".</p>");
    if let Some(problem) = &overview.store.problem {
        page.raw("<p class=\"message\">").text(&clip(problem, CHARACTERS)).raw("</p>");
    }
    page.raw("</section>\n");
}

fn problems(page: &mut Html, overview: &Overview) {
    let count = overview.problems.len();
    page.raw("<section class=\"banner bad\"><h2>");
    Icon::Broken.draw(page);
    page.text(&counted(u64::try_from(count).unwrap_or(u64::MAX), "file is", "files are")).raw(" not in force</h2><ul>");
    for problem in overview.problems.iter().take(FILES) {
        file(page, problem, overview);
    }
    page.raw("</ul>");
    if count > FILES {
        page.raw("<p>and ").show(count - FILES).raw(" more; <code>watchkeeper check</code> lists them all.</p>");
    }
    page.raw("</section>\n");
}

/// Most problems begin with their file.
fn file(page: &mut Html, FileProblem { path, problem, in_force_since }: &FileProblem, overview: &Overview) {
    page.raw("<li><span class=\"message\">");
    if !problem.starts_with(path.as_str()) {
        page.text(path).raw(": ");
    }
    page.text(&clip(problem, CHARACTERS)).raw("</span><br><small>");
    match in_force_since {
        Some(since) => {
            page.raw("In force is what was read ");
            figures::moment(page, *since, overview.now);
            page.raw(".");
        }
        None => {
            page.raw("Nothing runs in its place.");
        }
    }
    page.raw("</small></li>");
}
