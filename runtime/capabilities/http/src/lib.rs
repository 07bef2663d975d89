//! The http capability: requests to services that the operator named. Plugins ask through WASI's own HTTP, of 0.3 or 0.2;
//! where both meet, each request is checked, gets the operator's headers, and goes to an address that was checked too.
//! Nothing here follows a redirect, keeps a connection or a cookie, or speaks for a plugin that has no grant.
//!
//! A request travels so: `hooks` (WASI's door, both versions) → `check` (the grant, before anything leaves) → `exchange` (its
//! place, time and sizes) → `json_rpc` (where the grant names methods) → `connect` (`resolve`, `address`, TLS) → the service.

mod address;
mod check;
mod connect;
mod exchange;
mod fault;
mod grant;
mod hooks;
mod json_rpc;
mod resolve;
mod service;
mod telemetry;
#[cfg(test)]
mod tests;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Run};

pub use service::{OpenError, Services};
pub use telemetry::HttpMetrics;

const NAME: &str = "http";

/// The power to ask services over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Http;

impl Capability for Http {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "wasi:http"
    }

    fn power(&self) -> &'static str {
        "send requests to named HTTP services"
    }

    fn example(&self) -> &'static str {
        r#"http.NAME.methods = ["GET"]"#
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
        wasmtime_wasi_http::p3::add_to_linker(linker)
    }
}
