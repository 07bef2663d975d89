//! A rollup `zk` and the chain `main` that it settles on, with a rollup manager, and the test host in front of them.

use std::{
    cell::{RefCell, RefMut},
    collections::BTreeMap,
    rc::Rc,
};

use watchkeeper_sdk::{
    alloy_primitives::{hex, keccak256},
    log::Level,
    prelude::*,
    serde_json::{Value, json},
    testing::{Host, Run},
};

pub(super) const MANAGER: Address = Address::repeat_byte(0xaa);
pub(super) const SEQUENCER: Address = Address::repeat_byte(0x5e);
pub(super) const AGGREGATOR: Address = Address::repeat_byte(0xa6);
const ROLLUP: Address = Address::repeat_byte(0xcc);
/// What a transaction costs: gas used at a price.
pub(super) const COST: f64 = 21_000.0 * 1e9 / 1e18;

pub(super) struct Fake {
    world: Rc<RefCell<World>>,
    host: Host,
}

/// Both chains.
pub(super) struct World {
    pub(super) trusted: u64,
    pub(super) sequenced: u64,
    pub(super) verified: u64,
    /// The hash of block 0 of `zk`.
    pub(super) genesis: u8,
    /// What the contract says, where it isn't what was sent to it.
    pub(super) contract: BTreeMap<&'static str, Vec<B256>>,
    /// Answers that differ from a healthy node's: by chain and method.
    pub(super) answers: BTreeMap<(&'static str, &'static str), Result<Value, chain::Error>>,
    /// The blocks of `main`: the branch that made each, and its events.
    blocks: Vec<(u8, Vec<Value>)>,
    l1: (u64, u64),
    transactions: u64,
}

impl Fake {
    /// Batches are made up to 9, sent up to 7 and proved up to 5; `main` has blocks 0 to 100.
    pub(super) fn new() -> Self {
        let world = Rc::new(RefCell::new(World {
            trusted: 9,
            sequenced: 7,
            verified: 5,
            genesis: 1,
            contract: BTreeMap::new(),
            answers: BTreeMap::new(),
            blocks: vec![(1, Vec::new()); 101],
            l1: (7, 5),
            transactions: 0,
        }));
        let shared = Rc::clone(&world);
        let host = Host::new(move |chain, method, params| shared.borrow().answer(chain, method, params));
        Self { world, host }
    }

    pub(super) fn world(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    /// A job without L1.
    pub(super) fn run(&self) -> Run {
        self.host.run(crate::run, json!({ "l2": "zk" }))
    }

    /// A job that watches the manager, with settled blocks up to the head's fourth parent.
    pub(super) fn run_on_l1(&self) -> Run {
        self.run_with(json!({}))
    }

    /// The same with further keys of `l1`.
    pub(super) fn run_with(&self, further: Value) -> Run {
        let mut l1 = json!({
            "chain": "main",
            "contract": { "kind": "rollup-manager", "address": MANAGER, "rollup_id": 3 },
            "depth": 4,
        });
        l1.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        self.host.run(crate::run, json!({ "l2": "zk", "l1": l1 }))
    }
}

impl World {
    pub(super) fn says(&mut self, chain: &'static str, method: &'static str, answer: Value) {
        self.answers.insert((chain, method), Ok(answer));
    }

    pub(super) fn fails(&mut self, chain: &'static str, method: &'static str, error: chain::Error) {
        self.answers.insert((chain, method), Err(error));
    }

    /// Mines empty blocks on `main`.
    pub(super) fn mine(&mut self, blocks: usize) {
        self.blocks.resize(self.blocks.len() + blocks, (1, Vec::new()));
    }

    /// Takes away the newest blocks of `main`, and mines as many on another branch.
    pub(super) fn reorganise(&mut self, blocks: usize) {
        self.blocks.truncate(self.blocks.len() - blocks);
        self.blocks.resize(self.blocks.len() + blocks, (2, Vec::new()));
    }

