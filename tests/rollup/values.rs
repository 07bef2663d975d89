//! Each metric of `rollup` against what the contract, the receipts and the node say themselves.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{DEPTH, ETHER, OTHER, ROLLUP, Scene, close, cost, value};
use crate::{
    stand_ins::zkevm::{Batches, consolidated},
    support::{
        Anvil, Exposition, Watchkeeper,
        contracts::{cast_call, cast_send, install_multicall3},
        quantity,
    },
};

const PAGE: &str = include_str!("../../docs/plugins/rollup.md");

#[test]
fn each_metric_is_what_node_and_l1_say() {
    check(&Scene::new());
}

#[test]
fn each_metric_is_the_same_where_l1_has_multicall3() {
    let scene = Scene::new();
    install_multicall3(&scene.l1);
    check(&scene);
}

fn check(scene: &Scene) {
    let several = ["sequenceSeveral(uint32,uint32,uint64,uint64)", ROLLUP, OTHER, "20", "25"];
    let mut sent =
        vec![scene.sequence(10), scene.sequence(17), scene.send(&scene.sequencer, several[0], &several[1..])];
    let proved = [scene.verify(4), scene.verify(9), scene.verify(21)];
    sent.push(scene.sequence(30));
    scene.send(&scene.sequencer, "rollBack(uint32,uint64)", &[ROLLUP, "26"]);
    sent.push(scene.sequence(28));
    scene.send(&scene.sequencer, "setEmergency(bool)", &["true"]);
    for (account, amount) in [(&scene.sequencer, "2500000000000000000"), (&scene.aggregator, "1000000000000000000")] {
        cast_send(&scene.l1, &scene.token, "mint(address,uint256)", &[account.as_str().unwrap(), amount]);
    }
    scene.node.says(Batches { trusted: 33, sequenced: 27, verified: 21 });
    scene.l1.mine(DEPTH);

    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    let mut compared = Compared { scrape: scene.counted(&watchkeeper), names: BTreeSet::new() };
    compare_batches(&mut compared, scene, sent.last().unwrap(), proved.last().unwrap());
    compare_contract(&mut compared, scene);
    compare_counts(&mut compared, &sent, &proved);

    let promised = PAGE.lines().filter_map(|line| line.strip_prefix("| `rollup_")?.split('`').next());
    let promised: BTreeSet<String> = promised.map(|name| format!("rollup_{name}")).collect();
    assert_eq!(compared.names, promised, "each metric of the page is compared");
}

fn compare_batches(compared: &mut Compared, scene: &Scene, sent: &Value, proved: &Value) {
    let now = time(&scene.l1, "latest").max(time(&scene.l2, "latest"));
    for (stage, number) in [("trusted", 33.0), ("virtual", 27.0), ("verified", 21.0)] {
        let labels = [("stage", stage), ("source", "l2")];
        compared.is("rollup_batch_number", &labels, number);
        compared.is("rollup_batch_last_advance_timestamp_seconds", &labels, now);
        compared.is("rollup_batch_regressions_total", &labels, 0.0);
        compared.is("rollup_batch_false_zeros_total", &[("stage", stage)], 0.0);
        compared.is("rollup_batch_disagreement", &[("stage", stage)], 0.0);
    }
    let shape = format!("(address,uint64,address,uint64,bytes32{},uint8)", ",uint64".repeat(6));
    let data = cast_call(&scene.l1, &scene.contract, &format!("rollupIDToRollupData(uint32){shape}"), &[ROLLUP]);
    let data: Vec<&str> = data.lines().collect();
    for (stage, number, receipt) in [("virtual", data[5], sent), ("verified", data[6], proved)] {
        let labels = [("stage", stage), ("source", "l1")];
        let time = time(&scene.l1, receipt["blockNumber"].as_str().unwrap());
        compared.is("rollup_batch_number", &labels, number.parse().unwrap());
        compared.is("rollup_batch_last_advance_timestamp_seconds", &labels, time);
        compared.is("rollup_batch_regressions_total", &labels, 0.0);
    }
    compared.is("rollup_batch_l1_lead", &[("stage", "virtual")], 1.0);
    compared.is("rollup_batch_l1_lead", &[("stage", "verified")], 0.0);
    for source in ["l1", "l2"] {
        compared.is("rollup_batch_order_violated", &[("source", source)], 0.0);
        compared.is("rollup_batch_order_violations_total", &[("source", source)], 0.0);
    }
    compared.is("rollup_consolidated_block_number", &[], consolidated(21) as f64);
    compared.is("rollup_fork_id", &[], 12.0);
}

