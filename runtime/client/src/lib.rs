//! The commands that ask a running Watchkeeper: find it, ask its API over HTTP, and show the answer as a table or as JSON.
//!
//! What the API says is defined where it is served; here are the questions, and how answers look in a terminal. No
//! argument is parsed here, and nothing of the keeper, its store or WebAssembly is known.

mod api;
mod commands;
mod error;
mod events;
mod reach;
mod show;
mod token;

pub use api::Api;
pub use commands::{Request, Since, perform};
pub use error::ClientError;
pub use reach::Reach;
pub use show::{Format, Screen};
pub use token::new_token;