    /// Sends batches up to one to L1, in a block of its own, and lets the rollup's node know.
    pub(super) fn sequence(&mut self, to: u64) {
        self.l1.0 = to;
        self.sequenced = to;
        let event = event("OnSequenceBatches(uint32,uint64)", &[word(3)], &[word(to)]);
        self.transaction(vec![event]);
    }

    /// Proves batches up to one.
    pub(super) fn verify(&mut self, to: u64) {
        self.l1.1 = to;
        self.verified = to;
        self.transaction(vec![verified(to)]);
    }

    /// Proves batches in one transaction with several events, one of which is another rollup's.
    pub(super) fn verify_several(&mut self, to: [u64; 2]) {
        self.l1.1 = to[1];
        self.verified = to[1];
        let others = event("OnSequenceBatches(uint32,uint64)", &[word(4)], &[word(1_000)]);
        self.transaction(vec![verified(to[0]), others, verified(to[1])]);
    }

    pub(super) fn roll_back(&mut self, to: u64) {
        self.l1.0 = to;
        self.sequenced = to;
        let event = event("RollbackBatches(uint32,uint64,bytes32)", &[word(3), word(to)], &[word(0)]);
        self.transaction(vec![event]);
    }

    pub(super) fn transaction(&mut self, mut events: Vec<Value>) {
        self.transactions += 1;
        for event in &mut events {
            event["transactionHash"] = json!(word(self.transactions));
        }
        self.blocks.push((1, events));
    }

