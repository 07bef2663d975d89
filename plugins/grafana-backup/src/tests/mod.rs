//! The plugin as a whole against Grafanas and a store that are made up here.

mod archive;
mod config;
mod exports;
mod fake;
mod imports;
mod round_trip;
