//! A node that answers from a list of blocks, and the test host in front of it.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use watchkeeper_sdk::{
    prelude::*,
    serde_json::{Value, json},
    testing::{Host, Run},
};

pub(super) struct Fake {
    node: Rc<RefCell<Node>>,
    host: Host,
}

#[derive(Default)]
struct Node {
    /// The canonical chain from block 0 on: the branch that made each block.
    branches: Vec<u8>,
    /// Answers that differ from a healthy node's.
    answers: BTreeMap<String, Result<Value, chain::Error>>,
}

impl Fake {
    /// A chain with blocks 0 to `head`.
    pub(super) fn new(head: u64) -> Self {
        let node = Rc::new(RefCell::new(Node::default()));
        let shared = Rc::clone(&node);
        let host = Host::new(move |chain, method, params| {
            assert_eq!(chain, "dev");
            shared.borrow().answer(method, params)
        });
        let fake = Self { node, host };
        fake.mine_to(1, head);
        fake
    }

    /// Mines on a branch up to a height. Block `n` holds `n` transactions, uses `1000 * n` of 1,000,000 gas and is 12 s younger
    /// than the block before.
    pub(super) fn mine_to(&self, branch: u8, head: u64) {
        self.node.borrow_mut().branches.resize(usize::try_from(head).unwrap() + 1, branch);
    }

    /// Takes away every block above a height.
    pub(super) fn roll_back_to(&self, head: u64) {
        self.node.borrow_mut().branches.truncate(usize::try_from(head).unwrap() + 1);
    }

    /// Replaces the whole chain, block 0 included.
    pub(super) fn begin_anew(&self, branch: u8, head: u64) {
        self.node.borrow_mut().branches.clear();
        self.mine_to(branch, head);
    }

    /// Makes a method, or a block by its tag, answer differently.
    pub(super) fn answer(&self, method: &str, answer: Result<Value, chain::Error>) {
        self.node.borrow_mut().answers.insert(method.into(), answer);
    }

    pub(super) fn run(&self) -> Run {
        self.run_with(json!({ "chain": "dev" }))
    }

    pub(super) fn run_with(&self, config: Value) -> Run {
        self.host.run(crate::run, config)
    }
}

impl Node {
    fn answer(&self, method: &str, params: &Value) -> Result<Value, chain::Error> {
        let key = match method {
            "eth_getBlockByNumber" => params[0].as_str().unwrap(),
            other => other,
        };
        if let Some(answer) = self.answers.get(key) {
            return answer.clone();
        }
        let head = self.branches.len() - 1;
        Ok(match (method, key) {
            ("eth_getBlockByNumber", "latest") => self.block(head),
            ("eth_getBlockByNumber", "safe") => self.block(head.saturating_sub(32)),
            ("eth_getBlockByNumber", "finalized") => self.block(head.saturating_sub(64)),
            ("eth_getBlockByNumber", number) => {
                self.block(usize::from_str_radix(number.strip_prefix("0x").unwrap(), 16).unwrap())
            }
            ("eth_gasPrice", _) => json!("0x77359400"),
            ("eth_feeHistory", _) => json!({ "reward": [["0x1", "0x2", "0x3"]] }),
            ("eth_chainId", _) => json!("0x7a69"),
            ("web3_clientVersion", _) => json!("fake/v1"),
            ("net_peerCount", _) => json!("0x3"),
            ("eth_syncing", _) => json!(false),
            ("txpool_status", _) => json!({ "pending": "0x4", "queued": "0x5" }),
            _ => panic!("{method}"),
        })
    }

    fn block(&self, number: usize) -> Value {
        let Some(branch) = self.branches.get(number) else {
            return Value::Null;
        };
        let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| hash(self.branches[parent], parent));
        json!({
            "number": format!("{number:#x}"),
            "hash": hash(*branch, number),
            "parentHash": parent,
            "timestamp": format!("{:#x}", 1_700_000_000 + 12 * number),
            "gasUsed": format!("{:#x}", 1_000 * number),
            "gasLimit": "0xf4240",
            "baseFeePerGas": "0x3b9aca00",
            "transactions": vec![B256::ZERO; number],
        })
    }
}

fn hash(branch: u8, number: usize) -> B256 {
    let mut hash = B256::right_padding_from(&number.to_be_bytes());
    hash.0[31] = branch;
    hash
}
