//! Pages that say one thing: log in, nothing is here, it wasn't done.

use super::shell::{Shell, Tab};
use crate::{
    Viewer,
    api::{Refusal, RefusalKind},
};

/// `/login`: a form that posts `token` and `next` there. `failed` says why the last try did not succeed, or that the session
/// is over; `next` is the path of ours to show afterwards.
pub(crate) fn login(failed: Option<&str>, next: &str, viewer: &Viewer) -> String {
    Shell::still(viewer, "Log in").render(|page| {
        page.raw("<form class=\"card ask\" method=\"post\" action=\"/login\"><h1>Log in</h1>");
        match failed {
            Some(failed) => {
                page.raw("<p class=\"banner bad\" role=\"alert\" id=\"failed\">").text(failed).raw("</p>");
            }
            None if next != "/" => {
                page.raw("<p>This page needs a token, or your session is over.</p>");
            }
            None => {}
        }
        page.raw("<input type=\"hidden\" name=\"next\" value=\"").text(next).raw("\"><div class=\"field\">");
        page.raw("<label for=\"token\">Token</label><input id=\"token\" name=\"token\" type=\"password\" required autofocus ");
        page.raw("autocomplete=\"off\" spellcheck=\"false\" autocapitalize=\"none\" maxlength=\"1024\"");
        page.raw(if failed.is_some() { " aria-describedby=\"failed hint\">" } else { " aria-describedby=\"hint\">" });
        page.raw(
            "<small id=\"hint\">One of <code>[server.tokens]</code>, or the content of the file <code>watchkeeper.token</code> \
             beside the store.</small></div><div class=\"actions\"><button class=\"main\">Log in</button></div></form>\n",
        );
    })
}

/// Where nothing is.
pub(crate) fn not_found(viewer: &Viewer) -> String {
    Shell::still(viewer, "Nothing here").render(|page| {
        page.raw(
            "<div class=\"card ask\"><h1>Nothing here</h1><p>There is no such thing, or it isn’t kept any more.</p>",
        );
        page.raw("<p><a href=\"/\">All jobs</a></p></div>\n");
    })
}

/// What was asked for isn't done, or can't be shown now.
pub(crate) fn refused(refusal: &Refusal, viewer: &Viewer) -> String {
    let title = match refusal.kind {
        RefusalKind::NotFound => "Nothing here",
        RefusalKind::Conflict => "Not done",
        RefusalKind::Unavailable => "Not now",
        RefusalKind::Invalid => "Not understood",
    };
    // What can't be shown now is shown as soon as it can.
    let live = refusal.kind == RefusalKind::Unavailable;
    Shell { live, tab: Tab::Elsewhere, ..Shell::still(viewer, title) }.render(|page| {
        page.raw("<div class=\"card ask\"><h1>")
            .raw(title)
            .raw("</h1><p class=\"message\">")
            .text(&refusal.message)
            .raw("</p>");
        if let Some(hint) = &refusal.hint {
            page.raw("<p class=\"message soft\">hint: ").text(hint).raw("</p>");
        }
        page.raw("<p><a href=\"/\">All jobs</a></p></div>\n");
    })
}
