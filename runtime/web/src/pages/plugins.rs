//! The plugins' page: what each asks for and what each job grants it, in plain words.

use jiff::Timestamp;

use super::{
    html::{Html, clip},
    icon::Icon,
    shell::{Shell, Tab},
};
use crate::{
    Viewer,
    api::{PluginInfo, PluginJob, Power},
};

/// The most characters of a problem.
const CHARACTERS: usize = 10_000;

/// `/plugins`.
pub(crate) fn plugins(plugins: &[PluginInfo], now: Timestamp, viewer: &Viewer) -> String {
    Shell::live(viewer, Tab::Plugins, "Plugins", now).render(|page| {
        page.raw("<h1>Plugins</h1>\n");
        if plugins.is_empty() {
            page.raw("<p>No plugin is loaded, and no job wants one.</p>");
        }
        for plugin in plugins {
            card(page, plugin);
        }
    })
}

fn card(page: &mut Html, plugin: &PluginInfo) {
    page.raw("<section class=\"card\" id=\"p-").text(plugin.name.as_str()).raw("\"><h2>").text(plugin.name.as_str());
    if let Some(version) = &plugin.version {
        page.raw(" <span class=\"soft\">").text(&clip(version, 60)).raw("</span>");
    }
    page.raw("</h2>");
    if let Some(summary) = &plugin.summary {
        page.raw("<p>").text(&clip(summary, CHARACTERS)).raw("</p>");
    }
    if let Some(problem) = &plugin.problem {
        page.raw("<div class=\"banner bad\"><p class=\"message\">");
        Icon::Broken.draw(page);
        page.raw(" ").text(&clip(problem, CHARACTERS)).raw("</p></div>");
    }
    page.raw("<div class=\"pair\"><div><h3>Asks for</h3>");
    if plugin.powers.is_empty() {
        page.raw("<p>Nothing but to measure and to log.</p>");
    }
    powers(page, &plugin.powers);
    imports(page, plugin);
    page.raw("</div><div><h3>Is granted</h3>");
    jobs(page, &plugin.jobs);
    page.raw("</div></div><dl class=\"facts\"><dt>Digest</dt><dd>");
    match &plugin.digest {
        Some(digest) => page.raw("<code>").show(digest).raw("</code>"),
        None => page.raw("not loaded"),
    };
    page.raw("</dd><dt>File</dt><dd><code>").text(&plugin.file).raw("</code></dd></dl></section>\n");
}

/// Powers in plain words, each with the grant that it comes from.
pub(super) fn powers(page: &mut Html, powers: &[Power]) {
    page.raw("<ul class=\"plain\">");
    for power in powers {
        page.raw("<li>").text(&power.words).raw(" <code class=\"soft\">").text(&power.capability).raw("</code></li>");
    }
    page.raw("</ul>");
}

fn imports(page: &mut Html, plugin: &PluginInfo) {
    if plugin.imports.is_empty() {
        return;
    }
    page.raw("<details id=\"i-")
        .text(plugin.name.as_str())
        .raw("\"><summary>Interfaces, as it names them</summary><ul class=\"plain\">");
    for import in &plugin.imports {
        page.raw("<li><code>").text(import).raw("</code></li>");
    }
    page.raw("</ul></details>");
}

fn jobs(page: &mut Html, jobs: &[PluginJob]) {
    if jobs.is_empty() {
        page.raw("<p>Nothing: no job runs it.</p>");
        return;
    }
    page.raw("<dl class=\"facts\">");
    for job in jobs {
        page.raw("<dt><a href=\"/jobs/")
            .text(job.name.as_str())
            .raw("\">")
            .text(job.name.as_str())
            .raw("</a></dt><dd>");
        if job.powers.is_empty() {
            page.raw("nothing");
        }
        for (place, power) in job.powers.iter().enumerate() {
            page.raw(if place > 0 { "; " } else { "" }).text(&power.words);
        }
        page.raw("</dd>");
    }
    page.raw("</dl>");
}
