//! The first page: what needs reading, then what is wrong, then all jobs at one glance.

mod banners;
mod row;

pub(in crate::pages) use row::success_rate;

use super::{
    html::{Html, counted},
    shell::{Shell, Tab},
    sieve::{Group, Sieve},
    timeline,
};
use crate::{
    Viewer,
    api::{JobOverview, Overview},
};

/// A group of more jobs than these begins closed, where another one needs the place more.
const MANY: usize = 100;

/// `/`, with the query that says which jobs to show.
pub(crate) fn overview(overview: &Overview, sieve: &Sieve, viewer: &Viewer) -> String {
    let wrong = overview.jobs.iter().filter(|job| Group::of(job.state) == Group::Wrong).count();
    let title = if wrong == 0 { "Jobs".to_owned() } else { format!("{wrong} wrong") };
    Shell::live(viewer, Tab::Jobs, &title, overview.now).render(|page| {
        banners::draw(page, overview);
        page.raw("<h1>Jobs</h1>\n");
        if overview.jobs.is_empty() {
            page.raw("<p>There are no jobs yet. Each file in the folder of jobs, <code>jobs.d</code>, is one.</p>");
        } else {
            tools(page, overview, sieve);
            timeline::legend(page);
            groups(page, overview, sieve, viewer);
        }
        process(page, overview);
    })
}

/// Ways to see fewer jobs. Both work without script.
fn tools(page: &mut Html, overview: &Overview, sieve: &Sieve) {
    page.raw("<div class=\"tools\"><nav aria-label=\"Groups of jobs\"><ul class=\"chips\">");
    let chip =
        |page: &mut Html, path: &'static str, key: &'static str, name: &'static str, count: usize, here: bool| {
            page.raw("<li><a href=\"").raw(path).raw(key).raw(if here { "\" aria-current=\"page\">" } else { "\">" });
            page.raw(name).raw(" <b>").show(count).raw("</b></a></li>");
        };
    chip(page, "/", "", "All", overview.jobs.len(), sieve.group().is_none());
    for group in Group::ALL {
        let count = overview.jobs.iter().filter(|job| Group::of(job.state) == group).count();
        chip(page, "/?show=", group.key(), group.title(), count, sieve.group() == Some(group));
    }
    page.raw("</ul></nav><form role=\"search\" method=\"get\" action=\"/\"><label for=\"q\">Filter</label>");
    page.raw("<input type=\"search\" id=\"q\" name=\"q\" maxlength=\"200\" autocomplete=\"off\" value=\"")
        .text(&sieve.q);
    page.raw("\">");
    if let Some(group) = sieve.group() {
        page.raw("<input type=\"hidden\" name=\"show\" value=\"").raw(group.key()).raw("\">");
    }
    page.raw("<button>Filter</button></form></div>\n");
}

fn groups(page: &mut Html, overview: &Overview, sieve: &Sieve, viewer: &Viewer) {
    let groups = Group::ALL.map(|group| {
        let jobs = overview.jobs.iter().filter(|job| Group::of(job.state) == group && sieve.passes(job));
        let mut jobs: Vec<_> = jobs.collect();
        jobs.sort_by_key(|job| job.state);
        (group, jobs)
    });
    let shown = groups.iter().filter(|(_, jobs)| !jobs.is_empty()).count();
    if shown == 0 {
        page.raw("<p>No job is like that. <a href=\"/\">Show all jobs</a></p>");
    }
    for (group, jobs) in &groups {
        let open = jobs.len() <= MANY || shown == 1 || !sieve.is_open();
        if !jobs.is_empty() {
            table(page, *group, jobs, open, overview, viewer);
        }
    }
}

fn table(page: &mut Html, group: Group, jobs: &[&JobOverview], open: bool, overview: &Overview, viewer: &Viewer) {
    page.raw("<details class=\"group\" id=\"g-").raw(group.key()).raw(if open { "\" open>" } else { "\">" });
    page.raw("<summary><h2>").raw(group.title()).raw("</h2> <span class=\"soft\">");
    page.text(&counted(u64::try_from(jobs.len()).unwrap_or(u64::MAX), "job", "jobs")).raw("</span></summary>\n");
    page.raw("<table><caption class=\"hidden\">").raw(group.title()).raw("</caption>");
    let span = jobs.first().map_or_else(String::new, |job| timeline::span(&job.timeline, overview.bucket_seconds));
    row::heads(page, &span, viewer.may_act());
    for job in jobs {
        row::draw(page, job, overview, viewer.may_act());
    }
    page.raw("</table></details>\n");
}

/// The process itself, in one line.
fn process(page: &mut Html, overview: &Overview) {
    page.raw("<footer class=\"soft\"><p>Watchkeeper ").text(&overview.version).raw(" on ").text(&overview.host);
    page.raw(", up since ");
    super::figures::moment(page, overview.started, overview.now);
    if let Some(reload) = &overview.last_reload {
        page.raw("; files read ");
        super::figures::moment(page, reload.at, overview.now);
    }
    if let Some(tick) = overview.watch.last_tick {
        page.raw("; looked for due jobs ");
        super::figures::moment(page, tick, overview.now);
    }
    if let Some(scan) = overview.watch.last_scan {
        page.raw("; checked its invariants ");
        super::figures::moment(page, scan, overview.now);
    }
    if let Some(size) = overview.store.size_bytes {
        page.raw("; store ").text(&super::figures::bytes(size));
    }
    page.raw(". <a href=\"/metrics\">Metrics</a> · <a href=\"/api/v1/openapi.json\">API</a></p></footer>\n");
}
