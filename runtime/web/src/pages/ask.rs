//! The question before something is done: a page of its own, which `script.js` shows as a dialog. Its form is the only way
//! in which a page acts.

use std::fmt::Display;

use watchkeeper_model::{AccountName, JobName};

use super::{
    html::Html,
    shell::{Shell, form_token},
};
use crate::{
    Viewer,
    api::{JobOverview, RunSummary, UnapprovedInfo},
};

/// Where questions about accounts and payments come from.
const ACCOUNTS: &str = "/accounts";

/// What a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verb {
    /// Run a job now.
    Run,
    /// Pause a job.
    Pause,
    /// Resume a job.
    Resume,
    /// Leave out a job's next due times.
    SkipNext,
    /// End a run.
    Cancel,
    /// Begin no payment any more.
    StopPayments,
    /// Let payments go on.
    ResumePayments,
    /// Let a job pay with the component that it has.
    Approve,
    /// Take what the chain has of an account for known.
    Adopt,
}

impl Verb {
    /// As the query has it that says what was done. Of a job's and a run's also the last part of the path that the form posts to.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::SkipNext => "skip-next",
            Self::Cancel => "cancel",
            Self::StopPayments => "stop-payments",
            Self::ResumePayments => "resume-payments",
            Self::Approve => "approve",
            Self::Adopt => "adopt",
        }
    }

    /// Where a job's question is and its form posts to: `/jobs/NAME/pause`.
    pub(crate) fn path(self, job: &JobName) -> String {
        format!("/jobs/{job}/{}", self.as_str())
    }

    /// What a page says after it was done.
    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::Run => "A run was asked for.",
            Self::Pause => "The job was paused.",
            Self::Resume => "The job was resumed.",
            Self::SkipNext => "The next due times will be skipped as asked.",
            Self::Cancel => "The run was asked to end.",
            Self::StopPayments => "All payments were stopped.",
            Self::ResumePayments => "Payments go on.",
            Self::Approve => "The job may pay with this component.",
            Self::Adopt => "The account goes on after the chain’s transactions.",
        }
    }

    const fn button(self) -> &'static str {
        match self {
            Self::Run => "Run now",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::SkipNext => "Skip",
            Self::Cancel => "Cancel the run",
            Self::StopPayments => "Stop all payments",
            Self::ResumePayments => "Resume payments",
            Self::Approve => "Approve",
            Self::Adopt => "Adopt",
        }
    }

    /// What it will do, where that isn't plain.
    const fn effect(self) -> &'static str {
        match self {
            Self::Run => "One run begins as soon as it gets its turn, besides the schedule.",
            Self::Pause => {
                "No run begins by its schedule until it is resumed; its due times are recorded as skipped. A run that is going goes on."
            }
            Self::Resume => "It runs again from its next due time on. What fell due while it was paused stays skipped.",
            Self::SkipNext => "Its next due times are recorded as skipped. 0 takes an earlier wish back.",
            Self::Cancel => {
                "It is ended at once and not tried again. What it did outside stays done; what it measured is dropped."
            }
            Self::StopPayments => {
                "No payment of any account begins until they are resumed. What is signed already is followed to its end: it may still be paid."
            }
            Self::ResumePayments => "Jobs may pay again, within the same caps as before.",
            Self::Approve => "The job may spend what its grant and the account’s caps allow, with exactly these bytes.",
            Self::Adopt => {
                "Whatever used this account besides is taken for known, and the journal goes on after it. Look first at what it was: somebody else may have the key."
            }
        }
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question<'a> {
    /// [`Verb::Run`], [`Verb::Pause`], [`Verb::Resume`] or [`Verb::SkipNext`], of a job.
    Job(Verb, &'a JobOverview),
    /// [`Verb::Cancel`], of a run that is going.
    Cancel(&'a RunSummary),
    /// [`Verb::StopPayments`].
    StopPayments,
    /// [`Verb::ResumePayments`].
    ResumePayments,
    /// [`Verb::Approve`], of a job that asked to pay from an account.
    Approve(&'a AccountName, &'a UnapprovedInfo),
    /// [`Verb::Adopt`], of an account.
    Adopt(&'a AccountName),
}

impl Question<'_> {
    /// Where it is; its form posts there too.
    pub(super) fn path(self) -> String {
        match self {
            Self::Job(verb, job) => verb.path(&job.name),
            Self::Cancel(run) => format!("/runs/{}/cancel", run.id),
            Self::StopPayments => "/payments/stop".to_owned(),
            Self::ResumePayments => "/payments/resume".to_owned(),
            Self::Approve(account, UnapprovedInfo { job, digest }) => {
                format!("/accounts/{account}/approve?job={job}&digest={digest}")
            }
            Self::Adopt(account) => format!("/accounts/{account}/adopt"),
        }
    }
}

/// `GET` of [`Question::path`]. Its form posts `form_token`, `note` (which may be empty), for `skip-next` `count`, and for
/// `approve` `job` and `digest` to the same path.
pub(crate) fn ask(question: Question<'_>, viewer: &Viewer) -> String {
    let path = question.path();
    match question {
        Question::Job(verb, job) => {
            let title = match verb {
                Verb::Run => format!("Run {} now?", job.name),
                Verb::Pause => format!("Pause {}?", job.name),
                Verb::Resume => format!("Resume {}?", job.name),
                Verb::SkipNext => format!("Skip the next due times of {}?", job.name),
                _ => format!("{} of {}?", verb.button(), job.name),
            };
            let back = format!("/jobs/{}", job.name);
            form(verb, &title, &path, &back, viewer, |page| {
                if verb == Verb::SkipNext {
                    count(page, job.skip_next.max(1));
                }
            })
        }
        Question::Cancel(run) => {
            let title = format!("Cancel this run of {}?", run.job);
            let back = format!("/runs/{}", run.id);
            form(Verb::Cancel, &title, &path, &back, viewer, |_| {})
        }
        Question::StopPayments => form(Verb::StopPayments, "Stop all payments?", &path, ACCOUNTS, viewer, |_| {}),
        Question::ResumePayments => form(Verb::ResumePayments, "Resume payments?", &path, ACCOUNTS, viewer, |_| {}),
        Question::Approve(account, wanted) => {
            let title = format!("Let {} pay from {account}?", wanted.job);
            form(Verb::Approve, &title, &path, ACCOUNTS, viewer, |page| component(page, wanted))
        }
        Question::Adopt(account) => {
            form(Verb::Adopt, &format!("Adopt the transactions of {account}?"), &path, ACCOUNTS, viewer, |_| {})
        }
    }
}

fn form(verb: Verb, title: &str, path: &str, back: &str, viewer: &Viewer, fields: impl FnOnce(&mut Html)) -> String {
    Shell::still(viewer, title).render(|page| {
        page.raw("<form class=\"card ask\" id=\"confirm\" method=\"post\" action=\"").text(path).raw("\">");
        page.raw("<h1 id=\"confirm-title\">").text(title).raw("</h1><p>").raw(verb.effect()).raw("</p>");
        if viewer.may_act() {
            form_token(page, viewer);
            fields(page);
            page.raw(
                "<div class=\"field\"><label for=\"note\">Note <span class=\"soft\">(optional, kept with your name)</span>\
                 </label><input id=\"note\" name=\"note\" maxlength=\"500\" autocomplete=\"off\"></div>\
                 <div class=\"actions\"><button class=\"main\">",
            );
            page.raw(verb.button()).raw("</button>");
        } else {
            log_in_first(page, path);
        }
        page.raw("<a class=\"button\" data-cancel href=\"").text(back).raw("\">Leave it</a></div></form>\n");
    })
}

fn log_in_first(page: &mut Html, next: &str) {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    page.raw("<p>This needs a token that may act.</p><div class=\"actions\"><a class=\"button\" href=\"/login?next=");
    page.text(&next).raw("\">Log in</a>");
}

fn count(page: &mut Html, now: impl Display) {
    page.raw("<div class=\"field\"><label for=\"count\">How many</label>");
    page.raw("<input id=\"count\" name=\"count\" type=\"number\" min=\"0\" max=\"1000\" required value=\"").show(now);
    page.raw("\"></div>");
}

/// What is approved, to be seen and to be sent.
fn component(page: &mut Html, wanted: &UnapprovedInfo) {
    page.raw("<p>Its component is <code>").show(wanted.digest).raw("</code>.</p>");
    page.raw("<input type=\"hidden\" name=\"job\" value=\"").text(wanted.job.as_str());
    page.raw("\"><input type=\"hidden\" name=\"digest\" value=\"").show(wanted.digest).raw("\">");
}

/// That something was just done, above the page that shows it.
pub(super) fn done(page: &mut Html, done: Option<Verb>) {
    if let Some(verb) = done {
        page.raw("<p class=\"banner done\" role=\"status\">").raw(verb.done()).raw("</p>\n");
    }
}

/// A link to a question, as a button.
pub(super) fn button(page: &mut Html, icon: super::icon::Icon, path: &str, words: &'static str) {
    page.raw("<a class=\"button\" data-confirm href=\"").text(path).raw("\">");
    icon.draw(page);
    page.raw(words).raw("</a>");
}
