//! The rollup on L1: what the contract says, what is counted, what is paid, and what the two sources say of each other.

use watchkeeper_sdk::{
    prelude::*,
    serde_json::{Value, json},
    testing::Run,
};

use super::fake::{AGGREGATOR, COST, Fake, MANAGER, event, warnings, word};

const ZK: &[&str] = &["zk"];

fn sum(run: &Run, family: &str, labels: &[&str]) -> f64 {
    assert!(run.outcome.is_ok(), "{run:?}");
    run.samples(family, labels).iter().sum()
}

fn batches(run: &Run) -> (f64, f64) {
    (sum(run, "rollup_batches_total", &["zk", "virtual"]), sum(run, "rollup_batches_total", &["zk", "verified"]))
}

fn transactions(run: &Run) -> (f64, f64) {
    let of = |role| sum(run, "rollup_transactions_total", &["zk", role]);
    let (sequencer, aggregator) = (of("sequencer"), of("aggregator"));
    let cost = |role| sum(run, "rollup_batch_cost_native_total", &["zk", role]);
    assert!(
        (cost("sequencer") - sequencer * COST).abs() < 1e-12 && (cost("aggregator") - aggregator * COST).abs() < 1e-12
    );
    (sequencer, aggregator)
}

fn advance(run: &Run, stage: &str) -> Vec<f64> {
    run.samples("rollup_batch_last_advance_timestamp_seconds", &["zk", stage, "l1"])
}

#[test]
fn what_the_contract_says_is_shown() {
    let fake = Fake::new();
    fake.world().verify(5);
    let token = json!({ "fee_token": { "address": Address::repeat_byte(0x70), "decimals": 9 } });
    let run = fake.run_with(token);
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l1"]), [7.0]);
    assert_eq!(run.samples("rollup_batch_number", &["zk", "verified", "l1"]), [5.0]);
    assert_eq!(run.samples("rollup_batch_order_violated", &["zk", "l1"]), [0.0]);
    assert_eq!(run.samples("rollup_l1_up", ZK), [1.0]);
    assert_eq!(run.samples("rollup_l1_block_number", ZK), [101.0]);
    assert_eq!(run.samples("rollup_emergency_state", ZK), [0.0]);
    assert_eq!(run.samples("rollup_batch_fee_tokens", ZK), [0.1]);
    assert_eq!(run.samples("rollup_operator_balance_native", &["zk", "sequencer"]), [2.0]);
    assert_eq!(run.samples("rollup_operator_balance_native", &["zk", "aggregator"]), [3.0]);
    assert_eq!(run.samples("rollup_operator_balance_tokens", &["zk", "aggregator"]), [2.5]);
    assert_eq!(run.samples("rollup_batch_disagreement", &["zk", "virtual"]), [0.0]);
    assert_eq!(run.logs, []);
}

#[test]
fn a_standalone_contract_is_read_by_its_own_views() {
    let fake = Fake::new();
    fake.world().contract.insert("trustedSequencer()", vec![AGGREGATOR.into_word()]);
    let run = fake.run_with(json!({ "contract": { "kind": "standalone", "address": MANAGER } }));
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l1"]), [7.0]);
    assert_eq!(run.samples("rollup_operator_balance_native", &["zk", "sequencer"]), [3.0]);
    assert_eq!(run.samples("rollup_operator_balance_native", &["zk", "aggregator"]), [3.0]);
}

#[test]
fn settled_batches_and_transactions_are_counted_once() {
    let fake = Fake::new();
    fake.world().sequence(7);
    fake.world().verify(5);
    fake.world().mine(4);
    let run = fake.run_on_l1();
    assert_eq!((batches(&run), transactions(&run)), ((0.0, 0.0), (1.0, 1.0)), "where counting begins");

    fake.world().sequence(12);
    fake.world().verify_several([6, 9]);
    let run = fake.run_on_l1();
    assert_eq!((batches(&run), transactions(&run)), ((0.0, 0.0), (0.0, 0.0)), "not settled yet");
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l1"]), [12.0], "a gauge uses the head");

    fake.world().mine(4);
    let run = fake.run_on_l1();
    assert_eq!((batches(&run), transactions(&run)), ((5.0, 4.0), (1.0, 1.0)), "one transaction with three events");
    assert_eq!((batches(&fake.run_on_l1()), run.samples("rollup_uncounted_transactions", ZK)), ((0.0, 0.0), vec![0.0]));
}

