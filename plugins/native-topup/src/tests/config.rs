//! What a config may say.

use watchkeeper_sdk::{
    Error,
    serde_json::{Value, json},
};

use super::fake::World;

const A: &str = "0x00000000000000000000000000000000000000a1";
const B: &str = "0x00000000000000000000000000000000000000a2";

fn problem(config: &Value) -> String {
    match World::new(&[], &[]).run(config).outcome {
        Err(Error::InvalidConfig(message)) => message,
        other => panic!("{config}: {other:?}"),
    }
}

fn target(name: &str, address: &str) -> Value {
    json!({ "name": name, "address": address, "threshold": "1 POL", "target": "2 POL" })
}

fn with(key: &str, value: &str) -> Value {
    let mut target = target("a", A);
    target[key] = json!(value);
    json!({ "targets": [target] })
}

fn token(symbol: &str, address: &str) -> Value {
    let holder = json!({ "name": "a", "address": A, "threshold": "1 T", "target": "2 T" });
    let holders = if symbol == "T" { vec![holder] } else { vec![] };
    json!({ "symbol": symbol, "address": address, "decimals": 6, "holders": holders })
}

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    for (config, words) in [
        (json!({}), "key `targets`: neither it nor `tokens` names an address"),
        (with("threshold", "1"), "key `targets[0].threshold`: \"1\" is not an amount with a unit"),
        (with("threshold", "0 POL"), "key `targets[0].threshold`: no balance is below 0"),
        (with("target", "1 POL"), "key `targets[0].target`: it isn't above `threshold`"),
        (with("target", "2 USDT"), "key `targets[0].target`: \"2 USDT\" is not in POL"),
        (with("name", ""), "key `targets[0].name`: a name has 1 to 64 bytes"),
        (with("address", "0x0000000000000000000000000000000000000000"), "`a` has the address zero"),
        (json!({ "targets": [target("a", A), target("a", B)] }), "key `targets[1].name`: `a` is there twice"),
        (json!({ "targets": [target("a", A), target("b", A)] }), "key `targets[1].address`: 0x"),
        (json!({ "tokens": [token("POL", A)] }), "key `tokens[0].symbol`: POL is there twice"),
        (json!({ "tokens": [token("T", A), token("U", A)] }), "key `tokens[1].address`: 0x"),
        (json!({ "tokens": [token("T T", A)] }), "key `tokens[0]`: symbol: "),
        (json!({ "tokens": [token("U", A)] }), "key `targets`: neither it nor `tokens` names an address"),
        (json!({ "period": "10" }), "key `period`: \"10\" is no length of time"),
    ] {
        let message = problem(&config);
        assert!(message.contains(words), "{config}: {message}");
    }
}

#[test]
fn addresses_are_bounded() {
    let targets = (1..=65).map(|number| target(&number.to_string(), &format!("{number:#042x}")));
    assert!(problem(&json!({ "targets": targets.collect::<Vec<_>>() })).contains("at most 64 addresses"));
}
