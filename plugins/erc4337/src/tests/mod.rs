//! The plugin as a whole against a chain that is made up here.

mod alerts;
mod burn;
mod config;
mod deposits;
mod fake;
mod operations;
mod refused;
