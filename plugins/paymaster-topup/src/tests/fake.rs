//! A chain that is made up: blocks with times, what EntryPoints hold, operations; an account whose payments are deposited there; and
//! the test host before both.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use watchkeeper_sdk::{
    alloy_primitives::{hex, keccak256},
    context::Trigger,
    prelude::*,
    serde_json::{Value, json},
    testing::{Account, Host, Run},
};

/// Where EntryPoint 0.7 is.
pub(super) const ENTRY_POINT: &str = "0x0000000071727De22E5E9d8BAf0edAc6f37da032";
/// Where EntryPoint 0.6 is.
pub(super) const ENTRY_POINT_06: &str = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789";
/// The first block's time.
pub(super) const GENESIS: u64 = 1_700_000_000;
/// One unit of a currency with 18 decimals.
pub(super) const UNIT: u64 = 1_000_000_000_000_000_000;
/// The paymasters that have names, in the order of the config.
pub(super) const NAMES: [&str; 3] = ["gas", "shop", "game"];

pub(super) struct World {
    pub(super) node: Rc<RefCell<Node>>,
    pub(super) account: Account,
    host: Host,
}

#[derive(Default)]
pub(super) struct Node {
    /// Each block's time, from block 0 on.
    times: Vec<u64>,
    /// What `balanceOf` of EntryPoint 0.7 answers; None: it reverts.
    pub(super) deposits: BTreeMap<Address, Option<Vec<u8>>>,
    /// Operations: block, paymaster, cost.
    operations: Vec<(u64, Address, U256)>,
    /// Whether events can be read.
    pub(super) silent: bool,
    /// Whether nothing can be read.
    pub(super) away: bool,
}

impl World {
    /// Three paymasters with these deposits, in tenths of a unit.
    pub(super) fn new(tenths: [u64; 3]) -> Self {
        let node = Rc::new(RefCell::new(Node { times: vec![GENESIS], ..Node::default() }));
        let account = Account::new(Address::repeat_byte(0xf0)).holds(U256::from(7 * UNIT));
        let host = Host::new({
            let node = Rc::clone(&node);
            move |chain, method, params| {
                assert_eq!(chain, "dev");
                node.borrow().answer(method, params)
            }
        });
        let world = Self { node, host: host.account("funder", account.clone()), account };
        NAMES.iter().zip(tenths).for_each(|(name, tenths)| world.deposit(name, self::tenths(tenths)));
        world.deposits_what_is_paid();
        world.due(GENESIS);
        world
    }

    /// Pays all, and adds it to the deposit.
    pub(super) fn deposits_what_is_paid(&self) {
        let node = Rc::clone(&self.node);
        self.decides(move |payment| {
            node.borrow_mut().credit(payment);
            Ok(payment.value)
        });
    }

    pub(super) fn decides(&self, decide: impl Fn(&Payment) -> Result<U256, wallet::Error> + 'static) {
        drop(self.account.clone().decides(decide));
    }

    pub(super) fn left(&self, window: &str, tenths: u64) {
        drop(self.account.clone().left("USDC", window, self::tenths(tenths)));
    }

    /// What `balanceOf` answers for a paymaster.
    pub(super) fn deposit(&self, name: &str, held: U256) {
        self.answers(name, Some(held.to_be_bytes::<32>().to_vec()));
    }

    pub(super) fn answers(&self, name: &str, answer: Option<Vec<u8>>) {
        self.node.borrow_mut().deposits.insert(paymaster(name), answer);
    }

    /// The due time of the next runs, in seconds since the Unix epoch.
    pub(super) fn due(&self, seconds: u64) {
        self.host.trigger(Trigger::Schedule(Duration::from_secs(seconds)));
    }

    /// The next runs are started by an operator.
    pub(super) fn by_hand(&self) {
        self.host.trigger(Trigger::Manual);
    }

    pub(super) fn mine(&self, blocks: u64, seconds: u64) {
        let times = &mut self.node.borrow_mut().times;
        for _ in 0..blocks {
            times.push(times.last().unwrap() + seconds);
        }
    }

    /// An operation that cost so many thousandths of a unit.
    pub(super) fn operation(&self, block: u64, name: &str, thousandths: u64) {
        let cost = U256::from(thousandths * (UNIT / 1_000));
        self.node.borrow_mut().operations.push((block, paymaster(name), cost));
    }

    pub(super) fn run(&self, config: &Value) -> Run {
        let paymasters = NAMES.map(|name| json!({ "name": name, "address": paymaster(name) }));
        let mut whole = json!({
            "chain": "dev", "account": "funder", "currency": { "symbol": "USDC", "decimals": 18 },
            "threshold": "0.5 USDC", "target": "2 USDC", "depth": 0,
            "entry_points": [{ "version": "0.7", "paymasters": paymasters }],
        });
        whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        whole.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.host.run(crate::run, whole)
    }

