//! A Celestia node as data: blocks, accounts, sampling, peers, and the answers that the node's JSON-RPC gives about them.
//! No network here: the server beside this folder and the plugin's own unit tests both stand on it.
//!
//! The shapes are those of celestia-node v0.28 (its `nodebuilder/*/`, `api/docgen/`) on go-jsonrpc v0.10; each is named where it
//! is made. celestia-rpc 1.3, another project's client, reads every answer; only the cryptography of headers and proofs isn't
//! stood in for.

mod answers;
pub(crate) mod encoding;
mod shapes;
pub(crate) mod wrong;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::{
    answers::Permission,
    encoding::{Submission, namespace},
    wrong::Wrong,
};

/// Seconds from one block to the next.
pub(crate) const INTERVAL: u64 = 6;

/// Everything that the node would know.
pub(crate) struct Model {
    pub(crate) network: String,
    /// The height of the first block in `blocks`.
    pub(crate) tail: u64,
    blocks: Vec<Block>,
    /// How many of the newest blocks the node itself doesn't have yet.
    pub(crate) behind: u64,
    /// In `utia`, by address.
    pub(crate) balances: BTreeMap<String, u128>,
    pub(crate) account: String,
    pub(crate) sync_error: Option<String>,
    pub(crate) sampling: Sampling,
    pub(crate) ready: bool,
    /// `Light` or `Bridge`, and the version of the API.
    pub(crate) kind: (String, String),
    pub(crate) peers: Vec<String>,
    /// Bytes received and sent.
    pub(crate) bandwidth: (u64, u64),
    /// Methods that answer otherwise.
    pub(crate) wrong: BTreeMap<String, Wrong>,
    /// Every method that was called, in order, whatever became of it.
    pub(crate) calls: Vec<String>,
}

/// How far the node has sampled.
pub(crate) struct Sampling {
    pub(crate) sampled: u64,
    pub(crate) handed_out: u64,
    /// Heights that failed, and how often.
    pub(crate) failed: BTreeMap<u64, u64>,
    /// By the kind of the job: `catchup`, `recent`, `retry`.
    pub(crate) workers: Vec<&'static str>,
    pub(crate) caught_up: bool,
    pub(crate) running: bool,
}

struct Block {
    height: u64,
    /// Seconds since the Unix epoch.
    time: u64,
    /// Tells the histories of a network that began anew.
    history: u8,
    submissions: Vec<Submission>,
}

impl Model {
    /// A light node of the network `private`, with blocks up to this height and none of them with a submission.
    pub(crate) fn new(height: u64) -> Self {
        let mut model = Self {
            network: "private".to_owned(),
            tail: 1,
            blocks: Vec::new(),
            behind: 0,
            balances: BTreeMap::from([(ACCOUNT.to_owned(), 7_500_000)]),
            account: ACCOUNT.to_owned(),
            sync_error: None,
            sampling: Sampling {
                sampled: 0,
                handed_out: 0,
                failed: BTreeMap::new(),
                workers: Vec::new(),
                caught_up: true,
                running: true,
            },
            ready: true,
            kind: ("Light".to_owned(), "v0.28.4".to_owned()),
            peers: ["12D3KooWPRb5h3g9MH7sx9qfbSQZG5cXv1a2Qs3o4aW5YmmzPq82"].map(str::to_owned).to_vec(),
            bandwidth: (1_000, 500),
            wrong: BTreeMap::new(),
            calls: Vec::new(),
        };
        model.begin(0, height);
        model
    }

    /// Makes a block with these submissions; returns its height.
    pub(crate) fn produce(&mut self, submissions: Vec<Submission>) -> u64 {
        self.produce_after(INTERVAL, submissions)
    }

    /// Makes a block so many seconds after the last.
    pub(crate) fn produce_after(&mut self, seconds: u64, submissions: Vec<Submission>) -> u64 {
        let (last, history) = self.blocks.last().map_or((GENESIS, 0), |block| (block.time, block.history));
        let height = self.network_head() + 1;
        self.blocks.push(Block { height, time: last + seconds, history, submissions });
        let local = self.local_head();
        (self.sampling.sampled, self.sampling.handed_out) = (local, local);
        height
    }

    /// Replaces the whole history, as a test network does that begins anew.
    pub(crate) fn begin(&mut self, history: u8, height: u64) {
        self.blocks.clear();
        self.tail = 1;
        for height in 1..=height {
            let time = GENESIS + height * INTERVAL;
            self.blocks.push(Block { height, time, history, submissions: Vec::new() });
        }
        (self.sampling.sampled, self.sampling.handed_out) = (height, height);
    }

    /// Forgets headers below a height, as a node that prunes.
    pub(crate) fn prune(&mut self, tail: u64) {
        self.blocks.retain(|block| block.height >= tail);
        self.tail = tail;
    }

    /// A block's own time.
    pub(crate) fn time(&self, height: u64) -> u64 {
        self.block(height).expect("a block that is there").time
    }

    pub(crate) fn network_head(&self) -> u64 {
        self.blocks.last().map_or(0, |block| block.height)
    }

    pub(crate) fn local_head(&self) -> u64 {
        self.network_head() - self.behind
    }

    /// What `header.GetByHeight` says of a block, for tests that change a part of it.
    pub(crate) fn header(&self, height: u64) -> Value {
        shapes::header(self, self.block(height).expect("a block that is there"))
    }

    fn block(&self, height: u64) -> Option<&Block> {
        self.blocks.iter().find(|block| block.height == height)
    }
}

/// The node's own account.
pub(crate) const ACCOUNT: &str = "celestia1qppxzdv95r89h588lawuk7gehnp6qzcd7ecsyy";
/// 2026-01-01T00:00:00Z.
const GENESIS: u64 = 1_767_225_600;