    /// The newest block of `main`.
    pub(super) fn head(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    fn answer(&self, chain: &str, method: &str, params: &Value) -> Result<Value, chain::Error> {
        if let Some((_, answer)) = self.answers.iter().find(|((of, name), _)| *of == chain && *name == method) {
            return answer.clone();
        }
        let quantity = |number: u64| json!(format!("{number:#x}"));
        Ok(match (chain, method) {
            ("zk", "zkevm_batchNumber") => quantity(self.trusted),
            ("zk", "zkevm_virtualBatchNumber") => quantity(self.sequenced),
            ("zk", "zkevm_verifiedBatchNumber") => quantity(self.verified),
            ("zk", "zkevm_consolidatedBlockNumber") => quantity(self.verified * 10),
            ("zk", "zkevm_getForkId") => quantity(12),
            ("zk", "eth_chainId") => quantity(1_101),
            ("zk", "eth_getBlockByNumber") => match params[0].as_str().unwrap() {
                "latest" => block(90, 1, 1_000),
                "0x0" => block(0, self.genesis, 1),
                other => panic!("{other}"),
            },
            ("main", "eth_getBlockByNumber") => {
                let number = match params[0].as_str().unwrap() {
                    "latest" => self.head(),
                    number => parse(number),
                };
                self.blocks.get(number as usize).map_or(Value::Null, |(branch, _)| block(number, *branch, 0))
            }
            ("main", "eth_getLogs") => self.logs(&params[0]),
            ("main", "eth_call") => self.call(&params[0]),
            ("main", "eth_getBalance") => {
                assert_eq!(parse(params[1].as_str().unwrap()), self.head());
                let holders = [(SEQUENCER, 2), (AGGREGATOR, 3)];
                let ether = holders.into_iter().find(|(holder, _)| json!(holder) == params[0]).unwrap().1;
                json!(format!("{:#x}", U256::from(10).pow(U256::from(18)) * U256::from(ether)))
            }
            ("main", "eth_getTransactionReceipt") => self.receipt(&params[0]),
            _ => return Err(lacks()),
        })
    }

    fn logs(&self, filter: &Value) -> Value {
        assert_eq!(filter["address"], json!([MANAGER]));
        let (from, to) = (parse(filter["fromBlock"].as_str().unwrap()), parse(filter["toBlock"].as_str().unwrap()));
        let wanted = filter["topics"][0].as_array().unwrap();
        let mut logs = Vec::new();
        for (number, (branch, events)) in self.blocks.iter().enumerate() {
            for event in events.iter().filter(|event| wanted.contains(&event["topics"][0])) {
                let mut log = event.clone();
                log["blockNumber"] = json!(format!("{number:#x}"));
                log["blockHash"] = json!(hash(number as u64, *branch));
                log["logIndex"] = json!(format!("{:#x}", logs.len()));
                if (from..=to).contains(&(number as u64)) {
                    logs.push(log);
                }
            }
        }
        json!(logs)
    }

    fn receipt(&self, transaction: &Value) -> Value {
        let holds =
            |(_, events): &(u8, Vec<Value>)| events.iter().any(|event| event["transactionHash"] == *transaction);
        self.blocks.iter().position(holds).map_or(Value::Null, |number| {
            let branch = self.blocks[number].0;
            let hash = hash(number as u64, branch);
            json!({ "blockHash": hash, "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00" })
        })
    }

    fn call(&self, call: &Value) -> Value {
        let data = hex::decode(call["data"].as_str().unwrap()).unwrap();
        let views = [
            (
                "rollupIDToRollupData(uint32)",
                vec![
                    ROLLUP.into_word(),
                    word(1_101),
                    word(1),
                    word(12),
                    word(0),
                    word(self.l1.0),
                    word(self.l1.1),
                    word(0),
                    word(0),
                    word(0),
                    word(2),
                    word(0),
                ],
            ),
            ("isEmergencyState()", vec![word(0)]),
            ("getBatchFee()", vec![word(100_000_000)]),
            ("trustedSequencer()", vec![SEQUENCER.into_word()]),
            ("lastBatchSequenced()", vec![word(self.l1.0)]),
            ("lastVerifiedBatch()", vec![word(self.l1.1)]),
            ("trustedAggregator()", vec![AGGREGATOR.into_word()]),
            ("balanceOf(address)", vec![word(2_500_000_000)]),
        ];
        let Some((name, words)) = views.into_iter().find(|(name, _)| keccak256(name)[..4] == data[..4]) else {
            return json!("0x");
        };
        let words = self.contract.get(name).cloned().unwrap_or(words);
        json!(Bytes::from(words.concat()))
    }
}

pub(super) fn lacks() -> chain::Error {
    chain::Error::Rpc { code: -32601, message: "no such method".into() }
}

pub(super) fn warnings(run: &Run) -> usize {
    run.logs.iter().filter(|(level, _)| *level == Level::Warn).count()
}

pub(super) fn word(number: u64) -> B256 {
    U256::from(number).into()
}

fn verified(to: u64) -> Value {
    let name = "VerifyBatchesTrustedAggregator(uint32,uint64,bytes32,bytes32,address)";
    event(name, &[word(3), AGGREGATOR.into_word()], &[word(to), word(0), word(0)])
}

pub(super) fn event(signature: &str, topics: &[B256], data: &[B256]) -> Value {
    let topics = [&[keccak256(signature)], topics].concat();
    json!({ "address": MANAGER, "topics": topics, "data": Bytes::from(data.concat()) })
}

/// Each block of `main` is 12 s younger than the one before.
fn block(number: u64, branch: u8, time: u64) -> Value {
    let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| hash(parent, branch));
    let time = time + 12 * number;
    json!({
        "number": format!("{number:#x}"), "hash": hash(number, branch), "parentHash": parent,
        "timestamp": format!("{time:#x}"),
    })
}

fn hash(number: u64, branch: u8) -> B256 {
    let mut hash = B256::right_padding_from(&number.to_be_bytes());
    hash.0[31] = branch;
    hash
}

fn parse(quantity: &str) -> u64 {
    u64::from_str_radix(quantity.strip_prefix("0x").unwrap(), 16).unwrap()
}
