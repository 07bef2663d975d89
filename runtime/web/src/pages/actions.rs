//! The actions' page: who did what, and why.

use jiff::Timestamp;

use super::{
    figures,
    html::Html,
    shell::{Shell, Tab},
};
use crate::{
    Viewer,
    api::{Action, ActionPage},
};

/// `/actions`, with the query of the API's list.
pub(crate) fn actions(actions: &ActionPage, now: Timestamp, viewer: &Viewer) -> String {
    Shell::live(viewer, Tab::Actions, "Actions", now).render(|page| {
        page.raw("<h1>Actions</h1>\n<p class=\"soft\">What people did, by page, API or command line.</p>");
        page.raw("<section class=\"card\" aria-label=\"Actions\">");
        if actions.actions.is_empty() {
            page.raw("<p>None.</p>");
        } else {
            table(page, &actions.actions, now);
        }
        page.raw("</section>");
        if let Some(next) = actions.next {
            page.raw("<p><a class=\"button\" href=\"/actions?page=").show(next).raw("\">Older actions</a></p>");
        }
    })
}

fn table(page: &mut Html, actions: &[Action], now: Timestamp) {
    page.raw(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of actions\"><table class=\"stack\"><thead><tr>\
         <th scope=\"col\">When</th><th scope=\"col\">Who</th><th scope=\"col\">What</th><th scope=\"col\">Note</th>\
         </tr></thead><tbody>\n",
    );
    for action in actions {
        page.raw("<tr><td>");
        figures::moment_short(page, action.at, now);
        page.raw("</td><td class=\"long\">").text(&action.by).raw("</td><td class=\"long\">").text(&action.verb);
        if let Some(job) = &action.job {
            page.raw(" <a href=\"/jobs/").text(job.as_str()).raw("\">").text(job.as_str()).raw("</a>");
        }
        if let Some(run) = action.run {
            page.raw(" <a href=\"/runs/").show(run).raw("\"><code>").show(run).raw("</code></a>");
        }
        page.raw("</td><td class=\"long says\">").text(action.note.as_deref().unwrap_or_default()).raw("</td></tr>\n");
    }
    page.raw("</tbody></table></div>");
}
