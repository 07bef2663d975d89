//! The plugin `celestia` as an operator runs it: the host keeps the node's token and lets through only what was named; what
//! stands on `/metrics` is what the node says, whatever becomes of the node.

mod alerts;
mod counting;
mod silence;
mod token;
mod values;

use std::time::Duration;

use crate::{
    stand_ins::celestia::{
        Celestia,
        model::{ACCOUNT, Permission, Submission, namespace},
        token as token_of,
    },
    support::{Deployment, Exposition, Watchkeeper, eventually},
};

const PATIENCE: Duration = Duration::from_secs(60);
const NAMESPACE: &[u8] = b"rollup-one";

/// Every method that the plugin asks for.
const METHODS: [&str; 12] = [
    "header.LocalHead",
    "header.NetworkHead",
    "header.Tail",
    "header.SyncState",
    "header.GetByHeight",
    "share.GetNamespaceData",
    "das.SamplingStats",
    "state.BalanceForAddress",
    "node.Ready",
    "node.Info",
    "p2p.Peers",
    "p2p.BandwidthStats",
];

/// A deployment with the job `da`, which may call these methods of a node by the token of a permission.
fn watch(node: &Celestia, permission: Permission, methods: &[&str]) -> Deployment {
    let deployment = Deployment::new(&format!(
        "[http.celestia]\norigin = {:?}\nprivate = true\nheaders = {{ authorization = \"Bearer {}\" }}\n",
        node.url(),
        token_of(permission)
    ));
    deployment.plugin("celestia");
    deployment.job("da", &job(node, methods));
    deployment
}

fn job(node: &Celestia, methods: &[&str]) -> String {
    let namespace: String = namespace(NAMESPACE).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        r#"
plugin = "celestia"
every = "250ms"

[config]
url = "{url}/"
network = "private"
expected_every = "60s"
start_height = 1
namespaces = {{ rollup = "{namespace}" }}
signers = {{ batcher = "{ACCOUNT}" }}

[grants]
state = true

[grants.http.celestia]
json_rpc_methods = {methods:?}
"#,
        url = node.url()
    )
}

/// One blob of so many bytes for a fee of 0.002 TIA.
fn submission(size: u32) -> Submission {
    Submission { signer: ACCOUNT.into(), blobs: vec![(namespace(NAMESPACE), size)], fee: 2_000, gas: 80_000 }
}

/// A metric of the job `da` with these further labels.
#[track_caller]
fn value(scrape: &Exposition, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let job = [("job_name", "da"), ("plugin", "celestia"), ("network", "private")];
    scrape.value(name, &[&job, labels].concat())
}

fn blobs(scrape: &Exposition) -> Option<f64> {
    value(scrape, "da_blobs_total", &[("signer", "batcher"), ("namespace", "rollup")])
}

/// Waits until the node's head is seen and every block up to it is counted.
#[track_caller]
fn caught_up(watchkeeper: &Watchkeeper, node: &Celestia) -> Exposition {
    let head = node.model().local_head() as f64;
    eventually(&format!("block {head} to be counted"), PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let here = value(&scrape, "da_head_block_number", &[("kind", "local")]) == Some(head);
        (here && value(&scrape, "da_uncounted_blocks", &[]) == Some(0.0)).then_some(scrape)
    })
}
