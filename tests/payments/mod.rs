//! Payments: each happens exactly once or is visibly undecided, whatever crashes, lies, or asks. What left the account is read
//! off the chain, and what was ever signed off the wire; the program's own words are held against both.
//!
//! `WATCHKEEPER_KILLS=10000` kills more often. Blocks are made by the tests, so that "sent, and in no block" is the usual case.

mod faults;
mod foreign;
mod full_disk;
mod going;
mod hostile;
mod kill;
mod kill_switch;
mod old_ledger;
mod oracle;
mod policy;
mod readers;
mod reorganised;
mod secrets;
mod storm;
mod support;
mod topup;
mod two_processes;
mod windows;

use std::time::Duration;

/// The longest that anything may take here.
const SOON: Duration = Duration::from_secs(60);
/// An address that takes anything.
const ANYBODY: &str = "0x000000000000000000000000000000000000beef";
