//! The pages and endpoints of a running process.

mod content;
mod doors;
mod lifecycle;
mod shipped;

use crate::support::{Anvil, Deployment};

/// A deployment with the job `dev`, which runs `evm-chain` often on the chain `dev`.
fn watch(endpoint: &str) -> Deployment {
    let deployment = Deployment::on_chain(&[endpoint]);
    deployment.plugin("evm-chain");
    let grants = "grants.chain = [\"dev\"]\ngrants.state = true\n";
    deployment.job("dev", &format!("plugin = \"evm-chain\"\nevery = \"250ms\"\nconfig.chain = \"dev\"\n{grants}"));
    deployment
}

fn still_chain() -> Anvil {
    Anvil::start(&["--no-mining"])
}
