//! The plugin against a store of other jobs' artifacts and a server that is played.

mod config;
mod reading;
mod restore;
