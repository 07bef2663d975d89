//! What can't work is refused by the key that is wrong, before anything runs.

use watchkeeper_sdk::{
    metrics::Families,
    serde_json::{self, Value, json},
};

use super::Plan;
use crate::config::Config;

const POOL: &str = "0x1000000000000000000000000000000000000001";

/// A config that works, and holds one of each.
fn config() -> Value {
    json!({
        "chain": "dev",
        "calls": [{
            "contracts": { "pool": POOL },
            "function": "price(address token, uint8 kind) returns (uint256 price, address feed, uint256[] all)",
            "arguments": [POOL, 1],
            "outputs": [
                { "output": "price", "metric": "pool_price", "help": "The price." },
                { "output": "feed", "metric": "pool_feed_info" },
            ],
        }],
        "events": [{
            "contracts": { "pool": POOL },
            "event": "Swap(address indexed by, string indexed memo, uint256 amount, int256 drift)",
            "metric": "swaps_total",
            "where": { "by": POOL },
            "by": { "argument": "memo", "label": "memo", "values": { "gift": "gift" } },
            "sum": { "argument": "amount", "metric": "swapped_total" },
        }],
        "erc20": [{ "tokens": [POOL], "supply": true }],
        "balances": { "accounts": [POOL], "decimals": 18 },
    })
}

fn describe(config: Value) -> Result<Value, String> {
    let config: Config = serde_json::from_value(config).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(Families::of::<Plan, _>(&config)?).unwrap())
}

/// What is said of the config with another value at a place.
#[track_caller]
fn problem(pointer: &str, value: Value) -> String {
    let mut config = config();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match config.pointer_mut(parent).unwrap() {
        Value::Array(list) => list.push(value),
        table => table[key] = value,
    }
    describe(config).expect_err(pointer)
}

#[test]
fn a_config_declares_the_families_that_it_names() {
    let families = describe(config()).unwrap();
    let families = families.as_array().unwrap();
    let labels = |name: &str| {
        let family = families.iter().find(|family| family["name"] == name).unwrap();
        family["labels"].as_array().unwrap().iter().map(|label| label.as_str().unwrap()).collect::<Vec<_>>().join(",")
    };
    assert_eq!(labels("pool_price"), "chain,contract");
    assert_eq!(labels("pool_feed_info"), "chain,contract,value");
    assert_eq!(labels("swaps_total"), "chain,contract,memo");
    assert_eq!(labels("swapped_total"), "chain,contract,memo");
    let help = |name: &str| families.iter().find(|family| family["name"] == name).unwrap()["help"].clone();
    assert_eq!(help("pool_price"), "The price.");
    assert_eq!(help("pool_feed_info"), "Output `feed` of `price(address,uint8)`.");
    assert_eq!(help("swaps_total"), "Events `Swap(address,string,uint256,int256)`.");
}

