//! A chain that is made up: balances of its currency and of one token; an account; and the test host before both.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use watchkeeper_sdk::{
    alloy_primitives::{address, hex, keccak256},
    context::Trigger,
    prelude::*,
    serde_json::{Value, json},
    testing::{Account, Host, Run},
};

/// A token with 6 decimals.
pub(super) const TOKEN: Address = address!("0x00000000000000000000000000000000000000C0");
pub(super) const PAYER: Address = address!("0x00000000000000000000000000000000000000F0");
pub(super) const DUE: u64 = 1_700_000_000;

pub(super) struct World {
    pub(super) node: Rc<RefCell<Node>>,
    pub(super) account: Account,
    host: Host,
}

#[derive(Default)]
pub(super) struct Node {
    /// What `eth_getBalance` answers.
    pub(super) native: BTreeMap<Address, Value>,
    /// What `balanceOf` of the token answers.
    pub(super) token: BTreeMap<Address, Vec<u8>>,
}

impl World {
    /// The addresses have so many tenths of a unit of 18 decimals, and so many whole tokens.
    pub(super) fn new(native: &[(&str, u64)], token: &[(&str, u64)]) -> Self {
        let node = Rc::new(RefCell::new(Node::default()));
        let account = Account::new(PAYER).holds(tenths(70));
        let host = Host::new({
            let node = Rc::clone(&node);
            move |chain, method, params| {
                assert_eq!(chain, "dev");
                node.borrow().answer(method, params)
            }
        });
        let world = Self { node, host: host.account("funder", account.clone()), account };
        world.due(DUE);
        for (name, held) in native {
            world.node.borrow_mut().native.insert(at(name), json!(format!("{:#x}", tenths(*held))));
        }
        for (name, held) in [token, &[("payer", 0)]].concat() {
            let holder = if name == "payer" { PAYER } else { at(name) };
            world.node.borrow_mut().token.insert(holder, whole(held).to_be_bytes::<32>().to_vec());
        }
        world
    }

    pub(super) fn due(&self, seconds: u64) {
        self.host.trigger(Trigger::Schedule(Duration::from_secs(seconds)));
    }

    pub(super) fn run(&self, config: &Value) -> Run {
        let mut all = json!({ "chain": "dev", "account": "funder", "currency": { "symbol": "POL", "decimals": 18 } });
        all.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        self.host.run(crate::run, all)
    }
}

impl Node {
    fn answer(&self, method: &str, params: &Value) -> Result<Value, chain::Error> {
        let hash = keccak256("the only block");
        match method {
            "eth_getBlockByNumber" => {
                Ok(json!({ "number": "0x7", "hash": hash, "parentHash": B256::ZERO, "timestamp": format!("{DUE:#x}") }))
            }
            "eth_getBalance" => {
                assert_eq!(params[1], json!({ "blockHash": hash }), "of the block of all other balances");
                let address: Address = params[0].as_str().unwrap().parse().unwrap();
                match &self.native[&address] {
                    Value::Null => Err(chain::Error::Unavailable("no balances today".into())),
                    balance => Ok(balance.clone()),
                }
            }
            "eth_call" => {
                let data = hex::decode(params[0]["data"].as_str().unwrap()).unwrap();
                assert_eq!(params[0]["to"].as_str().unwrap().parse(), Ok(TOKEN));
                Ok(json!(hex::encode_prefixed(&self.token[&Address::from_slice(&data[16..])])))
            }
            _ => panic!("{method}"),
        }
    }
}

pub(super) fn at(name: &str) -> Address {
    Address::from_slice(&keccak256(name)[..20])
}

/// So many tenths of a unit with 18 decimals.
pub(super) fn tenths(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(17))
}

/// So many tokens.
pub(super) fn whole(count: u64) -> U256 {
    U256::from(count * 1_000_000)
}

/// Targets between 0.5 and 2 of the chain's currency.
pub(super) fn targets(names: &[&str]) -> Value {
    let target = |name: &&str| json!({ "name": name, "address": at(name), "threshold": "0.5 POL", "target": "2 POL" });
    json!({ "targets": names.iter().map(target).collect::<Vec<_>>() })
}

/// Holders of between 50 and 200 tokens.
pub(super) fn holders(names: &[&str]) -> Value {
    let holder =
        |name: &&str| json!({ "name": name, "address": at(name), "threshold": "50 USDT", "target": "200 USDT" });
    let holders: Vec<Value> = names.iter().map(holder).collect();
    json!({ "tokens": [{ "symbol": "USDT", "address": TOKEN, "decimals": 6, "holders": holders }] })
}

pub(super) fn together(one: &Value, other: &Value) -> Value {
    let mut all = one.clone();
    all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    all
}
