//! Any read-only method, its result passed on as it came.

use serde_json::{Value, value::RawValue};

use super::Read;
use crate::{endpoint::Node, fault::Fault};

pub(crate) struct ReadRequest {
    pub(crate) method: &'static str,
    pub(crate) params: Box<RawValue>,
    pub(crate) is_of_a_block: bool,
}

impl Read for ReadRequest {
    type Answer = Box<RawValue>;

    fn is_of_a_block(&self) -> bool {
        self.is_of_a_block
    }

    /// Nodes differ in the fields that they add to a block: its hash says it all.
    fn same(one: &Box<RawValue>, other: &Box<RawValue>) -> bool {
        let value = |text: &RawValue| serde_json::from_str::<Value>(text.get()).ok();
        match (value(one), value(other)) {
            (Some(Value::Object(one)), Some(Value::Object(other))) if one.contains_key("hash") => {
                one.get("hash") == other.get("hash")
            }
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Box<RawValue>, Fault> {
        node.call(self.method, self.params.clone()).await
    }
}