#[test]
fn mistakes_name_their_key_and_what_to_write() {
    let output = |more: Value| {
        let mut output = json!({ "output": "price", "metric": "pool_price" });
        output.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        output
    };
    for (pointer, value, words) in [
        ("/calls/0/arguments", json!([POOL]), "key `calls[0].arguments`: `price(address,uint8)` takes 2, not 1"),
        (
            "/calls/0/arguments",
            json!([POOL, 256]),
            "key `calls[0].arguments[1]`: `256` is not a value of the type `uint8`",
        ),
        ("/calls/0/arguments", json!(["0x12", 1]), "key `calls[0].arguments[0]`: `0x12` is not an address"),
        ("/calls/0/contracts", json!({}), "key `calls[0].contracts`: names no contract"),
        ("/calls/0/name", json!(""), "key `calls[0].name`: a name has 1 to 128 bytes"),
        (
            "/calls/0/outputs/-",
            output(json!({ "output": "prize" })),
            "key `calls[0].outputs[2].output`: nothing that is returned is called `prize`",
        ),
        ("/calls/0/outputs/-", output(json!({ "output": "all" })), "name a place, as `all.0`"),
        (
            "/calls/0/outputs/-",
            output(json!({})),
            "key `calls[0].outputs[2]`: `pool_price` has a series with the label values `dev`, `pool` already",
        ),
        (
            "/calls/0/outputs/-",
            output(json!({ "labels": { "a": "b" } })),
            "has the labels `chain`, `contract`, `a` here and `chain`, `contract` elsewhere",
        ),
        (
            "/calls/0/outputs/-",
            output(json!({ "help": "Another." })),
            "key `calls[0].outputs[2].help`: `pool_price`: has another help elsewhere",
        ),
        (
            "/calls/0/outputs/-",
            output(json!({ "metric": "price_wei", "unit": "gwei" })),
            "the unit `gwei` is not the last word",
        ),
        (
            "/calls/0/outputs/-",
            output(json!({ "metric": "pool-price" })),
            "key `calls[0].outputs[2].metric`: `pool-price`: is not the name of a metric",
        ),
        ("/calls/0/outputs/-", output(json!({ "metric": "price_total" })), "only a counter's name ends in `_total`"),
        (
            "/calls/0/outputs/-",
            output(json!({ "metric": "price_count" })),
            "`_count` reads as a part of another metric",
        ),
        (
            "/calls/0/outputs/-",
            output(json!({ "metric": "contracts_price" })),
            "names that begin with `contracts_` are taken",
        ),
        ("/calls/0/outputs/-", output(json!({ "metric": "price_info" })), "the output is a number"),
        ("/calls/0/outputs/-", output(json!({ "output": "feed", "metric": "feed" })), "write `feed_info`"),
        (
            "/calls/0/outputs/-",
            output(json!({ "output": "feed", "metric": "a_info", "decimals": 2 })),
            "neither decimals nor a unit",
        ),
        (
            "/calls/0/outputs/-",
            output(json!({ "metric": "a", "labels": { "contract": "x" } })),
            "the label `contract` is taken",
        ),
        ("/calls/0/outputs/-", output(json!({ "metric": "a", "labels": { "job": "x" } })), "the label `job` is taken"),
        (
            "/calls/0/outputs/-",
            output(json!({ "metric": "a", "labels": { "a-b": "x" } })),
            "`a-b` is not the name of a label",
        ),
        ("/calls/-", config()["calls"][0].clone(), "has a series with the label values"),
        ("/events/-", config()["events"][0].clone(), "key `events[1]"),
        ("/events/0/contracts", json!([]), "key `events[0].contracts`: names no contract"),
        (
            "/events/0/metric",
            json!("swaps"),
            "key `events[0].metric`: `swaps`: a counter's name ends in `_total`: write `swaps_total`",
        ),
        (
            "/events/0/where",
            json!({ "from": POOL }),
            "key `events[0].where.from`: the event has no argument `from`; there are `by`, `memo`, `amount`, `drift`",
        ),
        (
            "/events/0/where",
            json!({ "amount": "1 ether" }),
            "key `events[0].where.amount`: `\"1 ether\"` is not a value of the type `uint256`",
        ),
        ("/events/0/where", json!({ "amount": [] }), "takes 1 to 100 values"),
        (
            "/events/0/sum",
            json!({ "argument": "drift", "metric": "drift_total" }),
            "`drift` is a `int256`, and only unsigned numbers",
        ),
        ("/events/0/sum", json!({ "argument": "memo", "metric": "memo_total" }), "`memo` is a `string`"),
        (
            "/events/0/sum",
            json!({ "argument": "amount", "metric": "swaps_total" }),
            "has a series with the label values",
        ),
        ("/events/0/by/values", json!({ "other": "x" }), "`other` is what every other argument counts as"),
        (
            "/events/0/by/values",
            json!({ "x": 7 }),
            "key `events[0].by.values.x`: `7` is not a value of the type `string`",
        ),
        ("/events/0/by/label", json!("chain"), "the label `chain` is taken"),
        ("/erc20/0/supply", json!(false), "key `erc20[0]`: nothing to read"),
        ("/erc20/0/tokens", json!({}), "key `erc20[0].tokens`: names no token"),
        ("/erc20/-", config()["erc20"][0].clone(), "two calls with the name `decimals`"),
    ] {
        let problem = problem(pointer, value.clone());
        assert!(problem.contains(words), "{pointer} = {value}: {problem}");
        assert!(problem.len() <= 600, "the host cuts what is longer: {problem}");
    }
}

#[test]
fn a_config_that_asks_for_nothing_or_for_too_much_is_refused() {
    assert!(describe(json!({ "chain": "dev" })).unwrap_err().contains("nothing to read"));
    let holders: Vec<String> = (1..=2_000).map(|holder| format!("0x{holder:040x}")).collect();
    let config =
        json!({ "chain": "dev", "erc20": [{ "tokens": [POOL], "holders": holders, "decimals": 6, "supply": true }] });
    assert!(describe(config).unwrap_err().contains("2001 calls, where one job has at most 2000"));
    let outputs: Vec<Value> =
        (0..=100).map(|number| json!({ "output": "0", "metric": format!("metric_{number}") })).collect();
    let config =
        json!({ "chain": "dev", "calls": [{ "contracts": [POOL], "function": "f()(uint256)", "outputs": outputs }] });
    assert!(describe(config).unwrap_err().contains("more than 100 metrics"));
}
