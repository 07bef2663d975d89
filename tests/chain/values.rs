//! Each metric of `evm-chain` against the node's own words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{block, block_at, caught_up, number, value, watch};
use crate::support::{Anvil, Exposition, Fault, FaultProxy, Watchkeeper, quantity};

const PAGE: &str = include_str!("../../docs/plugins/evm-chain.md");

#[test]
fn each_metric_is_what_the_node_says() {
    let anvil = Anvil::start(&["--no-mining", "--slots-in-an-epoch", "4"]);
    let proxy = FaultProxy::start(anvil.url());
    proxy.set(Fault::Replace("net_peerCount", json!({"result": "0x19"})));
    anvil.mine(20);
    let deployment = watch(&[&proxy.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    let mut counted = vec![Counted { interval: None, ..Counted::of(&anvil, 20) }];

    mine(&anvil, 2, 3);
    mine(&anvil, 13, 0);
    mine(&anvil, 40, 5);
    caught_up(&watchkeeper, &anvil);
    counted.extend((21..=23).map(|number| Counted::of(&anvil, number)));
    anvil.rpc("anvil_reorg", json!([2, []]));
    mine(&anvil, 7, 4);
    caught_up(&watchkeeper, &anvil);
    counted.extend((22..=24).map(|number| Counted::of(&anvil, number)));
    fill_pool(&anvil);

    let mut compared = Compared::default();
    let scrape = watchkeeper.after_run("dev", "success");
    compare_head(&mut compared, &scrape, &anvil);
    compare_fees(&mut compared, &scrape, &anvil);
    compare_node(&mut compared, &scrape, &anvil);
    compare_counted(&mut compared, &scrape, &counted);
    compared.is(&scrape, "chain_peers", &[], 25.0);

    let progress = json!({"startingBlock": "0x0", "currentBlock": "0x12", "highestBlock": "0x1234"});
    proxy.set(Fault::Replace("eth_syncing", json!({"result": progress})));
    let scrape = watchkeeper.after_run("dev", "success");
    compared.is(&scrape, "chain_syncing", &[], 1.0);
    compared.is(&scrape, "chain_sync_current_block_number", &[], 18.0);
    compared.is(&scrape, "chain_sync_highest_block_number", &[], 4660.0);

    let promised = PAGE.lines().filter_map(|line| line.strip_prefix("| `chain_")?.split('`').next());
    let promised: BTreeSet<String> = promised.map(|name| format!("chain_{name}")).collect();
    assert_eq!(compared.0, promised, "each metric of its page is compared");
}

fn compare_head(compared: &mut Compared, scrape: &Exposition, anvil: &Anvil) {
    let head = block(anvil, "latest");
    compared.is(scrape, "chain_head_block_number", &[], number(&head["number"]));
    compared.is(scrape, "chain_head_block_timestamp_seconds", &[], number(&head["timestamp"]));
    compared.is(scrape, "chain_head_block_gas_limit", &[], number(&head["gasLimit"]));
    let ratio = number(&head["gasUsed"]) / number(&head["gasLimit"]);
    assert!(ratio > 0.0);
    compared.is(scrape, "chain_head_block_gas_used_ratio", &[], ratio);
    let (safe, finalized) = (block(anvil, "safe"), block(anvil, "finalized"));
    assert!(quantity(&finalized["number"]) > 0 && safe["number"] != finalized["number"]);
    compared.is(scrape, "chain_safe_block_number", &[], number(&safe["number"]));
    compared.is(scrape, "chain_finalized_block_number", &[], number(&finalized["number"]));
    compared.is(scrape, "chain_base_fee_wei", &[], number(&head["baseFeePerGas"]));
}

fn compare_fees(compared: &mut Compared, scrape: &Exposition, anvil: &Anvil) {
    compared.is(scrape, "chain_gas_price_wei", &[], number(&anvil.rpc("eth_gasPrice", json!([]))));
    let history = anvil.rpc("eth_feeHistory", json!(["0x1", "latest", [10, 50, 90]]));
    let rewards = &history["reward"][0];
    assert!(number(&rewards[0]) > 0.0 && rewards[0] != rewards[2], "{history}");
    for (place, percentile) in ["10", "50", "90"].into_iter().enumerate() {
        compared.is(scrape, "chain_priority_fee_wei", &[("percentile", percentile)], number(&rewards[place]));
    }
}

fn compare_node(compared: &mut Compared, scrape: &Exposition, anvil: &Anvil) {
    compared.is(scrape, "chain_id", &[], number(&anvil.rpc("eth_chainId", json!([]))));
    let version = anvil.rpc("web3_clientVersion", json!([]));
    compared.is(scrape, "chain_client_info", &[("version", version.as_str().unwrap())], 1.0);
    assert_eq!(anvil.rpc("eth_syncing", json!([])), json!(false));
    compared.is(scrape, "chain_syncing", &[], 0.0);
    assert_eq!(value(scrape, "chain_sync_current_block_number"), None);
    assert_eq!(value(scrape, "chain_sync_highest_block_number"), None);
    let pool = anvil.rpc("txpool_status", json!([]));
    assert!(quantity(&pool["pending"]) >= 2 && quantity(&pool["queued"]) >= 1, "{pool}");
    for state in ["pending", "queued"] {
        compared.is(scrape, "chain_txpool_transactions", &[("state", state)], number(&pool[state]));
    }
}

fn compare_counted(compared: &mut Compared, scrape: &Exposition, counted: &[Counted]) {
    let transactions: Vec<f64> = counted.iter().map(|block| block.transactions).collect();
    let intervals: Vec<f64> = counted.iter().filter_map(|block| block.interval).collect();
    let gas: f64 = counted.iter().map(|block| block.gas).sum();
    assert!(gas > 0.0 && intervals.contains(&13.0) && transactions.contains(&5.0));
    compared.is(scrape, "chain_blocks_total", &[], counted.len() as f64);
    compared.is(scrape, "chain_uncounted_blocks", &[], 0.0);
    compared.is(scrape, "chain_transactions_total", &[], transactions.iter().sum());
    compared.is(scrape, "chain_gas_used_total", &[], gas);
    compared.is(scrape, "chain_reorganisations_total", &[], 1.0);
    compared.holds(scrape, "chain_block_transactions", &transactions);
    compared.holds(scrape, "chain_block_interval_seconds", &intervals);
    compared.holds(scrape, "chain_reorganisation_depth_blocks", &[2.0]);
}

/// The names of the metrics that were compared.
#[derive(Default)]
struct Compared(BTreeSet<String>);

impl Compared {
    #[track_caller]
    fn is(&mut self, scrape: &Exposition, name: &str, labels: &[(&str, &str)], wanted: f64) {
        let labels = [labels, &[("job_name", "dev"), ("plugin", "evm-chain"), ("chain", "dev")]].concat();
        assert_eq!(scrape.value(name, &labels), Some(wanted), "{name} {labels:?}");
        self.0.insert(name.to_owned());
    }

    /// Whether a histogram holds exactly these observations, by sum, count and each bucket.
    #[track_caller]
    fn holds(&mut self, scrape: &Exposition, name: &str, observed: &[f64]) {
        assert_eq!(value(scrape, &format!("{name}_sum")), Some(observed.iter().sum()), "{name}");
        assert_eq!(value(scrape, &format!("{name}_count")), Some(observed.len() as f64), "{name}");
        let buckets = scrape.all(&format!("{name}_bucket"), &[("job_name", "dev")]);
        assert!(buckets.len() > 5);
        for bucket in buckets {
            let bound: f64 = bucket.labels["le"].parse().unwrap();
            let below = observed.iter().filter(|value| **value <= bound).count();
            assert_eq!(bucket.value, below as f64, "{bucket:?} of {observed:?}");
        }
        self.0.insert(name.to_owned());
    }
}

/// What a counted block adds.
struct Counted {
    interval: Option<f64>,
    transactions: f64,
    gas: f64,
}

impl Counted {
    fn of(anvil: &Anvil, at: u64) -> Self {
        let (block, parent) = (block_at(anvil, at), block_at(anvil, at - 1));
        Self {
            interval: Some(number(&block["timestamp"]) - number(&parent["timestamp"])),
            transactions: block["transactions"].as_array().unwrap().len() as f64,
            gas: number(&block["gasUsed"]),
        }
    }
}

/// Mines one block so many seconds after the last, with transactions of different priority fees.
fn mine(anvil: &Anvil, seconds: u64, transactions: u64) {
    let time = quantity(&block(anvil, "latest")["timestamp"]) + seconds;
    anvil.rpc("evm_setNextBlockTimestamp", json!([time]));
    for place in 0..transactions {
        send(anvil, usize::try_from(place).unwrap(), json!({"maxPriorityFeePerGas": gwei(place + 1)}));
    }
    anvil.mine(1);
}

/// Two transactions that can be mined and one that waits for another.
fn fill_pool(anvil: &Anvil) {
    send(anvil, 0, json!({}));
    send(anvil, 1, json!({}));
    send(anvil, 2, json!({"nonce": "0x64"}));
}

fn send(anvil: &Anvil, from: usize, further: Value) {
    let accounts = anvil.rpc("eth_accounts", json!([]));
    let mut transaction =
        json!({"from": accounts[from], "to": accounts[9], "value": "0x1", "gas": "0x5208", "maxFeePerGas": gwei(100)});
    transaction.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    anvil.rpc("eth_sendTransaction", json!([transaction]));
}

fn gwei(amount: u64) -> String {
    format!("{:#x}", amount * 1_000_000_000)
}
