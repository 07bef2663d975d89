//! What the plugin `contracts` says of contracts on a real chain is what the chain says by another road: by `cast`, by receipts, by
//! the logs themselves.

mod events;
mod failures;
mod values;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Anvil, Deployment, Exposition, Watchkeeper,
    contracts::{cast_call, deploy},
    eventually, quantity,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A deployment with the job `dev`, which runs `contracts` on the chain `dev`; `config` follows its key `chain`.
fn watch(endpoint: &str, config: &str) -> Deployment {
    let deployment = Deployment::on_chain(&[endpoint]);
    deployment.plugin("contracts");
    deployment.job("dev", &job(config));
    deployment
}

fn job(config: &str) -> String {
    format!(
        "plugin = \"contracts\"\nevery = \"250ms\"\n[grants]\nchain = [\"dev\"]\nstate = true\n\
         [config]\nchain = \"dev\"\n{config}\n"
    )
}

/// A metric of the job `dev` that has these labels.
#[track_caller]
fn value(scrape: &Exposition, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let common = [("job_name", "dev"), ("plugin", "contracts"), ("chain", "dev")];
    scrape.value(name, &[&common, labels].concat())
}

/// Waits for a scrape whose values are of the newest block.
#[track_caller]
fn at_head(watchkeeper: &Watchkeeper, anvil: &Anvil) -> Exposition {
    let head = anvil.quantity("eth_blockNumber", json!([])) as f64;
    eventually(&format!("values of block {head}"), PATIENCE, || {
        let scrape = watchkeeper.metrics();
        (value(&scrape, "contracts_block_number", &[]) == Some(head)).then_some(scrape)
    })
}

/// The number that `cast` reads of a contract, divided by 10 to a power.
#[track_caller]
fn read(anvil: &Anvil, to: &str, signature: &str, arguments: &[&str], decimals: u8) -> f64 {
    number(&cast_call(anvil, to, signature, arguments), decimals)
}

/// A number as `cast` shows it, such as `1500000 [1.5e6]`.
#[track_caller]
fn number(shown: &str, decimals: u8) -> f64 {
    let digits = shown.split_whitespace().next().unwrap_or_else(|| panic!("no number: {shown:?}"));
    format!("{digits}e-{decimals}").parse().unwrap_or_else(|_| panic!("no number: {shown:?}"))
}

/// A 256-bit number as a word of the ABI.
fn word(number: u64) -> String {
    format!("{number:064x}")
}

/// The accounts that Anvil holds the keys of.
fn accounts(anvil: &Anvil) -> Vec<String> {
    let accounts = anvil.rpc("eth_accounts", json!([]));
    accounts.as_array().unwrap().iter().map(|account| account.as_str().unwrap().to_owned()).collect()
}

/// A block's number in a receipt or a log.
fn block_of(value: &Value) -> u64 {
    quantity(&value["blockNumber"])
}

/// A coin of 6 decimals.
fn coin(anvil: &Anvil) -> String {
    deploy(anvil, "Coin", &word(6))
}
