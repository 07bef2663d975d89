//! The chain capability: reads of EVM chains that the operator named. Plugins name a chain and what to read; where the
//! endpoints are, which of them answers and what they cost stays here. Nothing that a plugin reaches can sign, send or
//! administer: `methods` is the one list of what it may ask.
//!
//! A read travels so: `bindings` → `reads` (grant, arguments) → `gather` (with whose reads it goes, or what is known already) →
//! `named` (which endpoint, for how long) → `read` (what is asked, and what counts as an answer) → `endpoint` → `transport` (one
//! bounded HTTP exchange). `heads` tells of new blocks. `money` is the host's alone: the reads that decide payments, and the
//! broadcast; no grant leads there.

mod bindings;
mod chains;
mod decode;
mod endpoint;
mod fault;
mod forks;
mod gather;
mod grant;
mod heads;
mod methods;
mod money;
mod named;
mod pace;
mod probe;
mod quorum;
mod read;
mod reads;
mod score;
mod seen;
mod settings;
mod standing;
mod telemetry;
mod transport;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Run};

pub use chains::Chains;
pub use fault::ReadError;
pub use money::{EstimateError, Fees, Money, Receipt, SendAnswer, Sent};
pub use read::{Call, Entry, Header, LogQuery, Reply};
pub use reads::{ChainReads, Reading};
pub use settings::{ChainSettings, EndpointSettings, OpenError};
pub use telemetry::ChainMetrics;

/// The chain's block that a read is about; alloy's type, of which the contract uses `latest`, `safe`, `finalized` and
/// numbers.
pub type At = alloy_rpc_types_eth::BlockNumberOrTag;

const NAME: &str = "chain";

/// The power to read chains.
#[derive(Debug, Clone, Copy)]
pub struct Chain;

impl Capability for Chain {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "watchkeeper:chain"
    }

    fn power(&self) -> &'static str {
        "read blocks, contracts and events of named chains"
    }

    fn example(&self) -> &'static str {
        r#"chain = ["NAME"]"#
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        bindings::link(linker)
    }
}
