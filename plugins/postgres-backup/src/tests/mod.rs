//! The plugin against a host whose `pg_dump` and `pg_dumpall` are played.

mod config;
mod dumps;
mod fake;
