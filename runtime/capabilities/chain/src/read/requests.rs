//! Requests of many askers as one batch, each with its own outcome.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::value::RawValue;

use super::{Read, may_be_of_the_request};
use crate::{
    endpoint::{Answer, Asked, Node},
    fault::Fault,
};

pub(crate) struct ReadRequests {
    pub(crate) requests: Vec<(&'static str, Arc<RawValue>)>,
    /// Whether an endpoint failed in a way that one of the requests may have brought about.
    pub(crate) suspicious: AtomicBool,
}

impl Read for ReadRequests {
    type Answer = Vec<Answer>;

    async fn attempt(&self, node: Node<'_>) -> Result<Vec<Answer>, Fault> {
        let requests =
            self.requests.iter().map(|(method, params)| Asked { method, params: RawValue::to_owned(params) }).collect();
        node.requests(requests).await.inspect_err(|fault| {
            self.suspicious.fetch_or(may_be_of_the_request(fault), Ordering::Relaxed);
        })
    }
}
