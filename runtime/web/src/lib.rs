//! What Watchkeeper shows over HTTP: the scrape endpoint, health, reload, status, and a plain first page.
//!
//! The room knows how to speak HTTP safely and nothing of what it shows: everything comes through [`House`], which the
//! process implements. So here is no job, no plugin, no metric and no file.

mod coalesce;
mod escape;
mod guard;
mod house;
mod page;
mod routes;
mod serve;
mod stall;
pub mod status;

#[cfg(test)]
mod tests;

pub use house::{House, ScrapeRequest, ScrapeResponse};
pub use serve::{Options, serve};
