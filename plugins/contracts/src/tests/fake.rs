//! A node whose contracts and events are a few lines, and the test host in front of it.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use alloy_dyn_abi::DynSolValue;
use watchkeeper_sdk::{
    alloy_primitives::{hex, keccak256},
    prelude::*,
    serde_json::{Value, json},
    testing::{Host, Run},
};

pub(super) const POOL: &str = "0x1000000000000000000000000000000000000001";
pub(super) const TOKEN: &str = "0x2000000000000000000000000000000000000002";
pub(super) const HOLDER: &str = "0x3000000000000000000000000000000000000003";
pub(super) const NOBODY: &str = "0x4000000000000000000000000000000000000004";

pub(super) struct Fake {
    node: Rc<RefCell<Node>>,
    host: Host,
}

#[derive(Default)]
struct Node {
    head: u64,
    /// Which branch the blocks are of.
    branch: u8,
    /// By contract and selector or whole data, the answer.
    answers: BTreeMap<(String, String), Result<Value, chain::Error>>,
    codes: BTreeMap<String, Value>,
    balances: BTreeMap<String, Value>,
    logs: Vec<Value>,
    logs_fail: Option<chain::Error>,
    asked: Vec<(String, Value)>,
}

impl Fake {
    pub(super) fn new(head: u64) -> Self {
        let node = Rc::new(RefCell::new(Node { head, ..Node::default() }));
        let shared = Rc::clone(&node);
        let host = Host::new(move |chain, method, params| {
            assert_eq!(chain, "dev");
            shared.borrow_mut().answer(method, params)
        });
        let fake = Self { node, host };
        for contract in [POOL, TOKEN] {
            fake.node.borrow_mut().codes.insert(contract.to_owned(), json!("0x6001"));
        }
        fake
    }

    pub(super) fn mine_to(&self, head: u64) {
        self.node.borrow_mut().head = head;
    }

    /// Replaces every block by one of another branch.
    pub(super) fn begin_anew(&self) {
        self.node.borrow_mut().branch += 1;
    }

    /// What a contract returns to calls that begin so.
    pub(super) fn returns(&self, contract: &str, data: &str, values: &[DynSolValue]) {
        let answer = DynSolValue::Tuple(values.to_vec()).abi_encode_sequence().unwrap();
        self.answers(contract, data, Ok(json!(Bytes::from(answer))));
    }

    /// What the node answers to calls of a contract that begin so.
    pub(super) fn answers(&self, contract: &str, data: &str, answer: Result<Value, chain::Error>) {
        self.node.borrow_mut().answers.insert((contract.to_owned(), data.to_owned()), answer);
    }

    pub(super) fn balance(&self, account: &str, balance: Value) {
        self.node.borrow_mut().balances.insert(account.to_owned(), balance);
    }

    /// Emits an event.
    pub(super) fn emit(&self, block: u64, contract: &str, topics: &[B256], data: &[DynSolValue]) {
        let data = Bytes::from(DynSolValue::Tuple(data.to_vec()).abi_encode_sequence().unwrap());
        let mut node = self.node.borrow_mut();
        let (place, block_hash) = (node.logs.len(), node.hash(block));
        node.logs.push(json!({
            "address": contract, "topics": topics, "data": data, "blockNumber": quantity(block), "blockHash": block_hash,
            "transactionHash": B256::ZERO, "logIndex": quantity(place as u64),
        }));
    }

    pub(super) fn logs_fail(&self, error: Option<chain::Error>) {
        self.node.borrow_mut().logs_fail = error;
    }

    /// The parameters of each request of a method so far.
    pub(super) fn asked(&self, method: &str) -> Vec<Value> {
        let node = self.node.borrow();
        node.asked.iter().filter(|(asked, _)| asked == method).map(|(_, params)| params.clone()).collect()
    }

    pub(super) fn run(&self, config: Value) -> Run {
        self.host.run(crate::run, config)
    }
}

impl Node {
    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, chain::Error> {
        self.asked.push((method.to_owned(), params.clone()));
        let address = |value: &Value| value.as_str().unwrap().to_lowercase();
        match method {
            "eth_getBlockByNumber" => {
                let number = match params[0].as_str().unwrap() {
                    "latest" => self.head,
                    "safe" => self.head - 4,
                    "finalized" => self.head - 8,
                    number => u64::from_str_radix(&number[2..], 16).unwrap(),
                };
                Ok(json!({
                    "number": quantity(number), "hash": self.hash(number), "parentHash": self.hash(number.wrapping_sub(1)),
                    "timestamp": quantity(1_700_000_000 + number),
                }))
            }
            "eth_call" => {
                let (to, data) = (address(&params[0]["to"]), params[0]["data"].as_str().unwrap());
                let known =
                    self.answers.iter().find(|((contract, begin), _)| *contract == to && data.starts_with(begin));
                known.map_or(Ok(json!("0x")), |(_, answer)| answer.clone())
            }
            "eth_getCode" => Ok(self.codes.get(&address(&params[0])).cloned().unwrap_or(json!("0x"))),
            "eth_getBalance" => Ok(self.balances.get(&address(&params[0])).cloned().unwrap_or(Value::Null)),
            "eth_getLogs" => match &self.logs_fail {
                Some(error) => Err(error.clone()),
                None => Ok(self.logs_of(&params[0])),
            },
            _ => panic!("{method}"),
        }
    }

    /// Filters by block only: what a node that is not trusted might do.
    fn logs_of(&self, filter: &Value) -> Value {
        let number = |value: &Value| u64::from_str_radix(&value.as_str().unwrap()[2..], 16).unwrap();
        let (from, to) = (number(&filter["fromBlock"]), number(&filter["toBlock"]));
        self.logs.iter().filter(|log| (from..=to).contains(&number(&log["blockNumber"]))).cloned().collect()
    }

    fn hash(&self, number: u64) -> B256 {
        keccak256([&[self.branch][..], &number.to_be_bytes()].concat())
    }
}

/// A reverted call, as the test host knows it.
pub(super) fn reverted() -> Result<Value, chain::Error> {
    Err(chain::Error::Rpc { code: 3, message: "execution reverted".into() })
}

pub(super) fn uint(number: u64, bits: usize) -> DynSolValue {
    DynSolValue::Uint(U256::from(number), bits)
}

/// An address as a topic.
pub(super) fn topic(address: &str) -> B256 {
    B256::left_padding_from(&hex::decode(address).unwrap())
}

/// The hash of an event's signature.
pub(super) fn signature(event: &str) -> B256 {
    keccak256(event)
}

fn quantity(number: u64) -> String {
    format!("{number:#x}")
}
