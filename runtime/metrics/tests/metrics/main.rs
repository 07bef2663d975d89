//! The store from outside: what it promises, against a model, under threads, and judged by Prometheus' own
//! tool.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be, in its helpers too"
)]

mod concurrency;
mod declare;
mod exposition;
mod model;
mod store;
mod support;
