//! What a node doesn't say is absent, and never zero; only the head is needed.

use watchkeeper_sdk::{
    log::Level,
    prelude::*,
    serde_json::{Value, json},
    testing::Run,
};

use super::fake::Fake;

const DEV: &[&str] = &["dev"];

/// The families that one method answers, with the values of a healthy node.
const OPTIONAL: [(&str, &str, &[&str], f64); 9] = [
    ("safe", "chain_safe_block_number", DEV, 68.0),
    ("finalized", "chain_finalized_block_number", DEV, 36.0),
    ("eth_gasPrice", "chain_gas_price_wei", DEV, 2e9),
    ("eth_feeHistory", "chain_priority_fee_wei", &["dev", "90"], 3.0),
    ("eth_chainId", "chain_id", DEV, 31337.0),
    ("web3_clientVersion", "chain_client_info", &["dev", "fake/v1"], 1.0),
    ("net_peerCount", "chain_peers", DEV, 3.0),
    ("eth_syncing", "chain_syncing", DEV, 0.0),
    ("txpool_status", "chain_txpool_transactions", &["dev", "queued"], 5.0),
];

fn lines(run: &Run, level: Level) -> usize {
    run.logs.iter().filter(|(of, _)| *of == level).count()
}

fn lacks_method() -> Result<Value, chain::Error> {
    Err(chain::Error::Rpc { code: -32601, message: "no such method".into() })
}

#[test]
fn a_healthy_node_says_everything() {
    let run = Fake::new(100).run();
    for (_, family, labels, value) in OPTIONAL {
        assert_eq!(run.samples(family, labels), [value], "{family}");
    }
    for (family, value) in [
        ("chain_head_block_number", 100.0),
        ("chain_head_block_timestamp_seconds", 1_700_001_200.0),
        ("chain_head_block_gas_limit", 1e6),
        ("chain_head_block_gas_used_ratio", 0.1),
        ("chain_base_fee_wei", 1e9),
    ] {
        assert_eq!(run.samples(family, DEV), [value], "{family}");
    }
    assert_eq!(run.logs, []);
}

#[test]
fn a_lacking_method_leaves_its_series_absent_and_is_said_once() {
    for (method, family, labels, value) in OPTIONAL {
        let fake = Fake::new(100);
        fake.answer(method, lacks_method());
        let run = fake.run();
        assert!(run.outcome.is_ok());
        assert_eq!(run.samples(family, labels), [0.0; 0], "{family}");
        assert_eq!((lines(&run, Level::Info), lines(&run, Level::Warn)), (1, 0), "{method}");
        for (_, other, labels, value) in OPTIONAL.iter().filter(|(other, ..)| *other != method) {
            assert_eq!(run.samples(other, labels), [*value], "{other} without {method}");
        }
        assert_eq!(fake.run().logs, [], "{method} is said again");

        let healthy = Fake::new(100).run();
        assert_eq!(healthy.samples(family, labels), [value]);
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_absent_and_a_warning_each_time() {
    let zero = json!({ "number": "0x" });
    for (method, family, labels, _) in OPTIONAL {
        for bad in [json!("0x00"), json!("zero"), json!([[]]), zero.clone()] {
            if method == "web3_clientVersion" && bad.is_string() || method == "eth_syncing" && bad.is_object() {
                continue;
            }
            let fake = Fake::new(100);
            fake.answer(method, Ok(bad.clone()));
            for run in [fake.run(), fake.run()] {
                assert!(run.outcome.is_ok());
                assert_eq!(run.samples(family, labels), [0.0; 0], "{family} from {bad}");
                assert_eq!(lines(&run, Level::Warn), 1, "{method}: {bad}");
            }
        }
    }
}

#[test]
fn without_the_head_a_run_fails_with_the_reads_own_kind() {
    let unavailable = chain::Error::Unavailable("nobody answers".into());
    let denied = chain::Error::Denied("no grant".into());
    let head = |change: fn(&mut Value)| {
        let mut block = json!({
            "number": "0x1", "hash": B256::ZERO, "parentHash": B256::ZERO, "timestamp": "0x1",
            "gasUsed": "0x1", "gasLimit": "0x1", "transactions": [],
        });
        change(&mut block);
        Ok(block)
    };
    let fails = |answer: Result<Value, chain::Error>| {
        let fake = Fake::new(100);
        fake.answer("latest", answer);
        let run = fake.run();
        assert_eq!(run.samples("chain_peers", DEV), [0.0; 0]);
        run.outcome.unwrap_err()
    };
    assert_eq!(fails(Err(unavailable)), Error::Unavailable("nobody answers".into()));
    assert_eq!(fails(Err(denied)), Error::Denied("no grant".into()));
    assert!(matches!(fails(lacks_method()), Error::Failed(_)));
    assert!(matches!(fails(Ok(Value::Null)), Error::Failed(_)));
    assert!(matches!(fails(head(|block| block["number"] = json!("0x"))), Error::Failed(_)));
    assert!(matches!(fails(head(|block| block["gasUsed"] = json!(0))), Error::Failed(_)));
    assert!(matches!(fails(head(|block| block["hash"] = json!("0x12"))), Error::Failed(_)));
    assert!(matches!(fails(head(|block| _ = block.as_object_mut().unwrap().remove("timestamp"))), Error::Failed(_)));
    assert!(matches!(fails(head(|block| block["transactions"] = json!(null))), Error::Failed(_)));
}

#[test]
fn a_chain_without_base_fee_has_no_base_fee_series() {
    let fake = Fake::new(100);
    fake.answer(
        "latest",
        Ok(json!({
            "number": "0x1", "hash": B256::ZERO, "parentHash": B256::ZERO, "timestamp": "0x1",
            "gasUsed": "0x0", "gasLimit": "0x0", "transactions": [],
        })),
    );
    let run = fake.run();
    assert!(run.outcome.is_ok());
    assert_eq!(run.samples("chain_base_fee_wei", DEV), [0.0; 0]);
    assert_eq!(run.samples("chain_head_block_gas_used_ratio", DEV), [0.0; 0]);
}

#[test]
fn a_node_that_synchronises_says_how_far_it_is() {
    let fake = Fake::new(100);
    fake.answer("eth_syncing", Ok(json!({ "currentBlock": "0x64", "highestBlock": "0xc8", "startingBlock": "0x0" })));
    let run = fake.run();
    assert_eq!(run.samples("chain_syncing", DEV), [1.0]);
    assert_eq!(run.samples("chain_sync_current_block_number", DEV), [100.0]);
    assert_eq!(run.samples("chain_sync_highest_block_number", DEV), [200.0]);
}

#[test]
fn fee_percentiles_are_checked_and_asked_for() {
    let fake = Fake::new(100);
    let run = |percentiles: Value| fake.run_with(json!({ "chain": "dev", "fee_percentiles": percentiles }));
    assert_eq!(
        run(json!([50, 10])).outcome,
        Err(Error::InvalidConfig("key `fee_percentiles`: percentiles ascend".into()))
    );
    assert!(matches!(run(json!([101])).outcome, Err(Error::InvalidConfig(_))));
    assert_eq!(run(json!([])).logs, []);

    let short = run(json!([50]));
    assert_eq!(short.samples("chain_priority_fee_wei", &["dev", "50"]), [0.0; 0]);
    assert_eq!(lines(&short, Level::Warn), 1);
}
