//! What plugin authors write with: config, metrics, one async function, and the capabilities as Rust. Host code must not be here.

#![doc = include_str!("../README.md")]

// The macros name this crate as plugins see it.
extern crate self as watchkeeper_sdk;

pub mod artifacts;
pub mod backup;
#[doc(hidden)]
pub mod bindings;
pub mod chain;
pub mod clock;
pub mod command;
mod config;
pub mod context;
mod error;
pub mod files;
mod host;
pub mod http;
mod join;
pub mod log;
pub mod metrics;
pub mod plugin;
pub mod prelude;
pub mod state;
pub mod stream;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod topup;
pub mod wallet;

pub use alloy_primitives;
pub use schemars;
pub use serde;
pub use serde_json;
pub use watchkeeper_sdk_macros::{Metrics, config, plugin};

pub use self::error::{Error, Result};
