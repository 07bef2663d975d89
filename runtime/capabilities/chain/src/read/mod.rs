//! What can be read. Each kind of read says what it asks of one endpoint and what it takes for an answer; it knows
//! nothing of other endpoints, grants or plugins.

mod company;
mod contracts;
mod gathered;
mod header;
mod logs;
mod multicall;
mod pinned;
mod request;
mod requests;
mod span;
mod together;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use company::Company;
pub use contracts::{Call, Reply};
pub(crate) use contracts::{MAX_CALLS, ReadContracts, reply};
pub(crate) use gathered::ReadGathered;
pub use header::Header;
pub(crate) use header::ReadHeader;
pub(crate) use logs::ReadLogs;
pub use logs::{Entry, LogQuery};
pub(crate) use multicall::CANONICAL as MULTICALL3;
pub(crate) use pinned::Block;
pub(crate) use request::ReadRequest;
pub(crate) use requests::ReadRequests;
pub(crate) use span::Span;

use crate::{
    endpoint::Node,
    fault::{Fault, is_about_the_request},
};

/// A read of one kind, which can be tried at any endpoint of the chain.
pub(crate) trait Read: Send + Sync + 'static {
    /// What it gives.
    type Answer: Send + 'static;

    /// Whether it is of a block, so that endpoints can agree on it.
    fn is_of_a_block(&self) -> bool {
        false
    }

    /// Asks one endpoint.
    fn attempt(&self, node: Node<'_>) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;

    /// Whether two endpoints said the same.
    fn same(_one: &Self::Answer, _other: &Self::Answer) -> bool {
        false
    }

    /// The read to ask for instead where it is of the newest block, and endpoints differ in which that is: of the newest one
    /// that `rank` of them have.
    fn common(&self, _answers: &[&Self::Answer], _rank: usize) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// Whether what was asked, and not the endpoint, may have brought a fault about: something of it would fail again, at any
/// endpoint, and the rest would not.
fn may_be_of_the_request(fault: &Fault) -> bool {
    match fault {
        Fault::Timeout | Fault::TooLarge(_) | Fault::Malformed(_) | Fault::Rpc(_) | Fault::Replaced => true,
        Fault::Status(status) => is_about_the_request(*status),
        _ => false,
    }
}

pub(crate) fn params(params: &impl Serialize) -> Result<Box<RawValue>, Fault> {
    to_raw_value(params).map_err(Fault::malformed)
}

pub(crate) fn parse<T: DeserializeOwned>(answer: &RawValue) -> Result<T, Fault> {
    serde_json::from_str(answer.get()).map_err(Fault::malformed)
}
