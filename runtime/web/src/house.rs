//! What this room needs from the process that it shows.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::status::Status;

/// The process behind the pages. Calls come from many requests at once. None may block its thread.
#[async_trait]
pub trait House: Send + Sync + 'static {
    /// Whether work is being done and reloads are taken.
    ///
    /// # Errors
    /// Why not, for people: starting, draining.
    fn ready(&self) -> Result<(), String>;

    /// Reads all files again and applies what is right in them. Called once at a time, and never dropped half-way.
    ///
    /// # Errors
    /// The text of all problems, a line or more each.
    async fn reload(&self) -> Result<(), String>;

    /// Everything that the status shows, as it is now.
    fn status(&self) -> Status;

    /// All series, written as the scraper wants them. One call serves every equal request that waits for it; it is dropped
    /// when all of them are gone.
    async fn scrape(&self, request: ScrapeRequest) -> ScrapeResponse;
}

/// What a scraper sent along.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScrapeRequest {
    /// The header `Accept`; several are joined with a comma.
    pub accept: Option<String>,
    /// The header `Accept-Encoding`; several are joined with a comma.
    pub accept_encoding: Option<String>,
    /// When the scraper gives up, less a margin for the way.
    pub timeout: Duration,
}

/// One exposition.
#[derive(Debug, Clone)]
pub struct ScrapeResponse {
    /// The header `Content-Type`, with version and charset.
    pub content_type: &'static str,
    /// The header `Content-Encoding`, if the body is encoded.
    pub content_encoding: Option<&'static str>,
    /// The body in parts, which are sent as they are and not copied.
    pub body: Vec<Bytes>,
}
