//! From a host to addresses. Asked anew for each request, and what it says is what is checked and connected to: a name that
//! moves between the check and the connection gains nothing.

use std::{io, net::SocketAddr};

use async_trait::async_trait;

/// Who knows names.
#[async_trait]
pub(crate) trait Resolve: Send + Sync {
    /// All addresses of a host.
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The machine's own resolver.
pub(crate) struct System;

#[async_trait]
impl Resolve for System {
    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}
