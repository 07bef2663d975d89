//! The line that walks: chain, schedule, sandbox, metrics, Prometheus. What stands on `/metrics` is what the node says,
//! whatever becomes of the node.

mod counting;
mod endpoints;
mod minimal;
mod prometheus;
mod silence;
mod values;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Anvil, Deployment, Exposition, Watchkeeper, eventually, quantity};

const PATIENCE: Duration = Duration::from_secs(60);

/// The job `dev` runs `evm-chain` on the chain `dev`.
const JOB: &str = r#"
plugin = "evm-chain"
every = "250ms"

[config]
chain = "dev"

[grants]
chain = ["dev"]
state = true
"#;

/// A deployment with the job `dev` on a chain that is read from the given endpoints.
fn watch(endpoints: &[&str]) -> Deployment {
    let deployment = Deployment::on_chain(endpoints);
    deployment.plugin("evm-chain");
    deployment.job("dev", JOB);
    deployment
}

/// A metric of the job `dev` without further labels.
#[track_caller]
fn value(scrape: &Exposition, name: &str) -> Option<f64> {
    scrape.value(name, &[("job_name", "dev"), ("plugin", "evm-chain"), ("chain", "dev")])
}

/// The lines of all series that the plugin made.
fn series_of_plugin(watchkeeper: &Watchkeeper) -> Vec<String> {
    let text = watchkeeper.metrics_text();
    text.lines().filter(|line| line.starts_with("chain_")).map(str::to_owned).collect()
}

/// Waits until the newest block is seen and every block up to it is counted.
#[track_caller]
fn caught_up(watchkeeper: &Watchkeeper, anvil: &Anvil) -> Exposition {
    let head = anvil.quantity("eth_blockNumber", json!([])) as f64;
    eventually(&format!("block {head} to be counted"), PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let here = value(&scrape, "chain_head_block_number") == Some(head);
        (here && value(&scrape, "chain_uncounted_blocks") == Some(0.0)).then_some(scrape)
    })
}

/// A block as the node tells it: a number or a tag such as `latest`.
fn block(anvil: &Anvil, at: impl Into<Value>) -> Value {
    anvil.rpc("eth_getBlockByNumber", json!([at.into(), false]))
}

/// A block by its number.
fn block_at(anvil: &Anvil, number: u64) -> Value {
    block(anvil, format!("{number:#x}"))
}

fn number(value: &Value) -> f64 {
    quantity(value) as f64
}
