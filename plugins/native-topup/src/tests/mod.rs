//! The plugin as a whole against a chain and an account that are made up here.

mod alerts;
mod config;
mod fake;
mod native;
mod tokens;
