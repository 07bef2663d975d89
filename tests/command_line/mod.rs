//! The command line: output, messages and exit codes. What people read is kept in `snapshots/`; `BLESS=1` writes it anew.

mod accounts;
mod asking;
mod authoring;
mod running;
mod snapshot;
mod trying;
