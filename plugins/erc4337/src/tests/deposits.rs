//! Deposits and stakes: as the EntryPoint says, or not at all.

use watchkeeper_sdk::{prelude::*, serde_json::json, testing::Run};

use super::fake::{ABSENT, World, paymaster, words};

const SERIES: [&str; 3] = ["dev", "0.7", "ours"];
const GAUGES: [&str; 5] = [
    "paymaster_deposit_native",
    "paymaster_stake_native",
    "paymaster_staked",
    "paymaster_stake_unlock_delay_seconds",
    "paymaster_stake_unlock_timestamp_seconds",
];

fn held(run: &Run) -> [Vec<f64>; 5] {
    GAUGES.map(|gauge| run.samples(gauge, &SERIES))
}

#[test]
fn a_deposit_and_a_stake_are_shown_as_they_are() {
    let world = World::new(10, 2);
    world.deposit(paymaster(), [500, 1, 70, 86_400, 0]);
    let run = world.run(&json!({ "decimals": 1 }));
    assert_eq!(held(&run), [vec![50.0], vec![7.0], vec![1.0], vec![86_400.0], vec![]]);
    world.deposit(paymaster(), [500, 0, 70, 86_400, 1_800_000_000]);
    assert_eq!(held(&world.run(&json!({})))[2..], [vec![0.0], vec![86_400.0], vec![1_800_000_000.0]]);
    world.deposit(paymaster(), [0; 5]);
    assert_eq!(held(&world.run(&json!({}))), [vec![0.0], vec![0.0], vec![0.0], vec![], vec![]]);
}

#[test]
fn only_entry_points_that_are_there_have_series() {
    let run = World::new(10, 2).run(&json!({}));
    let info = |version: &str| run.samples("erc4337_entry_point_info", &["dev", version, super::fake::ENTRY_POINT]);
    assert_eq!((info("0.7"), info("0.6")), (vec![1.0], ABSENT.to_vec()));
    assert_eq!(run.samples("paymaster_deposit_native", &["dev", "0.6", "ours"]), ABSENT);
}

#[test]
fn an_answer_of_another_shape_is_said_and_is_no_zero() {
    let world = World::new(5_000, 2);
    for answer in [vec![0; 32], vec![0; 161], words(&[5, 2, 0, 0, 0])] {
        world.node.borrow_mut().deposits.insert(paymaster(), answer);
        let run = world.run(&json!({}));
        assert_eq!(held(&run), [const { Vec::<f64>::new() }; 5]);
        assert_eq!(run.samples("paymaster_runway_seconds", &["dev", "0.7", "ours", "1h"]), ABSENT);
        let said = |line: &str| line.contains("doesn't tell the deposit") && line.contains("paymaster=ours");
        assert!(run.logs.iter().any(|(_, line)| said(line)), "{:?}", run.logs);
    }
}

#[test]
fn a_paymaster_is_asked_for_at_its_versions_only() {
    let only = json!({ "paymasters": { "ours": { "address": paymaster(), "versions": ["0.6"] } } });
    assert_eq!(held(&World::new(10, 2).run(&only)), [const { Vec::<f64>::new() }; 5]);
}

#[test]
fn a_chain_without_any_entry_point_fails_the_run() {
    let elsewhere = json!({ "entry_points": { "0.7": "0x00000000000000000000000000000000000000e7" } });
    let outcome = World::new(10, 2).run(&elsewhere).outcome;
    assert!(matches!(outcome, Err(Error::Failed(message)) if message.contains("has none of the EntryPoints")));
}
