//! What Watchkeeper shows over HTTP: the scrape endpoint, health, reload, the API, and the pages.
//!
//! The room knows how to speak HTTP safely and nothing of what it shows: everything comes through [`House`], which the
//! process implements. So here is no schedule, no plugin, no metric and no store.

mod access;
mod answer;
pub mod api;
mod body;
mod coalesce;
mod escape;
mod guard;
mod house;
mod pages;
mod routes;
mod serve;
mod stall;
mod viewer;
mod web_config;

#[cfg(test)]
mod tests;

pub use access::{Access, AccessError, AccessSettings, Token, read_local_token};
pub use house::{House, ProbeRequest, ScrapeRequest, ScrapeResponse};
pub use serve::{Options, serve};
pub use viewer::Viewer;
