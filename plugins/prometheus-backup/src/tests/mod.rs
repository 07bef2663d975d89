//! The plugin as a whole against a Prometheus, its folder and a store that are made up here.

mod backups;
mod failures;
mod fake;
mod leftovers;
