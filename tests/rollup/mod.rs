//! The plugin `rollup`: what stands on `/metrics` is what the rollup's node and the chain it settles on say, and
//! nothing where they can't be right. L1 is a real chain with a contract that emits the real events; the rollup's node
//! is a stand-in.

mod alerts;
mod believed;
mod counting;
mod plain;
mod standalone;
mod values;

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    stand_ins::zkevm::{Batches, ZkevmNode},
    support::{Anvil, Deployment, Exposition, Watchkeeper, contracts, contracts::cast_send_from, eventually, quantity},
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Of the manager: ours, and a neighbour's.
const ROLLUP: &str = "2";
const OTHER: &str = "1";
/// What the job leaves to settle.
const DEPTH: u64 = 3;
const ETHER: f64 = 1e18;

/// A rollup, the chain that it settles on, and a job that watches both.
struct Scene {
    l2: Anvil,
    l1: Anvil,
    node: ZkevmNode,
    contract: String,
    token: String,
    sequencer: Value,
    aggregator: Value,
}

impl Scene {
    /// A manager with two rollups, of which nothing was sent; the node says the same.
    fn new() -> Self {
        let scene = Self::with(|l1, _, _| contracts::deploy(l1, "RollupManagerEvents", ""));
        let chain_id = quantity(&scene.l2.rpc("eth_chainId", json!([]))).to_string();
        let sequencer = scene.sequencer.as_str().unwrap();
        scene.send(&scene.sequencer, "add(uint32,uint64,address)", &[ROLLUP, &chain_id, sequencer]);
        scene.send(&scene.sequencer, "add(uint32,uint64,address)", &[OTHER, "1101", sequencer]);
        scene
    }

    fn with(deploy: impl FnOnce(&Anvil, &Value, &Value) -> String) -> Self {
        let (l2, l1) = (Anvil::start(&[]), Anvil::start(&["--chain-id", "31338"]));
        let accounts = l1.rpc("eth_accounts", json!([]));
        let (sequencer, aggregator) = (accounts[1].clone(), accounts[2].clone());
        let contract = deploy(&l1, &sequencer, &aggregator);
        let token = contracts::deploy(&l1, "RollupFeeToken", "");
        let node = ZkevmNode::start(&l2, Batches { trusted: 0, sequenced: 0, verified: 0 });
        Self { l2, l1, node, contract, token, sequencer, aggregator }
    }

    /// A deployment with the job `zk`; L1 is read from the given endpoint.
    fn watch(&self, l1: &str) -> Deployment {
        self.watch_contract(l1, &format!(r#"kind = "rollup-manager", rollup_id = {ROLLUP}"#))
    }

    fn watch_contract(&self, l1: &str, contract: &str) -> Deployment {
        let chain =
            |name: &str, id: u64, url: &str| format!("[chains.{name}]\nchain_id = {id}\nendpoints = [{url:?}]\n");
        let deployment =
            Deployment::new(&format!("{}{}", chain("zk", 31337, &self.node.url()), chain("main", 31338, l1)));
        deployment.plugin("rollup");
        deployment.job(
            "zk",
            &format!(
                r#"
plugin = "rollup"
every = "250ms"

[config]
l2 = "zk"

[config.l1]
chain = "main"
contract = {{ {contract}, address = "{}" }}
depth = {DEPTH}
first_block = 1

[config.l1.fee_token]
address = "{}"

[grants]
chain = ["zk", "main"]
state = true
"#,
                self.contract, self.token
            ),
        );
        deployment
    }

    /// Calls the contract in a block of its own; returns the receipt.
    #[track_caller]
    fn send(&self, from: &Value, signature: &str, arguments: &[&str]) -> Value {
        let receipt = cast_send_from(&self.l1, from, &self.contract, signature, arguments);
        assert_eq!(receipt["status"], "0x1", "{signature}: {receipt}");
        receipt
    }

    /// Sends batches up to one.
    #[track_caller]
    fn sequence(&self, last: u64) -> Value {
        self.send(&self.sequencer, "sequence(uint32,uint64)", &[ROLLUP, &last.to_string()])
    }

    /// Proves batches up to one.
    #[track_caller]
    fn verify(&self, last: u64) -> Value {
        self.send(&self.aggregator, "verifyTrusted(uint32,uint64)", &[ROLLUP, &last.to_string()])
    }

    /// Lets everything settle, and waits until it is counted.
    #[track_caller]
    fn settled(&self, watchkeeper: &Watchkeeper) -> Exposition {
        self.l1.mine(DEPTH);
        self.counted(watchkeeper)
    }

    /// Waits until everything that is settled is counted.
    #[track_caller]
    fn counted(&self, watchkeeper: &Watchkeeper) -> Exposition {
        let head = self.l1.quantity("eth_blockNumber", json!([])) as f64;
        eventually(&format!("block {head} of L1 to be seen and the rest counted"), PATIENCE, || {
            let scrape = watchkeeper.metrics();
            let is = |name: &str, wanted: f64| value(&scrape, name, &[]) == Some(wanted);
            let done = is("rollup_l1_block_number", head)
                && is("rollup_l1_uncounted_blocks", 0.0)
                && is("rollup_uncounted_transactions", 0.0);
            done.then_some(scrape)
        })
    }
}

/// A metric of the job `zk`.
#[track_caller]
fn value(scrape: &Exposition, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels = [labels, &[("job_name", "zk"), ("plugin", "rollup"), ("chain", "zk")]].concat();
    scrape.value(name, &labels)
}

/// The number of a stage's last batch, by one source.
#[track_caller]
fn number(scrape: &Exposition, stage: &str, source: &str) -> Option<f64> {
    value(scrape, "rollup_batch_number", &[("stage", stage), ("source", source)])
}

/// What a transaction cost, by its receipt, in whole units.
fn cost(receipt: &Value) -> f64 {
    quantity(&receipt["gasUsed"]) as f64 * quantity(&receipt["effectiveGasPrice"]) as f64 / ETHER
}

/// Whether a sum of floating-point numbers is what it should be, in whatever order it was added.
#[track_caller]
fn close(what: &str, found: Option<f64>, wanted: f64) {
    let is = found.is_some_and(|found| (found - wanted).abs() <= wanted.abs() * 1e-9);
    assert!(is, "{what} is {found:?} and should be {wanted}");
}

/// Waits for a run that began after this call.
fn next(watchkeeper: &Watchkeeper) -> Exposition {
    watchkeeper.after_run("zk", "success")
}
