//! The plugin as a whole against a chain and an account that are made up here.

mod alerts;
mod budgets;
mod burn;
mod config;
mod deposits;
mod failures;
mod fake;
mod periods;