fn compare_contract(compared: &mut Compared, scene: &Scene) {
    let say = |to: &str, signature: &str, arguments: &[&str]| {
        // Large numbers are followed by a shorter form in brackets.
        let said = cast_call(&scene.l1, to, signature, arguments);
        said.split(' ').next().unwrap().to_owned()
    };
    compared.is("rollup_l1_up", &[], 1.0);
    compared.is("rollup_l1_block_number", &[], scene.l1.quantity("eth_blockNumber", json!([])) as f64);
    assert_eq!(say(&scene.contract, "isEmergencyState()(bool)", &[]), "true");
    compared.is("rollup_emergency_state", &[], 1.0);
    let fee: f64 = say(&scene.contract, "getBatchFee()(uint256)", &[]).parse().unwrap();
    compared.is("rollup_batch_fee_tokens", &[], fee / ETHER);
    for (role, account) in [("sequencer", &scene.sequencer), ("aggregator", &scene.aggregator)] {
        let balance = scene.l1.rpc("eth_getBalance", json!([account, "latest"]));
        let balance = u128::from_str_radix(balance.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        compared.is("rollup_operator_balance_native", &[("role", role)], balance as f64 / ETHER);
        let tokens = say(&scene.token, "balanceOf(address)(uint256)", &[account.as_str().unwrap()]);
        compared.is("rollup_operator_balance_tokens", &[("role", role)], tokens.parse::<f64>().unwrap() / ETHER);
    }
}

fn compare_counts(compared: &mut Compared, sent: &[Value], proved: &[Value]) {
    // From 10 to 30, of which 4 were taken back, and 2 more; from 4 to 21.
    compared.is("rollup_batches_total", &[("stage", "virtual")], 22.0);
    compared.is("rollup_batches_total", &[("stage", "verified")], 17.0);
    for (role, receipts) in [("sequencer", sent), ("aggregator", proved)] {
        let costs: f64 = receipts.iter().map(cost).sum();
        compared.is("rollup_transactions_total", &[("role", role)], receipts.len() as f64);
        compared.is("rollup_batch_cost_native_total", &[("role", role)], costs);
        compared.is("rollup_unknown_costs_total", &[("role", role)], 0.0);
    }
    compared.is("rollup_rollbacks_total", &[], 1.0);
    compared.is("rollup_emergency_activations_total", &[], 1.0);
    compared.is("rollup_l1_reorganisations_total", &[], 0.0);
    compared.is("rollup_l1_first_counted_block_number", &[], 1.0);
    compared.is("rollup_l1_uncounted_blocks", &[], 0.0);
    compared.is("rollup_uncounted_transactions", &[], 0.0);
}

/// A scrape, and the names of the metrics that were compared.
struct Compared {
    scrape: Exposition,
    names: BTreeSet<String>,
}

impl Compared {
    #[track_caller]
    fn is(&mut self, name: &str, labels: &[(&str, &str)], wanted: f64) {
        close(&format!("{name} {labels:?}"), value(&self.scrape, name, labels), wanted);
        self.names.insert(name.to_owned());
    }
}

/// A block's own time.
fn time(anvil: &Anvil, block: &str) -> f64 {
    quantity(&anvil.rpc("eth_getBlockByNumber", json!([block, false]))["timestamp"]) as f64
}
