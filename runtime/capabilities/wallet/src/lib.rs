//! The wallet capability: payments from accounts that the operator lent. A plugin names an account and what to pay; the host
//! holds it against the grant's rules, reads the grant's condition for itself, reserves it in the journal, signs, sends, and
//! follows it to its end. Keys stay in `watchkeeper-keys`, reads of the chain in `watchkeeper-chain`, the journal in
//! `watchkeeper-ledger`.
//!
//! A payment travels so: `bindings` → `purse` (the run's grant) → `pay` (known key, approval, stop) → `decide` (condition,
//! limits, fee) → journal → signer → journal → nodes. `follow` watches it from there, across restarts; `books` hold what left
//! the account against the journal. Nothing here trusts a plugin, a node or a signer.

mod abi;
mod account;
mod accounts;
mod bindings;
mod books;
mod decide;
mod fail_point;
mod fault;
mod fees;
mod follow;
mod grant;
mod limits;
mod pay;
mod purse;
mod rule;
mod send;
mod telemetry;
mod treasury;
mod written;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Run};

pub use accounts::{Accounts, OpenError, Owners, Parts};
#[cfg(feature = "fail-points")]
pub use fail_point::{FAIL_POINTS, KILL_AT};
pub use fault::PayError;
pub use purse::{Allowance, Asker, Purse, Receipt};
pub use telemetry::WalletMetrics;

const NAME: &str = "wallet";

/// The power to pay.
#[derive(Debug, Clone, Copy)]
pub struct Wallet;

impl Capability for Wallet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "watchkeeper:wallet"
    }

    fn power(&self) -> &'static str {
        "pay from named accounts, within their policy"
    }

    fn example(&self) -> &'static str {
        "[grants.wallet.ACCOUNT] with `allow`"
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        bindings::link(linker)
    }
}