#[test]
fn an_advance_has_the_time_of_its_block() {
    let fake = Fake::new();
    let first = fake.run_on_l1();
    assert_eq!(advance(&first, "virtual"), [2_080.0], "first seen: the head of `zk` is the newest block");
    fake.world().sequence(8);
    assert_eq!(advance(&fake.run_on_l1(), "virtual"), [12.0 * 101.0]);
    fake.world().mine(9);
    assert_eq!(advance(&fake.run_on_l1(), "virtual"), [12.0 * 101.0]);
    assert_eq!(advance(&fake.run_on_l1(), "verified"), [2_080.0]);
}

#[test]
fn what_a_reorganisation_takes_back_before_it_is_settled_is_never_counted() {
    let fake = Fake::new();
    fake.world().sequence(7);
    fake.world().mine(4);
    fake.run_on_l1();
    fake.world().sequence(12);
    fake.run_on_l1();
    fake.world().reorganise(1);
    fake.world().sequence(10);
    fake.world().mine(4);
    let run = fake.run_on_l1();
    assert_eq!((batches(&run), transactions(&run)), ((3.0, 0.0), (1.0, 0.0)));
    assert_eq!(sum(&run, "rollup_batch_regressions_total", &["zk", "virtual", "l1"]), 1.0, "12, then 10");
    assert_eq!(sum(&run, "rollup_l1_reorganisations_total", ZK), 0.0);
    fake.world().reorganise(6);
    assert_eq!(sum(&fake.run_on_l1(), "rollup_l1_reorganisations_total", ZK), 1.0);
}

#[test]
fn receipts_are_bounded_per_run_and_what_waits_is_made_up_for() {
    let fake = Fake::new();
    (1..=25).for_each(|to| fake.world().sequence(to));
    fake.world().mine(4);
    let mut total = 0.0;
    for (new, left) in [(10.0, 15.0), (10.0, 5.0), (5.0, 0.0), (0.0, 0.0)] {
        let run = fake.run_with(json!({ "max_receipts_per_run": 10 }));
        assert_eq!((transactions(&run).0, run.samples("rollup_uncounted_transactions", ZK)), (new, vec![left]));
        assert!(run.most_in_flight <= 16, "{}", run.most_in_flight);
        total += batches(&run).0;
    }
    assert_eq!(total, 24.0);
}

#[test]
fn blocks_are_bounded_per_run_and_what_is_left_is_made_up_for() {
    let fake = Fake::new();
    fake.world().sequence(7);
    fake.world().sequence(9);
    fake.world().mine(4);
    let mut total = 0.0;
    for left in [39.0, 0.0] {
        let run = fake.run_with(json!({ "max_blocks_per_run": 60, "first_block": 4 }));
        assert_eq!(run.samples("rollup_l1_uncounted_blocks", ZK), [left]);
        assert_eq!(run.samples("rollup_l1_first_counted_block_number", ZK), [4.0]);
        total += batches(&run).0;
    }
    assert_eq!(total, 2.0);
}

#[test]
fn a_receipt_that_never_comes_is_counted_as_unknown_and_not_as_free() {
    let fake = Fake::new();
    fake.world().sequence(7);
    fake.world().mine(4);
    fake.world().says("main", "eth_getTransactionReceipt", Value::Null);
    for _ in 0..9 {
        let run = fake.run_on_l1();
        assert_eq!((transactions(&run).0, run.samples("rollup_uncounted_transactions", ZK)), (0.0, vec![1.0]));
        assert_eq!(sum(&run, "rollup_unknown_costs_total", &["zk", "sequencer"]), 0.0);
    }
    let run = fake.run_on_l1();
    assert_eq!(sum(&run, "rollup_unknown_costs_total", &["zk", "sequencer"]), 1.0);
    assert_eq!((transactions(&run).0, run.samples("rollup_uncounted_transactions", ZK)), (0.0, vec![0.0]));
}

