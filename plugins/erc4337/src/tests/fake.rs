//! A chain that is made up: blocks with times, EntryPoint 0.7's events and deposits, bundles that failed; and the test host before it.

use std::{cell::RefCell, collections::BTreeMap, ops::RangeInclusive, rc::Rc};

use watchkeeper_sdk::{
    alloy_primitives::{hex, keccak256},
    prelude::*,
    serde_json::{Value, json},
    testing::{Host, Run},
};

/// Where EntryPoint 0.7 is.
pub(super) const ENTRY_POINT: &str = "0x0000000071727De22E5E9d8BAf0edAc6f37da032";

pub(super) struct World {
    pub(super) node: Rc<RefCell<Node>>,
    host: Host,
}

#[derive(Default)]
pub(super) struct Node {
    /// Each block's time and branch, from block 0 on.
    blocks: Vec<(u64, u8)>,
    /// Each event's block, topics and data.
    events: Vec<(u64, Vec<B256>, Vec<u8>)>,
    /// What `getDepositInfo` answers for an account.
    pub(super) deposits: BTreeMap<Address, Vec<u8>>,
    /// Transactions to the EntryPoint that failed: block, data.
    pub(super) failed: Vec<(u64, Vec<u8>)>,
    /// What a call of the EntryPoint reverts with.
    pub(super) reverts: Option<Vec<u8>>,
    /// Answers that differ from a healthy node's.
    pub(super) answers: BTreeMap<String, Result<Value, chain::Error>>,
    /// How many headers by number were read.
    pub(super) headers: usize,
}

impl World {
    /// A chain whose blocks are so many seconds apart.
    pub(super) fn new(head: u64, seconds: u64) -> Self {
        let node = Rc::new(RefCell::new(Node::default()));
        let shared = Rc::clone(&node);
        let host = Host::new(move |chain, method, params| {
            assert_eq!(chain, "dev");
            shared.borrow_mut().answer(method, params)
        });
        let world = Self { node, host };
        world.mine(head + 1, seconds);
        for account in [Address::ZERO, paymaster()] {
            world.deposit(account, [1_000_000, 0, 0, 0, 0]);
        }
        world
    }

    pub(super) fn mine(&self, blocks: u64, seconds: u64) {
        let mut node = self.node.borrow_mut();
        for _ in 0..blocks {
            let last = node.blocks.last().map_or(1_700_000_000, |(time, _)| *time);
            node.blocks.push((last + seconds, 0));
        }
    }

    /// Replaces the newest blocks, and takes their events away.
    pub(super) fn reorganise(&self, blocks: usize) {
        let mut node = self.node.borrow_mut();
        let first = node.blocks.len() - blocks;
        node.blocks[first..].iter_mut().for_each(|(_, branch)| *branch += 1);
        node.events.retain(|(block, ..)| (*block as usize) < first);
    }

    pub(super) fn time(&self, block: u64) -> u64 {
        self.node.borrow().blocks[block as usize].0
    }

    pub(super) fn deposit(&self, account: Address, info: [u64; 5]) {
        self.node.borrow_mut().deposits.insert(account, words(&info));
    }

    /// An event of the EntryPoint; `indexed` follow the signature.
    pub(super) fn emit(&self, block: u64, signature: &str, indexed: &[B256], data: Vec<u8>) {
        let topics = [&[keccak256(signature)], indexed].concat();
        self.node.borrow_mut().events.push((block, topics, data));
    }

    /// An operation that cost so much.
    pub(super) fn operation(&self, block: u64, paymaster: Address, success: bool, cost: u64) -> B256 {
        let hash = keccak256(self.node.borrow().events.len().to_be_bytes());
        let signature = "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)";
        let data = words(&[0, success.into(), cost, cost * 2]);
        self.emit(block, signature, &[hash, B256::ZERO, paymaster.into_word()], data);
        hash
    }

    /// One operation in each block of a range, whose cost is the block's number.
    pub(super) fn operations(&self, blocks: RangeInclusive<u64>) {
        for block in blocks {
            self.operation(block, paymaster(), true, block);
        }
    }

