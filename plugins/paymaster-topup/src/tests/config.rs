//! What a config may say.

use watchkeeper_sdk::{
    Error,
    serde_json::{Value, json},
};

use super::fake::World;

fn problem(config: &Value) -> String {
    match World::new([20; 3]).run(config).outcome {
        Err(Error::InvalidConfig(message)) => message,
        other => panic!("{config}: {other:?}"),
    }
}

#[test]
fn a_config_that_cannot_work_is_refused_with_its_key() {
    let address = "0x00000000000000000000000000000000000000a1";
    let paymaster = json!({ "name": "a", "address": address });
    let at = |paymasters: Value| json!({ "entry_points": [{ "version": "0.7", "paymasters": paymasters }] });
    for (config, words) in [
        (json!({ "threshold": "0.5" }), "key `threshold`: \"0.5\" is not an amount with a unit"),
        (json!({ "threshold": "0.5 ETH" }), "key `threshold`: \"0.5 ETH\" is not in USDC"),
        (json!({ "threshold": "0 USDC" }), "key `threshold`: no deposit is below 0"),
        (json!({ "threshold": null }), "key `threshold`: neither it nor `runway`"),
        (json!({ "target": "0.5 USDC" }), "key `target`: it isn't above `threshold`"),
        (json!({ "target": "0 USDC", "threshold": null, "runway": "1h" }), "key `target`: it isn't above"),
        (json!({ "runway": "48" }), "key `runway`: \"48\" is no length of time"),
        (json!({ "period": "0s" }), "key `period`: \"0s\" is no length of time"),
        (json!({ "burn_window": "30s" }), "key `burn_window`: from a minute to 31 days"),
        (json!({ "currency": { "symbol": "US DC", "decimals": 6 } }), "key `currency`: symbol: "),
        (json!({ "currency": { "symbol": "USDC", "decimals": 78 } }), "key `currency`: decimals: at most 77"),
        (json!({ "entry_points": [] }), "key `entry_points`: no paymaster"),
        (at(json!([])), "key `entry_points`: no paymaster"),
        (
            json!({ "entry_points": [{ "version": "0.5", "paymasters": [paymaster] }] }),
            "key `entry_points[0].version`: `0.5`",
        ),
        (at(json!([{ "address": "0x0000000000000000000000000000000000000000" }])), "has the address zero"),
        (at(json!([{ "address": address }, { "address": address }])), "key `entry_points[0].paymasters[1]`: 0x"),
        (
            at(json!([paymaster, { "name": "a", "address": "0x00000000000000000000000000000000000000a2" }])),
            "the name `a` is there twice",
        ),
        (at(json!([{ "name": "", "address": address }])), "a name has 1 to 64 bytes"),
        (at(json!([{ "adress": address }])), "unknown field `adress`"),
    ] {
        let message = problem(&config);
        assert!(message.contains(words), "{config}: {message}");
    }
}

#[test]
fn paymasters_are_bounded_and_may_be_at_several_entry_points() {
    let many = |count: u64| {
        let paymasters = (1..=count).map(|number| json!({ "address": format!("{number:#042x}") }));
        json!({ "entry_points": [{ "version": "0.7", "paymasters": paymasters.collect::<Vec<_>>() }] })
    };
    assert!(problem(&many(65)).contains("at most 64 paymasters"));
    let twice = json!([{ "name": "gas", "address": super::fake::paymaster("gas") }]);
    let both = json!({ "entry_points": [
        { "version": "0.7", "paymasters": twice },
        { "version": "0.8", "address": super::fake::ENTRY_POINT_06, "paymasters": twice },
    ] });
    let outcome = World::new([20; 3]).run(&both).outcome;
    assert!(matches!(&outcome, Err(Error::Failed(text)) if text.contains("gas at EntryPoint 0.8")), "{outcome:?}");
}