#[test]
fn a_receipt_that_cannot_be_had_now_waits_as_long_as_it_takes() {
    let fake = Fake::new();
    fake.world().sequence(7);
    fake.world().mine(4);
    fake.world().fails("main", "eth_getTransactionReceipt", chain::Error::Unavailable("late".into()));
    (0..20).for_each(|_| assert_eq!(transactions(&fake.run_on_l1()).0, 0.0));
    fake.world().answers.clear();
    assert_eq!(transactions(&fake.run_on_l1()).0, 1.0);
}

#[test]
fn a_rollback_is_counted_and_the_batches_that_are_sent_again_too() {
    let fake = Fake::new();
    fake.world().sequence(7);
    fake.world().sequence(17);
    fake.world().mine(4);
    assert_eq!(batches(&fake.run_on_l1()).0, 10.0);
    fake.world().roll_back(9);
    fake.world().sequence(11);
    fake.world().mine(4);
    let run = fake.run_on_l1();
    assert_eq!((batches(&run).0, sum(&run, "rollup_rollbacks_total", ZK)), (2.0, 1.0));
    assert_eq!(sum(&run, "rollup_batch_regressions_total", &["zk", "virtual", "l1"]), 1.0);
}

#[test]
fn an_emergency_is_shown_and_counted() {
    let fake = Fake::new();
    fake.run_on_l1();
    fake.world().contract.insert("isEmergencyState()", vec![word(1)]);
    fake.world().transaction(vec![event("EmergencyStateActivated()", &[], &[])]);
    fake.world().mine(4);
    let run = fake.run_on_l1();
    assert_eq!(run.samples("rollup_emergency_state", ZK), [1.0]);
    assert_eq!(sum(&run, "rollup_emergency_activations_total", ZK), 1.0);
}

#[test]
fn l1_tells_a_false_zero_from_a_real_one_in_the_very_first_run() {
    let fake = Fake::new();
    (fake.world().sequenced, fake.world().verified) = (1, 0);
    let run = fake.run_on_l1();
    for stage in ["virtual", "verified"] {
        assert_eq!(run.samples("rollup_batch_number", &["zk", stage, "l2"]), [0.0; 0]);
        assert_eq!(sum(&run, "rollup_batch_false_zeros_total", &["zk", stage]), 1.0);
        assert_eq!(run.samples("rollup_batch_l1_lead", &["zk", stage]), [0.0; 0]);
    }

    let fresh = Fake::new();
    fresh.world().sequence(0);
    fresh.world().verify(0);
    let run = fresh.run_on_l1();
    for source in ["l1", "l2"] {
        assert_eq!(run.samples("rollup_batch_number", &["zk", "verified", source]), [0.0]);
        assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", source]), [0.0]);
    }
    assert_eq!(sum(&run, "rollup_batch_false_zeros_total", &["zk", "verified"]), 0.0);
}

#[test]
fn a_node_that_lags_behind_l1_is_no_disagreement_and_one_that_claims_more_is() {
    let fake = Fake::new();
    (fake.world().sequenced, fake.world().verified) = (6, 5);
    let run = fake.run_on_l1();
    assert_eq!(run.samples("rollup_batch_l1_lead", &["zk", "virtual"]), [1.0]);
    assert_eq!(run.samples("rollup_batch_disagreement", &["zk", "virtual"]), [0.0]);

    (fake.world().sequenced, fake.world().verified) = (8, 6);
    let run = fake.run_on_l1();
    for stage in ["virtual", "verified"] {
        assert_eq!(run.samples("rollup_batch_l1_lead", &["zk", stage]), [-1.0]);
        assert_eq!(run.samples("rollup_batch_disagreement", &["zk", stage]), [1.0]);
    }
    fake.world().trusted = 6;
    assert_eq!(fake.run_on_l1().samples("rollup_batch_disagreement", &["zk", "trusted"]), [1.0]);
}

#[test]
fn a_proof_that_the_contract_does_not_count_yet_is_no_disagreement() {
    let fake = Fake::new();
    let by = AGGREGATOR.into_word();
    let proof =
        event("VerifyBatches(uint32,uint64,bytes32,bytes32,address)", &[word(3), by], &[word(6), word(0), word(0)]);
    fake.world().transaction(vec![proof]);
    fake.world().verified = 6;
    let run = fake.run_on_l1();
    assert_eq!(run.samples("rollup_batch_l1_lead", &["zk", "verified"]), [-1.0]);
    assert_eq!(run.samples("rollup_batch_disagreement", &["zk", "verified"]), [0.0]);
}

