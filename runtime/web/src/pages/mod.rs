//! The pages, rendered here from what the API says. No page asks the house, knows a route's work, or trusts a text.
//!
//! A page acts by the form of its question ([`ask`]) alone, which posts `form_token`; what is shown then is another of these
//! pages, after a redirect with `?done=VERB`. Everything works without `script.js`, which keeps an open page current and
//! shows the question as a dialog.

mod accounts;
mod actions;
mod ask;
mod chains;
mod figures;
mod html;
mod icon;
mod job;
mod notices;
mod overview;
mod payment;
mod payments;
mod plugins;
mod progress;
mod run;
mod runs;
mod shell;
mod sieve;
mod spark;
mod timeline;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use accounts::accounts;
pub(crate) use actions::actions;
pub(crate) use ask::{Question, Verb, ask};
pub(crate) use chains::chains;
pub(crate) use job::job;
pub(crate) use notices::{login, not_found, refused};
pub(crate) use overview::overview;
pub(crate) use payment::payment;
pub(crate) use payments::payments;
pub(crate) use plugins::plugins;
pub(crate) use run::run;
pub(crate) use runs::runs;
pub(crate) use sieve::Sieve;

/// Served at `/icon.svg`, as `image/svg+xml`.
pub(crate) const ICON: &str = include_str!("icon.svg");
/// Served at `/script.js`, as `text/javascript`.
pub(crate) const SCRIPT: &str = include_str!("script.js");
/// Served at `/style.css`, as `text/css`.
pub(crate) const STYLE: &str = include_str!("style.css");
