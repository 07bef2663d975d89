//! What the rollup's node says, alone: what is believed, what is missing, what can't be read.

use watchkeeper_sdk::{log::Level, prelude::*, serde_json::json, testing::Run};

use super::fake::{Fake, lacks, warnings};

const METHODS: [(&str, &str, f64); 3] = [
    ("zkevm_batchNumber", "trusted", 9.0),
    ("zkevm_virtualBatchNumber", "virtual", 7.0),
    ("zkevm_verifiedBatchNumber", "verified", 5.0),
];

fn number(run: &Run, stage: &str) -> Vec<f64> {
    assert!(run.outcome.is_ok(), "{run:?}");
    run.samples("rollup_batch_number", &["zk", stage, "l2"])
}

fn sum(run: &Run, family: &str, labels: &[&str]) -> f64 {
    run.samples(family, labels).iter().sum()
}

#[test]
fn a_healthy_node_says_everything() {
    let run = Fake::new().run();
    assert_eq!(run.outcome, Ok("batches: trusted 9, virtual 7, verified 5".into()));
    for (_, stage, value) in METHODS {
        assert_eq!(number(&run, stage), [value]);
        // The head of `zk`: it was never seen before.
        assert_eq!(run.samples("rollup_batch_last_advance_timestamp_seconds", &["zk", stage, "l2"]), [2_080.0]);
        assert_eq!(sum(&run, "rollup_batch_regressions_total", &["zk", stage, "l2"]), 0.0);
        assert_eq!(run.samples("rollup_batch_false_zeros_total", &["zk", stage]), [0.0]);
    }
    assert_eq!(run.samples("rollup_batch_order_violated", &["zk", "l2"]), [0.0]);
    assert_eq!(run.samples("rollup_consolidated_block_number", &["zk"]), [50.0]);
    assert_eq!(run.samples("rollup_fork_id", &["zk"]), [12.0]);
    assert_eq!(run.samples("rollup_l1_up", &["zk"]), [0.0; 0]);
    assert_eq!(run.logs, []);
}

#[test]
fn a_chain_without_batches_gets_a_clear_message_and_no_series() {
    let fake = Fake::new();
    for (method, ..) in METHODS {
        fake.world().fails("zk", method, lacks());
    }
    fake.world().says("zk", "web3_clientVersion", json!("op-geth/v1.101"));
    let run = fake.run();
    let Err(Error::InvalidConfig(message)) = &run.outcome else { panic!("{run:?}") };
    assert_eq!(
        message,
        "chain `zk` has no zkevm_* methods (client op-geth/v1.101): this plugin is for Polygon zkEVM and CDK chains\n\
         hint: use evm-chain for any other chain; on cdk-erigon, `http.api` has to list `zkevm`"
    );
    assert_eq!(run.samples("rollup_batch_number", &["zk", "trusted", "l2"]), [0.0; 0]);
}

