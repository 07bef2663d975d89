//! A job's page: how it is, what is to come, what became of its due times, its rules and its powers.

mod policy;
mod standing;

use super::{
    ask::{self, Verb},
    figures,
    html::{Html, clip},
    icon::Icon,
    progress,
    runs::{self, Column},
    shell::{Shell, Tab},
    timeline, words,
};
use crate::{Viewer, api::JobDetail};

/// The most characters of a problem, a note.
const CHARACTERS: usize = 10_000;

/// `/jobs/NAME`, with the query `done`: what was just done to it.
pub(crate) fn job(detail: &JobDetail, done: Option<Verb>, viewer: &Viewer) -> String {
    let job = &detail.job;
    let shell = Shell::live(viewer, Tab::Jobs, job.name.as_str(), detail.now);
    Shell { job: Some(&job.name), ..shell }.render(|page| {
        ask::done(page, done);
        page.raw("<nav aria-label=\"Breadcrumb\"><a href=\"/\">Jobs</a> /</nav><h1>").text(job.name.as_str()).raw(" ");
        words::state(job.state).draw(page);
        page.raw("</h1>\n");
        banners(page, detail);
        buttons(page, detail, viewer);
        how_far(page, detail);
        standing::draw(page, detail);
        history(page, detail);
        page.raw("<div class=\"pair\">");
        policy::schedule(page, detail);
        policy::rules(page, detail);
        powers(page, detail);
        page.raw("</div>");
        recent_runs(page, detail);
        recent_skips(page, detail);
    })
}

fn banners(page: &mut Html, detail: &JobDetail) {
    if let Some(problem) = &detail.job.problem {
        page.raw("<section class=\"banner bad\"><h2>");
        Icon::Broken.draw(page);
        page.raw("Not in force as its files say</h2><p class=\"message\">").text(&clip(problem, CHARACTERS));
        page.raw("</p></section>\n");
    }
    if let Some(pause) = &detail.job.pause {
        page.raw("<section class=\"banner odd\"><h2>");
        Icon::Pause.draw(page);
        page.raw("Paused</h2><p>By ").text(&pause.by).raw(", ");
        figures::moment(page, pause.at, detail.now);
        page.raw(".</p>");
        if let Some(note) = &pause.note {
            page.raw("<p class=\"message\">").text(&clip(note, CHARACTERS)).raw("</p>");
        }
        page.raw("</section>\n");
    }
}

fn buttons(page: &mut Html, detail: &JobDetail, viewer: &Viewer) {
    if !detail.job.is_in_force() {
        return;
    }
    let name = &detail.job.name;
    page.raw("<div class=\"actions\">");
    if viewer.may_act() {
        ask::button(page, Icon::Run, &Verb::Run.path(name), "Run now");
        match &detail.job.pause {
            Some(_) => ask::button(page, Icon::Run, &Verb::Resume.path(name), "Resume"),
            None => ask::button(page, Icon::Pause, &Verb::Pause.path(name), "Pause"),
        }
        if detail.job.schedule.is_some() {
            ask::button(page, Icon::Skip, &Verb::SkipNext.path(name), "Skip next");
        }
    } else {
        page.raw("<a href=\"/login?next=/jobs/").text(name.as_str()).raw("\">Log in to run, pause or skip it</a>");
    }
    page.raw("</div>\n");
}

/// Of the runs that are going and said something of it.
fn how_far(page: &mut Html, detail: &JobDetail) {
    let mut going = detail.recent_runs.iter().filter_map(|run| Some((run.id, run.progress.as_ref()?))).peekable();
    if going.peek().is_none() {
        return;
    }
    page.raw(
        "<section class=\"card\" aria-labelledby=\"progress\"><h2 id=\"progress\">Progress</h2><ul class=\"plain\">",
    );
    for (id, progress) in going {
        page.raw("<li>");
        progress::draw(page, progress);
        page.raw(" <a href=\"/runs/").show(id).raw("\">the run</a></li>");
    }
    page.raw("</ul></section>\n");
}

fn history(page: &mut Html, detail: &JobDetail) {
    let span = timeline::span(&detail.job.timeline, detail.bucket_seconds);
    page.raw("<section class=\"card\"><h2>Last ").text(&span).raw("</h2><div class=\"large\">");
    timeline::draw(page, &detail.job.timeline, detail.bucket_seconds);
    page.raw("<p class=\"scale soft\" aria-hidden=\"true\"><span>")
        .text(&span)
        .raw(" ago</span><span>now</span></p></div>");
    timeline::legend(page);
    timeline::in_words(page, &detail.job.timeline, detail.bucket_seconds);
    page.raw("</section>\n");
}

fn powers(page: &mut Html, detail: &JobDetail) {
    page.raw("<section class=\"card\"><h2>What it may do</h2>");
    if !detail.job.is_in_force() {
        page.raw("<p>Unknown: its file was never readable.</p>");
    } else if detail.powers.is_empty() {
        page.raw("<p>Nothing but measure and log: it has no grant.</p>");
    }
    super::plugins::powers(page, &detail.powers);
    if !detail.probe_targets.is_empty() {
        page.raw("<h3>May be probed for</h3><ul class=\"plain\">");
        for target in &detail.probe_targets {
            page.raw("<li>").text(target).raw("</li>");
        }
        page.raw("</ul>");
    }
    page.raw("<h3>What it runs</h3><dl class=\"facts\"><dt>Plugin</dt><dd>");
    match &detail.job.plugin {
        Some(plugin) => {
            page.raw("<a href=\"/plugins#p-").text(plugin.as_str()).raw("\">").text(plugin.as_str()).raw("</a>")
        }
        None => page.raw("unknown"),
    };
    if let Some(version) = &detail.plugin_version {
        page.raw(" ").text(version);
    }
    page.raw("</dd><dt>Digest</dt><dd>");
    match &detail.digest {
        Some(digest) => page.raw("<code>").show(digest).raw("</code>"),
        None => page.raw("not loaded"),
    };
    page.raw("</dd><dt>File</dt><dd><code>").text(&detail.file).raw("</code></dd></dl></section>\n");
}

fn recent_runs(page: &mut Html, detail: &JobDetail) {
    page.raw("<section class=\"card\" aria-labelledby=\"runs\"><h2 id=\"runs\">Recent runs</h2>");
    runs::table(page, &detail.recent_runs, detail.now, &[Column::Trigger, Column::StartDelay]);
    page.raw("<p><a href=\"/runs?job=")
        .text(detail.job.name.as_str())
        .raw("\">All runs of this job</a></p></section>\n");
}

fn recent_skips(page: &mut Html, detail: &JobDetail) {
    page.raw("<section class=\"card\" aria-labelledby=\"skips\"><h2 id=\"skips\">Due times without a run</h2>");
    if detail.recent_skips.is_empty() {
        page.raw("<p>None.</p></section>\n");
        return;
    }
    page.raw(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"skips\"><table><thead><tr><th scope=\"col\">How many</th><th scope=\"col\">Why</th>\
         <th scope=\"col\">First</th><th scope=\"col\">Last</th></tr></thead><tbody>",
    );
    for skip in &detail.recent_skips {
        page.raw("<tr><td>").text(&super::html::thousands(skip.count)).raw("</td><td>").raw(words::reason(skip.reason));
        page.raw("</td><td>");
        figures::moment_short(page, skip.first, detail.now);
        page.raw("</td><td>");
        figures::moment_short(page, skip.last, detail.now);
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div></section>\n");
}
