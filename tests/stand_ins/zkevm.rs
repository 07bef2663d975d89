//! The node of a Polygon zkEVM or CDK rollup: Anvil, with `zkevm_` methods in front of it.
//!
//! | what | shape | source |
//! |---|---|---|
//! | all numbers | a quantity, as `"0x1f"`, `"0x0"` | cdk-erigon `turbo/jsonrpc/zkevm_api.go` (`hexutil.Uint64`); zkevm-node `jsonrpc/endpoints_zkevm.go` (`hex.EncodeUint64`) |
//! | verified batch of a node that doesn't follow L1 | `"0x0"` | cdk-erigon issue 636 |
//! | virtual batch of such a node | `"0x0"`; since fork 7 `"0x1"` | cdk-erigon `VirtualBatchNumber` |
//! | virtual batch of such a node, earlier | error -32000 `invalid hash length` | cdk-erigon issue 636 |
//! | a stage without an entry in the database | error -32000 `failed to get the last … from state` | zkevm-node |
//! | a node without the namespace | error -32601 | cdk-erigon's README: `zkevm` has to be in `http.api`; Anvil answers so too |

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::{Anvil, Fault, FaultProxy};

const TRUSTED: &str = "zkevm_batchNumber";
const VIRTUAL: &str = "zkevm_virtualBatchNumber";
const VERIFIED: &str = "zkevm_verifiedBatchNumber";
const CONSOLIDATED: &str = "zkevm_consolidatedBlockNumber";
const FORK: &str = "zkevm_getForkId";

/// L2 blocks in each batch.
const BLOCKS_PER_BATCH: u64 = 4;

/// A running node. The methods that it has are those that a test let it answer; every other goes to Anvil.
pub(crate) struct ZkevmNode {
    proxy: FaultProxy,
    replies: Mutex<Vec<(&'static str, Value)>>,
}

/// How far batches are by what a node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batches {
    pub(crate) trusted: u64,
    pub(crate) sequenced: u64,
    pub(crate) verified: u64,
}

impl ZkevmNode {
    /// A node that follows both chains and answers truthfully.
    pub(crate) fn start(anvil: &Anvil, batches: Batches) -> Self {
        let node = Self { proxy: FaultProxy::start(anvil.url()), replies: Mutex::default() };
        node.reply(FORK, result(12));
        node.says(batches);
        node
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        self.proxy.url()
    }

    /// Answers so from now on.
    pub(crate) fn says(&self, batches: Batches) {
        self.reply(TRUSTED, result(batches.trusted));
        self.reply(VIRTUAL, result(batches.sequenced));
        self.reply(VERIFIED, result(batches.verified));
        self.reply(CONSOLIDATED, result(consolidated(batches.verified)));
    }

    /// As a sequencer that doesn't follow L1: since fork 7, whose first batch is there from the start.
    pub(crate) fn forgets_l1(&self) {
        self.reply(VIRTUAL, result(1));
        self.reply(VERIFIED, result(0));
        self.reply(CONSOLIDATED, result(0));
    }

    /// The same before fork 7.
    pub(crate) fn forgets_l1_before_fork_7(&self) {
        self.forgets_l1();
        self.reply(VIRTUAL, result(0));
    }

    /// As in cdk-erigon issue 636: a zero for the one, an error for the other.
    pub(crate) fn forgets_l1_with_an_error(&self) {
        self.forgets_l1();
        self.reply(VIRTUAL, error("invalid hash length"));
    }

    /// As zkevm-node whose database has no virtual batch.
    pub(crate) fn has_no_virtual_batch(&self) {
        self.reply(VIRTUAL, error("failed to get the last virtual batch number from state"));
    }

    /// Answers a method by something that no node should: JSON in place of `result`.
    pub(crate) fn answers_virtual_batch(&self, answer: Value) {
        self.reply(VIRTUAL, json!({ "result": answer }));
    }

    /// As an older node, which lacks the method.
    pub(crate) fn lacks_fork_id(&self) {
        self.reply(
            FORK,
            json!({"error": {"code": -32601, "message": "the method zkevm_getForkId does not exist/is not available"}}),
        );
    }

    fn reply(&self, method: &'static str, reply: Value) {
        let mut replies = self.replies.lock().expect("no test panics in here");
        replies.retain(|(of, _)| *of != method);
        replies.push((method, reply));
        self.proxy.set(Fault::ReplaceEach(replies.clone()));
    }
}

/// How many L2 blocks are consolidated by so many verified batches.
pub(crate) fn consolidated(verified: u64) -> u64 {
    verified * BLOCKS_PER_BATCH
}

fn result(number: u64) -> Value {
    json!({ "result": format!("{number:#x}") })
}

fn error(message: &str) -> Value {
    json!({ "error": { "code": -32000, "message": message } })
}
