//! The host's side of the contract: the bindings to `wit/`, the data of one run, its budget, the interfaces that
//! every plugin has without a grant, and the traits that a capability implements. It must not know any capability,
//! nor compile or schedule anything.

mod base;
pub mod bindings;
mod budget;
mod capability;
mod http;
mod run;
mod stream;
mod treasury;

pub use base::clean;
pub use budget::{Budget, LimitExceeded, Limits};
pub use capability::{
    Capability, ChainHealth, EndpointHealth, EndpointStanding, Grant, GrantError, Open, RunGrant, Settlement,
    StateChange, TellHead,
};
pub use run::{Emitted, Progress, Run, RunInfo, Turn, enter, hold};
pub use stream::{ByteSink, ByteStream, CHUNK, Unread, Verdict, byte_stream, lend_stream, take_future, take_stream};
pub use treasury::{AccountHealth, BudgetLeft, PaymentsStop, Treasury, TreasuryError};
