//! Any read-only method, its result passed on as it came.

use serde_json::value::RawValue;

use super::Read;
use crate::{endpoint::Node, fault::Fault};

pub(crate) struct ReadRequest {
    pub(crate) method: &'static str,
    pub(crate) params: Box<RawValue>,
}

impl Read for ReadRequest {
    type Answer = Box<RawValue>;

    async fn attempt(&self, node: Node<'_>) -> Result<Box<RawValue>, Fault> {
        node.call(self.method, self.params.clone()).await
    }
}
