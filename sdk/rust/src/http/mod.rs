//! Requests to the services that the operator granted. The host attaches their credentials, which a plugin never sees, and
//! checks each request; a redirect comes back as the answer that it is, and nothing here follows it.

mod error;
mod json_rpc;
mod types;

pub use self::{
    error::Error,
    json_rpc::json_rpc,
    types::{Request, Response},
};

/// A request that reads: `http::get("https://node.example.com/header").send().await?`.
pub fn get(url: &str) -> Request {
    Request::new("GET", url)
}

/// A request with a body.
pub fn post(url: &str) -> Request {
    Request::new("POST", url)
}
