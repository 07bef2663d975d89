//! Operations by what came of them, each once.

use watchkeeper_sdk::{prelude::*, serde_json::json, testing::Run};

use super::fake::{ABSENT, World, paymaster, words};

fn count(run: &Run, family: &str, labels: &[&str]) -> f64 {
    assert!(run.outcome.is_ok(), "{:?}", run.outcome);
    run.samples(family, &[&["dev", "0.7"], labels].concat()).iter().sum()
}

/// The data of an event that tells a nonce and a reason.
fn reason(data: &[u8]) -> Vec<u8> {
    let mut whole = [words(&[0, 64, data.len() as u64]), data.to_vec()].concat();
    whole.resize(whole.len().next_multiple_of(32), 0);
    whole
}

#[test]
fn operations_are_counted_by_outcome_class_and_payer() {
    let world = World::new(10, 2);
    world.run(&json!({}));
    world.mine(10, 2);
    let wrong = |block, signature: &str, data: Option<&[u8]>| {
        // The hash of the operation that comes next but one.
        let events = world.node.borrow().events_len() + 1;
        let hash = watchkeeper_sdk::alloy_primitives::keccak256(events.to_be_bytes());
        world.emit(block, signature, &[hash, B256::ZERO], data.map_or_else(|| words(&[0]), reason));
    };
    world.emit(12, "BeforeExecution()", &[], Vec::new());
    world.operation(12, paymaster(), true, 5);
    world.operation(12, Address::ZERO, true, 7);
    world.operation(12, Address::repeat_byte(9), false, 11);
    wrong(13, "UserOperationRevertReason(bytes32,address,uint256,bytes)", Some(&[0x4e, 0x48, 0x7b, 0x71]));
    world.operation(13, paymaster(), false, 13);
    wrong(14, "PostOpRevertReason(bytes32,address,uint256,bytes)", Some(b"what"));
    world.operation(14, paymaster(), false, 17);
    wrong(15, "UserOperationPrefundTooLow(bytes32,address,uint256)", None);
    world.operation(15, paymaster(), false, 19);
    let deployed = words(&[0xf1, 0]);
    world.emit(15, "AccountDeployed(bytes32,address,address,address)", &[B256::ZERO, B256::ZERO], deployed);
    world.emit(15, "Deposited(address,uint256)", &[paymaster().into_word()], words(&[999]));
    world.emit(15, "Deposited(address,uint256)", &[Address::repeat_byte(9).into_word()], words(&[999]));
    world.emit(15, "Withdrawn(address,address,uint256)", &[paymaster().into_word()], words(&[0, 3]));
    // Not settled yet.
    world.operation(19, paymaster(), true, 1_000);

    let factories = json!({ "factories": { "simple": "0x00000000000000000000000000000000000000f1" } });
    let run = world.run(&factories);
    let operations = |payer, outcome| count(&run, "erc4337_operations_total", &[payer, outcome]);
    let outcomes = ["success", "reverted", "postop_reverted", "prefund_too_low"];
    assert_eq!(outcomes.map(|outcome| operations("ours", outcome)), [1.0; 4]);
    assert_eq!(outcomes.map(|outcome| operations("none", outcome)), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(outcomes.map(|outcome| operations("other", outcome)), [0.0, 1.0, 0.0, 0.0]);
    let reverts = |payer, class| count(&run, "erc4337_operation_reverts_total", &[payer, class]);
    assert_eq!([reverts("ours", "panic"), reverts("ours", "custom"), reverts("other", "empty")], [1.0; 3]);
    for (payer, cost) in [("ours", 54.0), ("none", 7.0), ("other", 11.0)] {
        assert_eq!(count(&run, "erc4337_operation_cost_native_total", &[payer]), cost);
        assert_eq!(count(&run, "erc4337_operation_gas_total", &[payer]), cost * 2.0);
    }
    assert_eq!(count(&run, "erc4337_bundles_total", &[]), 1.0);
    assert_eq!(count(&run, "erc4337_accounts_deployed_total", &["simple"]), 1.0);
    assert_eq!(count(&run, "erc4337_accounts_deployed_total", &["other"]), 0.0);
    assert_eq!(count(&run, "erc4337_deposits_total", &["ours"]), 1.0);
    assert_eq!(count(&run, "erc4337_withdrawn_native_total", &["ours"]), 3.0);

    world.mine(10, 2);
    let run = world.run(&json!({}));
    assert_eq!(count(&run, "erc4337_operation_cost_native_total", &["ours"]), 1_000.0);
}

#[test]
fn counting_begins_where_it_is_told() {
    let world = World::new(100, 2);
    world.operations(1..=100);
    let run = world.run(&json!({ "first_blocks": 10 }));
    assert_eq!(count(&run, "erc4337_operations_total", &["ours", "success"]), 10.0);
    assert_eq!(run.samples("erc4337_first_counted_block_number", &["dev"]), [89.0]);
    assert_eq!(run.samples("erc4337_last_counted_block_number", &["dev"]), [98.0]);
    let run = World::new(100, 2).run(&json!({}));
    assert_eq!(run.samples("erc4337_last_counted_block_number", &["dev"]), ABSENT);
}

#[test]
fn an_event_of_another_shape_fails_the_run_and_counts_nothing() {
    let world = World::new(10, 2);
    world.run(&json!({}));
    world.mine(10, 2);
    world.operation(12, paymaster(), true, 5);
    let signature = "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)";
    world.emit(13, signature, &[B256::ZERO, B256::ZERO, B256::ZERO], words(&[0, 2, 0, 0]));
    let outcome = world.run(&json!({})).outcome;
    assert!(matches!(outcome, Err(Error::Failed(message)) if message.contains("isn't an EntryPoint's")));
}
