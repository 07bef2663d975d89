//! Bundles that were refused: found by blocks, told by the trace or a second call, never guessed.

use watchkeeper_sdk::{
    alloy_primitives::{hex, keccak256},
    prelude::*,
    serde_json::{Value, json},
    testing::Run,
};

use super::fake::{ABSENT, World, paymaster, words};

fn config() -> Value {
    json!({ "max_refused_blocks_per_run": 100 })
}

fn refused(run: &Run, payer: &str, class: &str) -> f64 {
    assert!(run.outcome.is_ok(), "{:?}", run.outcome);
    run.samples("erc4337_refused_bundles_total", &["dev", "0.7", payer, class]).iter().sum()
}

/// `handleOps` with one operation of the paymaster that has a name.
fn bundle() -> Vec<u8> {
    let mut operation = words(&[0, 0, 0, 0, 0, 0, 0, 288, 0]);
    operation.extend(words(&[52]));
    operation.extend([paymaster().as_slice(), &[0; 44]].concat());
    [vec![0x76, 0x5e, 0x82, 0x7f], words(&[64, 0, 1, 32]), operation].concat()
}

fn failed_op(text: &str) -> Vec<u8> {
    let mut data = [&keccak256("FailedOp(uint256,string)")[..4], &words(&[0, 64, text.len() as u64])].concat();
    data.extend(text.as_bytes());
    data.resize(4 + (data.len() - 4).next_multiple_of(32), 0);
    data
}

/// A chain after its first run, with one bundle that failed in a settled block.
fn with_refused() -> World {
    let world = World::new(10, 2);
    world.run(&config());
    world.mine(10, 2);
    world.node.borrow_mut().failed.push((12, bundle()));
    world
}

#[test]
fn the_trace_tells_why_and_who_was_to_pay() {
    let world = with_refused();
    let trace = json!({ "type": "CALL", "output": hex::encode_prefixed(failed_op("AA31 paymaster deposit too low")) });
    world.node.borrow_mut().answers.insert("debug_traceTransaction".into(), Ok(trace));
    let run = world.run(&config());
    assert_eq!(refused(&run, "ours", "AA31"), 1.0);
    assert_eq!(run.samples("erc4337_refused_uncounted_blocks", &["dev"]), [0.0]);
    assert_eq!(refused(&world.run(&config()), "ours", "AA31"), 0.0, "counted once");
}

#[test]
fn a_failure_that_is_none_of_the_entry_points_is_other() {
    let world = with_refused();
    world.node.borrow_mut().answers.insert("debug_traceTransaction".into(), Ok(json!({ "error": "out of gas" })));
    assert_eq!(refused(&world.run(&config()), "unknown", "other"), 1.0);
    let world = with_refused();
    let trace = json!({ "output": hex::encode_prefixed(failed_op("AA77 something new")) });
    world.node.borrow_mut().answers.insert("debug_traceTransaction".into(), Ok(trace));
    assert_eq!(refused(&world.run(&config()), "ours", "other"), 1.0);
}

#[test]
fn what_no_one_tells_is_unknown() {
    let world = with_refused();
    assert_eq!(refused(&world.run(&config()), "unknown", "unknown"), 1.0);
}

#[test]
fn a_node_that_does_not_answer_is_waited_for() {
    let world = with_refused();
    let away = || Err(chain::Error::Unavailable("away".into()));
    world.node.borrow_mut().answers.insert("eth_getTransactionReceipt".into(), away());
    let run = world.run(&config());
    assert_eq!(run.samples("erc4337_refused_uncounted_blocks", &["dev"]), [7.0]);
    assert!(run.logs.iter().any(|(_, line)| line.contains("stopped looking for refused bundles at block 12")));
    world.node.borrow_mut().answers.clear();
    assert_eq!(refused(&world.run(&config()), "unknown", "unknown"), 1.0);
}

#[test]
fn a_run_looks_through_a_bounded_number_of_blocks() {
    let world = with_refused();
    let run = world.run(&json!({ "max_refused_blocks_per_run": 4 }));
    assert_eq!(run.samples("erc4337_refused_uncounted_blocks", &["dev"]), [6.0]);
    let run = world.run(&json!({}));
    assert_eq!(run.samples("erc4337_refused_uncounted_blocks", &["dev"]), ABSENT, "not asked for");
}