    /// Whom each payment was for and how much, in the order in which they were asked for.
    pub(super) fn asked(&self) -> Vec<(String, U256)> {
        self.account.asked().iter().map(|payment| (recipient(payment), payment.value)).collect()
    }
}

impl Node {
    fn credit(&mut self, payment: &Payment) {
        let Some(Some(held)) = self.deposits.get_mut(&recipient_address(payment)) else { panic!("{payment:?}") };
        let sum = U256::from_be_slice(held) + payment.value;
        *held = sum.to_be_bytes::<32>().to_vec();
    }

    fn answer(&self, method: &str, params: &Value) -> Result<Value, chain::Error> {
        let head = self.times.len() as u64 - 1;
        match (method, params[0].as_str()) {
            _ if self.away => Err(chain::Error::Unavailable("nobody answers".into())),
            ("eth_getBlockByNumber", Some("latest")) => Ok(self.block(head)),
            ("eth_getBlockByNumber", Some(at)) => Ok(self.block(number(at))),
            ("eth_getLogs", _) if self.silent => Err(chain::Error::Unavailable("no events today".into())),
            ("eth_getLogs", _) => Ok(self.logs(&params[0])),
            ("eth_call", _) => self.call(&params[0]),
            _ => panic!("{method}"),
        }
    }

    fn block(&self, number: u64) -> Value {
        let parent = number.checked_sub(1).map_or(B256::ZERO, hash);
        let time = format!("{:#x}", self.times[number as usize]);
        json!({ "number": format!("{number:#x}"), "hash": hash(number), "parentHash": parent, "timestamp": time })
    }

    fn logs(&self, filter: &Value) -> Value {
        let range = number(filter["fromBlock"].as_str().unwrap())..=number(filter["toBlock"].as_str().unwrap());
        let found = self.operations.iter().enumerate().filter(|(_, (block, ..))| range.contains(block));
        let log = |(index, (block, paymaster, cost)): (usize, &(u64, Address, U256))| {
            let signature = keccak256("UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)");
            let words = [U256::ZERO, U256::ONE, *cost, U256::ONE].map(|word| word.to_be_bytes::<32>()).concat();
            json!({
                "address": ENTRY_POINT,
                "topics": [signature, B256::ZERO, B256::ZERO, paymaster.into_word()],
                "data": hex::encode_prefixed(words),
                "blockNumber": format!("{block:#x}"),
                "blockHash": hash(*block),
                "transactionHash": B256::ZERO,
                "logIndex": format!("{index:#x}"),
            })
        };
        found.map(log).collect()
    }

    fn call(&self, call: &Value) -> Result<Value, chain::Error> {
        let data = hex::decode(call["data"].as_str().unwrap()).unwrap();
        assert_eq!(data[..4], keccak256("balanceOf(address)")[..4]);
        if !call["to"].as_str().unwrap().eq_ignore_ascii_case(ENTRY_POINT) {
            return Ok(json!("0x"));
        }
        match &self.deposits[&Address::from_slice(&data[16..36])] {
            Some(answer) => Ok(json!(hex::encode_prefixed(answer))),
            None => Err(chain::Error::Rpc { code: 3, message: "execution reverted".into() }),
        }
    }
}

pub(super) fn paymaster(name: &str) -> Address {
    Address::from_slice(&keccak256(name)[..20])
}

/// The name of the paymaster that a payment is for.
pub(super) fn recipient(payment: &Payment) -> String {
    let name = NAMES.into_iter().find(|name| paymaster(name) == recipient_address(payment));
    name.unwrap_or_else(|| panic!("{payment:?}")).to_owned()
}

fn recipient_address(payment: &Payment) -> Address {
    assert_eq!(payment.data.len(), 36);
    Address::from_slice(&payment.data[16..36])
}

/// So many tenths of a unit.
pub(super) fn tenths(count: u64) -> U256 {
    U256::from(count) * U256::from(UNIT / 10)
}

fn hash(block: u64) -> B256 {
    keccak256(block.to_be_bytes())
}

fn number(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

/// No sample of a series.
pub(super) const ABSENT: [f64; 0] = [];

/// How often an outcome of a target was counted in a run.
pub(super) fn intents(run: &Run, target: &str, outcome: &str) -> f64 {
    run.samples("topup_intents_total", &["dev", "funder", "USDC", target, outcome]).iter().sum()
}

/// What was counted as spent on a target in a run.
pub(super) fn spent(run: &Run, target: &str) -> f64 {
    run.samples("topup_spent_native_total", &["dev", "funder", target]).iter().sum()
}