#[test]
fn an_l1_that_cannot_be_read_costs_its_series_and_nothing_else() {
    let fake = Fake::new();
    fake.run_on_l1();
    fake.world().fails("main", "eth_getBlockByNumber", chain::Error::Unavailable("nobody answers".into()));
    let run = fake.run_on_l1();
    assert_eq!(run.samples("rollup_l1_up", ZK), [0.0]);
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l1"]), [0.0; 0]);
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l2"]), [7.0]);
    assert_eq!(run.samples("rollup_batch_l1_lead", &["zk", "virtual"]), [0.0; 0]);
    assert_eq!(warnings(&run), 1);

    fake.world().answers.clear();
    fake.world().fails("main", "eth_getLogs", chain::Error::Unavailable("late".into()));
    let run = fake.run_on_l1();
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l1"]), [7.0]);
    assert_eq!(warnings(&run), 1);
}

#[test]
fn a_contract_that_is_not_what_the_config_says_ends_the_run() {
    let message = |change: &dyn Fn(&Fake), further: Value| {
        let fake = Fake::new();
        change(&fake);
        match fake.run_with(further).outcome {
            Err(Error::InvalidConfig(message)) => message,
            other => panic!("{other:?}"),
        }
    };
    let data = |words: Vec<B256>| {
        move |fake: &Fake| drop(fake.world().contract.insert("rollupIDToRollupData(uint32)", words.clone()))
    };
    let nothing = message(&data(Vec::new()), json!({}));
    assert!(nothing.contains("doesn't answer as a rollup manager"), "{nothing}");
    let no_rollup = message(&data(vec![B256::ZERO; 12]), json!({}));
    assert!(no_rollup.contains("has no rollup 3"), "{no_rollup}");
    let other = |fake: &Fake| fake.world().says("zk", "eth_chainId", json!("0x44e"));
    let other = message(&other, json!({}));
    assert!(other.contains("chain id 1101, and `zk` has 1102"), "{other}");
    let odd = |fake: &Fake| {
        let event = event("OnSequenceBatches(uint32,uint64)", &[word(3)], &[]);
        fake.world().transaction(vec![event]);
    };
    let odd = message(&odd, json!({}));
    assert!(odd.contains("another shape"), "{odd}");
}

#[test]
fn a_rollup_that_proves_without_batches_has_none_on_l1() {
    let fake = Fake::new();
    let mut data = vec![word(0); 12];
    (data[0], data[1], data[11]) = (Address::repeat_byte(1).into_word(), word(1_101), word(1));
    fake.world().contract.insert("rollupIDToRollupData(uint32)", data);
    let run = fake.run_on_l1();
    assert_eq!(run.samples("rollup_batch_number", &["zk", "virtual", "l1"]), [0.0; 0]);
    assert_eq!(run.samples("rollup_l1_up", ZK), [1.0]);
    assert!(run.logs.iter().any(|(_, line)| line.contains("no batches on L1, said once")));
}

#[test]
fn what_the_config_cannot_mean_is_refused_with_its_key() {
    let refused = |further: Value| match Fake::new().run_with(further).outcome {
        Err(Error::InvalidConfig(message)) => message,
        other => panic!("{other:?}"),
    };
    for (key, value) in [
        ("contract", json!({ "kind": "rollup-manager", "address": MANAGER })),
        ("contract", json!({ "kind": "rollup-manager", "address": MANAGER, "rollup_id": 0 })),
        ("contract", json!({ "kind": "standalone", "address": MANAGER, "rollup_id": 1 })),
        ("contract", json!({ "kind": "standalone", "address": "0x12" })),
        ("max_receipts_per_run", json!(0)),
        ("depth", json!(-1)),
        ("operators", json!({ "sequenzer": MANAGER })),
    ] {
        let message = refused(json!({ (key): value }));
        assert!(message.starts_with(&format!("key `l1.{key}")), "{message}");
    }
}