    pub(super) fn run(&self, config: &Value) -> Run {
        let mut whole = json!({
            "chain": "dev", "decimals": 0, "depth": 2, "windows": ["1h"],
            "paymasters": { "ours": { "address": paymaster() } },
        });
        whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        self.host.run(crate::run, whole)
    }
}

impl Node {
    pub(super) fn events_len(&self) -> usize {
        self.events.len()
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, chain::Error> {
        if let Some(answer) = self.answers.get(method) {
            return answer.clone();
        }
        let head = self.blocks.len() as u64 - 1;
        Ok(match (method, params[0].as_str()) {
            ("eth_getBlockByNumber", Some("latest")) => self.block(head),
            ("eth_getBlockByNumber", Some(at)) => {
                self.headers += 1;
                self.block(number(at))
            }
            ("eth_getLogs", _) => self.logs(&params[0]),
            ("eth_call", _) => return self.call(&params[0]),
            ("eth_getTransactionReceipt", _) => json!({ "status": "0x0" }),
            ("debug_traceTransaction", _) => return Err(chain::Error::Denied("not granted".into())),
            _ => panic!("{method}"),
        })
    }

    fn block(&self, number: u64) -> Value {
        let Some((time, _)) = self.blocks.get(number as usize) else { return Value::Null };
        let failed = self.failed.iter().filter(|(block, _)| *block == number);
        let transactions = failed.map(|(block, input)| {
            json!({ "hash": keccak256(block.to_be_bytes()), "to": ENTRY_POINT, "input": hex::encode_prefixed(input) })
        });
        let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| self.hash(parent));
        json!({
            "number": format!("{number:#x}"),
            "hash": self.hash(number),
            "parentHash": parent,
            "timestamp": format!("{time:#x}"),
            "transactions": transactions.collect::<Vec<_>>(),
        })
    }

    fn hash(&self, number: u64) -> B256 {
        let branch = self.blocks[number as usize].1;
        keccak256([&number.to_be_bytes()[..], &[branch]].concat())
    }

    fn logs(&self, filter: &Value) -> Value {
        let range = number(filter["fromBlock"].as_str().unwrap())..=number(filter["toBlock"].as_str().unwrap());
        let wanted: Vec<Vec<B256>> = watchkeeper_sdk::serde_json::from_value(filter["topics"].clone()).unwrap();
        let matches = |topics: &[B256]| {
            wanted.iter().enumerate().all(|(place, one_of)| {
                one_of.is_empty() || topics.get(place).is_some_and(|topic| one_of.contains(topic))
            })
        };
        let mut found: Vec<_> = self.events.iter().enumerate().collect();
        found.retain(|(_, (block, topics, _))| range.contains(block) && matches(topics));
        found.sort_by_key(|(index, (block, ..))| (*block, *index));
        let log = |(index, (block, topics, data)): &(usize, &(u64, Vec<B256>, Vec<u8>))| {
            json!({
                "address": ENTRY_POINT,
                "topics": topics,
                "data": hex::encode_prefixed(data),
                "blockNumber": format!("{block:#x}"),
                "blockHash": self.hash(*block),
                "transactionHash": B256::ZERO,
                "logIndex": format!("{index:#x}"),
            })
        };
        found.iter().map(log).collect()
    }

    fn call(&self, call: &Value) -> Result<Value, chain::Error> {
        let data = hex::decode(call["data"].as_str().unwrap()).unwrap();
        if !call["to"].as_str().unwrap().eq_ignore_ascii_case(ENTRY_POINT) {
            return Ok(json!("0x"));
        }
        if data.starts_with(&[0x52, 0x87, 0xce, 0x12]) {
            let info = self.deposits.get(&Address::from_slice(&data[16..36]));
            return Ok(json!(hex::encode_prefixed(info.cloned().unwrap_or_else(|| words(&[0; 5])))));
        }
        let revert = self.reverts.clone().unwrap_or_default();
        Err(chain::Error::Rpc { code: 3, message: hex::encode_prefixed(revert) })
    }
}

/// The paymaster that has a name.
pub(super) fn paymaster() -> Address {
    Address::repeat_byte(0xa1)
}

pub(super) fn words(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| U256::from(*number).to_be_bytes::<32>()).collect()
}

fn number(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

/// No sample of a series.
pub(super) const ABSENT: [f64; 0] = [];
