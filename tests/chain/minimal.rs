//! The README's smallest probe, as it is.

use serde_json::json;

use crate::support::{Anvil, Deployment, Watchkeeper};

#[test]
fn the_minimal_probe_shows_the_head_with_a_grant_of_its_chain_only() {
    let anvil = Anvil::start(&["--no-mining"]);
    anvil.mine(9);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("minimal");
    deployment.job("head", "plugin = \"minimal\"\nevery = \"1s\"\nconfig.chain = \"dev\"\ngrants.chain = [\"dev\"]\n");
    let watchkeeper = Watchkeeper::start(&deployment);
    let labels = [("job_name", "head"), ("plugin", "minimal")];
    let name = "head_block_number";
    assert_eq!(watchkeeper.after_run("head", "success").value(name, &labels), Some(9.0));
    anvil.mine(1);
    let head = anvil.quantity("eth_blockNumber", json!([])) as f64;
    assert_eq!(watchkeeper.after_run("head", "success").value(name, &labels), Some(head));
}
