//! What a config may say.

use watchkeeper_sdk::{
    Error,
    serde_json::{Value, json},
};

use super::fake::World;

fn problem(config: &Value) -> String {
    match World::new(10, 2).run(config).outcome {
        Err(Error::InvalidConfig(message)) => message,
        other => panic!("{config}: {other:?}"),
    }
}

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    let address = "0x00000000000000000000000000000000000000a1";
    let named = |name: &str| json!({ "paymasters": { name: { "address": address } } });
    for (config, words) in [
        (json!({ "decimals": 37 }), "key `decimals`: at most 36 decimals"),
        (json!({ "entry_points": {} }), "key `entry_points`: no EntryPoint"),
        (json!({ "entry_points": { "0.5": address } }), "`0.5` is no version"),
        (json!({ "entry_points": { "0.6": address, "0.7": address } }), "is there twice"),
        (named("none"), "the name `none` stands for all that have none"),
        (named("other"), "the name `other` stands for all that have none"),
        (named(""), "a name has 1 to 64 bytes"),
        (
            json!({ "paymasters": { "a": { "address": address }, "b": { "address": address } } }),
            "has another name already",
        ),
        (
            json!({ "paymasters": { "a": { "address": address, "versions": ["7"] } } }),
            "paymaster `a`: `7` is no version",
        ),
        (json!({ "paymasters": { "a": { "adress": address } } }), "unknown field `adress`"),
        (json!({ "factories": { "zero": "0x0000000000000000000000000000000000000000" } }), "has the address zero"),
        (json!({ "windows": ["1w"] }), "key `windows`: `1w` is no window"),
    ] {
        let message = problem(&config);
        assert!(message.contains(words), "{config}: {message}");
    }
}

#[test]
fn names_are_bounded() {
    let address = |number: u64| json!(format!("{number:#042x}"));
    let factories = |count| -> Value {
        let named = (1..=count).map(|number| (format!("n{number}"), address(number)));
        json!({ "factories": Value::Object(named.collect()) })
    };
    assert!(World::new(10, 2).run(&factories(64)).outcome.is_ok());
    assert!(problem(&factories(65)).contains("at most 64 names"));
    let paymasters = |count| -> Value {
        let named = (1..=count).map(|number| (format!("n{number}"), json!({ "address": address(number) })));
        json!({ "paymasters": Value::Object(named.collect()) })
    };
    assert!(World::new(10, 2).run(&paymasters(24)).outcome.is_ok());
    assert!(problem(&paymasters(25)).contains("at most 24 names"));
}