#[test]
fn a_method_that_is_missing_is_absent_and_said_once() {
    for (method, stage, value) in METHODS {
        let fake = Fake::new();
        fake.world().fails("zk", method, lacks());
        let run = fake.run();
        assert_eq!(number(&run, stage), [0.0; 0]);
        assert_eq!(run.logs.iter().filter(|(level, _)| *level == Level::Info).count(), 1, "{:?}", run.logs);
        assert_eq!(fake.run().logs, [], "{method} is said again");
        fake.world().answers.clear();
        assert_eq!(number(&fake.run(), stage), [value]);
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_absent_and_a_warning_each_time() {
    for (method, stage, _) in METHODS {
        for bad in
            [json!(7), json!("7"), json!("0x"), json!("0x07"), json!(null), json!({}), json!("0x1ffffffffffffffff")]
        {
            let fake = Fake::new();
            fake.world().says("zk", method, bad.clone());
            for run in [fake.run(), fake.run()] {
                assert_eq!(number(&run, stage), [0.0; 0], "{bad}");
                assert_eq!(warnings(&run), 1, "{bad}: {:?}", run.logs);
            }
        }
        let fake = Fake::new();
        let error = chain::Error::Rpc { code: -32000, message: "invalid hash length".into() };
        fake.world().fails("zk", method, error);
        assert_eq!(number(&fake.run(), stage), [0.0; 0]);
    }
}

#[test]
fn without_the_head_or_any_batch_a_run_fails_with_the_reads_own_kind() {
    let unavailable = || chain::Error::Unavailable("nobody answers".into());
    let fake = Fake::new();
    fake.world().fails("zk", "eth_getBlockByNumber", unavailable());
    assert_eq!(fake.run().outcome, Err(Error::Unavailable("nobody answers".into())));

    let fake = Fake::new();
    METHODS.iter().for_each(|(method, ..)| fake.world().fails("zk", method, unavailable()));
    assert_eq!(fake.run().outcome, Err(Error::Unavailable("nobody answers".into())));
    fake.world().fails("zk", "zkevm_batchNumber", chain::Error::Denied("no grant".into()));
    fake.world().fails("zk", "zkevm_verifiedBatchNumber", lacks());
    assert!(matches!(fake.run().outcome, Err(Error::Unavailable(_))));
}

#[test]
fn a_zero_after_more_is_false_and_absent_and_the_number_that_comes_back_is_no_advance() {
    let fake = Fake::new();
    fake.run();
    fake.world().verified = 0;
    fake.world().sequenced = 1;
    for _ in 0..2 {
        let run = fake.run();
        for stage in ["verified", "virtual"] {
            assert_eq!(number(&run, stage), [0.0; 0]);
            assert_eq!(run.samples("rollup_batch_false_zeros_total", &["zk", stage]), [1.0]);
            assert_eq!(sum(&run, "rollup_batch_regressions_total", &["zk", stage, "l2"]), 0.0);
            assert_eq!(run.samples("rollup_batch_last_advance_timestamp_seconds", &["zk", stage, "l2"]), [0.0; 0]);
        }
        assert_eq!(run.samples("rollup_consolidated_block_number", &["zk"]), [0.0; 0]);
        assert_eq!(number(&run, "trusted"), [9.0]);
        assert_eq!(run.samples("rollup_batch_order_violated", &["zk", "l2"]), [0.0; 0]);
        assert_eq!(warnings(&run), 2);
    }
    fake.world().verified = 5;
    fake.world().sequenced = 7;
    let run = fake.run();
    assert_eq!(number(&run, "verified"), [5.0]);
    assert_eq!(run.samples("rollup_batch_last_advance_timestamp_seconds", &["zk", "verified", "l2"]), [2_080.0]);
}

#[test]
fn a_fresh_chain_has_real_zeros() {
    let fake = Fake::new();
    (fake.world().sequenced, fake.world().verified) = (0, 0);
    for _ in 0..2 {
        let run = fake.run();
        assert_eq!((number(&run, "verified"), number(&run, "virtual")), (vec![0.0], vec![0.0]));
        assert_eq!(run.samples("rollup_consolidated_block_number", &["zk"]), [0.0]);
        assert_eq!(run.samples("rollup_batch_false_zeros_total", &["zk", "verified"]), [0.0]);
        assert_eq!(warnings(&run), 0);
    }
}

#[test]
fn a_chain_that_began_anew_has_real_zeros_again() {
    let fake = Fake::new();
    fake.run();
    (fake.world().trusted, fake.world().sequenced, fake.world().verified) = (2, 0, 0);
    assert_eq!(number(&fake.run(), "verified"), [0.0; 0]);
    fake.world().genesis = 2;
    let run = fake.run();
    assert_eq!((number(&run, "verified"), number(&run, "trusted")), (vec![0.0], vec![2.0]));
    assert_eq!(sum(&run, "rollup_batch_regressions_total", &["zk", "trusted", "l2"]), 0.0);
}

#[test]
fn a_number_that_falls_is_shown_and_counted_once() {
    let fake = Fake::new();
    fake.run();
    fake.world().trusted = 8;
    let run = fake.run();
    assert_eq!(number(&run, "trusted"), [8.0]);
    assert_eq!(sum(&run, "rollup_batch_regressions_total", &["zk", "trusted", "l2"]), 1.0);
    assert_eq!(warnings(&run), 1);
    assert_eq!(sum(&fake.run(), "rollup_batch_regressions_total", &["zk", "trusted", "l2"]), 0.0);
}

#[test]
fn numbers_out_of_order_are_shown_and_the_violation_is_counted_when_it_begins() {
    let fake = Fake::new();
    fake.run();
    fake.world().verified = 8;
    for (begins, _) in [(1.0, ()), (0.0, ())] {
        let run = fake.run();
        assert_eq!((number(&run, "verified"), number(&run, "virtual")), (vec![8.0], vec![7.0]));
        assert_eq!(run.samples("rollup_batch_order_violated", &["zk", "l2"]), [1.0]);
        assert_eq!(sum(&run, "rollup_batch_order_violations_total", &["zk", "l2"]), begins);
    }
    fake.world().sequenced = 8;
    assert_eq!(fake.run().samples("rollup_batch_order_violated", &["zk", "l2"]), [0.0]);
}
