//! Blocks that are replaced: a payment that was in one is not forgotten, not doubled, and not told as done before it is deep.

use serde_json::{Value, json};

use super::{
    ANYBODY,
    support::{Ask, House, ONE, Runs, Stage, coins, deposit_rule, deposited, journal, payer, total_deposit},
};
use crate::support::{Fault, Sending, Watchkeeper, eventually};

const UP_TO: u128 = 2 * ONE;
/// How deep a payment is confirmed here.
const DEEP: u64 = 6;

/// A payment that a block has, and which isn't deep.
fn included() -> (House, Watchkeeper) {
    let house = Stage::new().policy(json!({"confirmations": DEEP, "replace_after": "1s"})).build();
    house.anvil.mine(5);
    let ask = Ask::deposit("key", house.entry_point, &house.paymaster, UP_TO);
    let rule = deposit_rule(house.entry_point, &house.paymaster, &coins(ONE), &coins(UP_TO));
    house.job("pays", &payer(json!({}), &[ask], json!({"dry_run": false, "allow": [rule]})));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "pays");
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "paid", "{text}");
    assert!(text.contains("confirmed=false"), "its block isn't deep yet: {text}");
    house.reaches(&watchkeeper, "key", "included");
    (house, watchkeeper)
}

#[test]
fn a_payment_whose_block_is_replaced_is_sent_again_and_paid_once() {
    for depth in [1_u64, 3] {
        let (house, watchkeeper) = included();
        house.anvil.mine(depth - 1);
        let was = house.sent()[0].clone();
        // While the new blocks come, no node has it.
        house.node().set(Fault::Sending(Sending::Forgets));
        house.anvil.rpc("anvil_reorg", json!([depth, []]));
        let dropped = house.anvil.try_rpc("anvil_dropTransaction", json!([was.hash]));
        eprintln!("fallen out of the pool: {dropped:?}");
        assert_eq!(house.sent(), [], "no block has it");
        house.reaches(&watchkeeper, "key", "broadcast");
        // The same key asks again, and pays nothing new.
        let again = watchkeeper.post("jobs/pays/run", &json!({}));
        assert!(again.status < 300, "{}", again.text());
        house.node().set(Fault::Pass);
        eventually("a block to have it", super::SOON, || {
            house.mine_what_waits();
            (!house.sent().is_empty()).then_some(())
        });
        let entries = house.settle(&watchkeeper);
        assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster).len(), 1, "{depth}");
        assert_eq!(total_deposit(&house.anvil, house.entry_point, &house.paymaster), UP_TO);
        let [entry] = &entries[..] else { panic!("{entries:?}") };
        let [now] = &house.sent()[..] else { panic!("{:?}", house.sent()) };
        assert_eq!((entry.state.as_str(), entry.block), ("confirmed", Some(now.block)));
        assert!(house.head() >= now.block + DEEP, "it is deep");
        assert!(house.wire().iter().all(|signed| signed.nonce == now.nonce), "{:?}", house.wire());
    }
}

#[test]
fn a_payment_that_moves_to_another_block_is_told_where_it_is() {
    let (house, watchkeeper) = included();
    let was = house.sent()[0].clone();
    house.anvil.mine(1);
    let raw = house.node().signed()[0].clone();
    house.anvil.rpc("anvil_reorg", json!([2, []]));
    // It may be in the pool already.
    let _known = house.anvil.try_rpc("eth_sendRawTransaction", json!([raw]));
    house.anvil.mine(1);
    let entries = house.settle(&watchkeeper);
    let [now] = &house.sent()[..] else { panic!("{:?}", house.sent()) };
    assert!(now.block > was.block, "{was:?} {now:?}");
    assert_eq!(entries[0].block, Some(now.block));
    assert_eq!((entries[0].fee, entries[0].state.as_str()), (Some(now.fee), "confirmed"));
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster).len(), 1);
}

#[test]
fn nothing_is_confirmed_before_it_is_deep() {
    let (house, watchkeeper) = included();
    let block = house.sent()[0].block;
    while house.head() < block + DEEP - 1 {
        house.anvil.mine(1);
    }
    // Two looks at the chain after the last block.
    let reads = house.node().requests();
    eventually("it to look again", super::SOON, || (house.node().requests() > reads + 10).then_some(()));
    assert_eq!(journal(&watchkeeper)[0].state, "included");
    house.anvil.mine(1);
    house.reaches(&watchkeeper, "key", "confirmed");
}

#[test]
fn another_transaction_in_the_new_blocks_takes_its_place_and_is_named() {
    let (house, watchkeeper) = included();
    let was = house.sent()[0].clone();
    house.node().set(Fault::Sending(Sending::Forgets));
    house.anvil.rpc("anvil_reorg", json!([1, []]));
    let _gone: Result<Value, String> = house.anvil.try_rpc("anvil_dropTransaction", json!([was.hash]));
    let foreign = house.foreign(ANYBODY, 1, was.nonce, 500);
    let entry = eventually("it to be given up", super::SOON, || {
        house.mine_at_pace();
        journal(&watchkeeper).into_iter().find(|entry| entry.state == "abandoned")
    });
    assert!(entry.reason.as_ref().is_some_and(|reason| reason.contains(&foreign)), "{entry:?}");
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster), []);
}
