//! What every page has around its content: the way to the other pages, who is looking, and whether what is shown is live.

use jiff::Timestamp;
use watchkeeper_model::JobName;

use super::{html::Html, icon};
use crate::Viewer;

/// Which entry of the bar a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Jobs,
    Runs,
    Plugins,
    Chains,
    Accounts,
    Actions,
    Elsewhere,
}

const TABS: [(Tab, &str, &str); 6] = [
    (Tab::Jobs, "/", "Jobs"),
    (Tab::Runs, "/runs", "Runs"),
    (Tab::Plugins, "/plugins", "Plugins"),
    (Tab::Chains, "/chains", "Chains"),
    (Tab::Accounts, "/accounts", "Accounts"),
    (Tab::Actions, "/actions", "Actions"),
];

/// What a page is, for the frame around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shell<'a> {
    pub(super) viewer: &'a Viewer,
    pub(super) tab: Tab,
    /// The document's title, but for the program's name.
    pub(super) title: &'a str,
    /// Whether it is kept current.
    pub(super) live: bool,
    /// When what it shows was put together, where it shows anything that ages.
    pub(super) now: Option<Timestamp>,
    /// The one job that it is about: other jobs' events don't concern it.
    pub(super) job: Option<&'a JobName>,
}

impl<'a> Shell<'a> {
    /// A page that is kept current.
    pub(super) const fn live(viewer: &'a Viewer, tab: Tab, title: &'a str, now: Timestamp) -> Self {
        Self { viewer, tab, title, live: true, now: Some(now), job: None }
    }

    /// A page that stays as it is.
    pub(super) const fn still(viewer: &'a Viewer, title: &'a str) -> Self {
        Self { viewer, tab: Tab::Elsewhere, title, live: false, now: None, job: None }
    }

    /// The whole document around a content.
    pub(super) fn render(self, content: impl FnOnce(&mut Html)) -> String {
        let mut page = Html::default();
        page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>").text(self.title);
        page.raw(
            " – Watchkeeper</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"/icon.svg\">\
             <link rel=\"stylesheet\" href=\"/style.css\">",
        );
        page.raw("<script type=\"module\" src=\"/script.js\"></script></head>\n<body>");
        page.raw("<a class=\"skip\" href=\"#main\">Skip to the content</a>").raw(icon::SPRITE);
        self.bar(&mut page);
        page.raw("\n<main id=\"main\" tabindex=\"-1\"");
        if let Some(now) = self.now {
            page.raw(" data-now=\"").show(now.strftime("%FT%TZ")).raw("\"");
        }
        if let Some(job) = self.job {
            page.raw(" data-job=\"").text(job.as_str()).raw("\"");
        }
        page.raw(">\n");
        content(&mut page);
        page.raw("</main></body></html>\n");
        page.into_string()
    }

    fn bar(self, page: &mut Html) {
        page.raw("\n<header class=\"top\"><a class=\"brand\" href=\"/\">Watchkeeper</a><nav aria-label=\"Pages\">");
        let has_accounts = self.viewer.has_accounts || self.tab == Tab::Accounts;
        for (tab, path, name) in TABS.into_iter().filter(|(tab, ..)| *tab != Tab::Accounts || has_accounts) {
            page.raw("<a href=\"").raw(path).raw(if tab == self.tab { "\" aria-current=\"page\">" } else { "\">" });
            page.raw(name).raw("</a>");
        }
        page.raw("</nav>");
        if self.live {
            page.raw("<p id=\"live\" role=\"status\">");
            if let Some(now) = self.now {
                page.raw("As of ").show(now.strftime("%T UTC"));
            }
            page.raw("</p>");
        }
        self.who(page);
        page.raw("</header>");
    }

    fn who(self, page: &mut Html) {
        page.raw("<div class=\"who\">");
        match self.viewer.actor() {
            Some(actor) => page.raw("<span>").text(&actor.name).raw("</span>"),
            None => page.raw("<a href=\"/login\">Log in</a>"),
        };
        if self.viewer.signed_in {
            page.raw("<form method=\"post\" action=\"/logout\">");
            form_token(page, self.viewer);
            page.raw("<button class=\"plain\">Log out</button></form>");
        }
        page.raw("</div>");
    }
}

/// The field that shows that a form came from a page of ours.
pub(super) fn form_token(page: &mut Html, viewer: &Viewer) {
    if let Some(token) = &viewer.form_token {
        page.raw("<input type=\"hidden\" name=\"form_token\" value=\"").text(token).raw("\">");
    }
}
