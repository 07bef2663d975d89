//! `erc4337` against real EntryPoints with real operations: each number is what the chain says by another road, receipts and
//! `cast`, whatever happens to the process or the chain.

mod counting;
mod deposits;
mod receipts;
mod values;
mod windows;

use std::time::Duration;

use serde_json::json;

use crate::support::{
    Anvil, Deployment, Exposition, Watchkeeper,
    contracts::EntryPoint,
    eventually,
    user_operations::{Paymaster, Stage},
};

const PATIENCE: Duration = Duration::from_secs(120);
const ETHER: u128 = 1_000_000_000_000_000_000;
/// Blocks behind the head that count as settled.
const DEPTH: u64 = 2;
/// An address that takes anything.
const ANYBODY: &str = "0x000000000000000000000000000000000000bEEF";

/// The job `ops` on the chain `dev`, with further lines of its config.
fn job(paymasters: &[(&str, &Paymaster)], further: &str) -> String {
    let named: String = paymasters
        .iter()
        .map(|(name, paymaster)| format!("[config.paymasters.{name}]\naddress = \"{}\"\n", paymaster.address))
        .collect();
    format!(
        "plugin = \"erc4337\"\nevery = \"250ms\"\n\n\
         [config]\nchain = \"dev\"\ndecimals = 18\ndepth = {DEPTH}\nfirst_blocks = 100000\n{further}\n{named}\n\
         [grants]\nchain = [\"dev\"]\nstate = true\n"
    )
}

fn deployment(endpoint: &str, job: &str) -> Deployment {
    let deployment = Deployment::on_chain(&[endpoint]);
    deployment.plugin("erc4337");
    deployment.job("ops", job);
    deployment
}

/// Mines as many blocks as it takes for all that happened to be settled, and waits until it is counted and shown.
#[track_caller]
fn settled(watchkeeper: &Watchkeeper, anvil: &Anvil) -> Exposition {
    anvil.mine(DEPTH);
    let last = (anvil.quantity("eth_blockNumber", json!([])) - DEPTH) as f64;
    eventually(&format!("block {last} to be counted"), PATIENCE, || {
        let counted = watchkeeper.metrics().value("erc4337_last_counted_block_number", &[]);
        (counted == Some(last)).then_some(())
    });
    watchkeeper.after_run("ops", "success")
}

/// The value of the only series of a version with these labels.
#[track_caller]
fn value(scrape: &Exposition, version: EntryPoint, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels = [labels, &[("chain", "dev"), ("entry_point_version", label(version))]].concat();
    scrape.value(name, &labels)
}

/// As the label `entry_point_version` has it.
fn label(version: EntryPoint) -> &'static str {
    match version {
        EntryPoint::V06 => "0.6",
        EntryPoint::V07 => "0.7",
        EntryPoint::V08 => "0.8",
    }
}

/// A stage with a paymaster that has a deposit of 1 and paid for one operation that created an account.
fn stage_with_paymaster(anvil: &Anvil, version: EntryPoint) -> (Stage<'_>, Paymaster) {
    let stage = Stage::set(anvil, version);
    let paymaster = stage.paymaster();
    stage.deposit(&paymaster, ETHER);
    sponsored(&stage, &paymaster);
    (stage, paymaster)
}

/// An operation of the account 1 that a paymaster pays for.
#[track_caller]
fn sponsored(stage: &Stage<'_>, paymaster: &Paymaster) {
    let receipt = stage.send(&[stage.operation(1, ANYBODY, "0x", Some(paymaster))]);
    assert_eq!(receipt["status"], "0x1", "{receipt}");
}

/// Whether two numbers are the same but for how floating-point numbers round.
fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= one.abs().max(other.abs()) * 1e-12
}
