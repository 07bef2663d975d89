//! What can be read. Each kind of read says what it asks of one endpoint and what it takes for an answer; it knows
//! nothing of other endpoints, grants or plugins.

mod contracts;
mod header;
mod logs;
mod request;
mod span;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

pub use contracts::{Call, Reply};
pub(crate) use contracts::{MAX_CALLS, ReadContracts};
pub use header::Header;
pub(crate) use header::ReadHeader;
pub(crate) use logs::ReadLogs;
pub use logs::{Entry, LogQuery};
pub(crate) use request::ReadRequest;
pub(crate) use span::Span;

use crate::{endpoint::Node, fault::Fault};

/// A read of one kind, which can be tried at any endpoint of the chain.
pub(crate) trait Read: Send + Sync + 'static {
    /// What it gives.
    type Answer: Send + 'static;

    /// Asks one endpoint.
    fn attempt(&self, node: Node<'_>) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

fn params(params: &impl Serialize) -> Result<Box<RawValue>, Fault> {
    to_raw_value(params).map_err(Fault::malformed)
}

fn parse<T: DeserializeOwned>(answer: &RawValue) -> Result<T, Fault> {
    serde_json::from_str(answer.get()).map_err(Fault::malformed)
}
