//! A chain without `zkevm_` methods, a node that lacks one, and a contract that isn't what the job says.

use super::{Scene, next, value};
use crate::support::{Anvil, Deployment, Watchkeeper, eventually};

const JOB: &str = r#"
plugin = "rollup"
every = "250ms"

[config]
l2 = "dev"

[grants]
chain = ["dev"]
state = true
"#;

/// What the last run of the job ended with.
fn message(watchkeeper: &Watchkeeper) -> String {
    let runs = watchkeeper.ended_runs();
    runs[0]["message"].as_str().unwrap_or_default().to_owned()
}

fn series(watchkeeper: &Watchkeeper) -> usize {
    watchkeeper.metrics_text().lines().filter(|line| line.starts_with("rollup_")).count()
}

#[test]
fn a_plain_chain_gets_a_clear_message_and_no_series() {
    let anvil = Anvil::start(&[]);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("rollup");
    deployment.job("dev", JOB);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "invalid_config");
    let message = message(&watchkeeper);
    assert!(message.contains("chain `dev` has no zkevm_* methods (client anvil/v"), "{message}");
    assert!(message.contains("hint: use evm-chain for any other chain"), "{message}");
    assert_eq!(series(&watchkeeper), 0);
}

#[test]
fn a_missing_method_is_absent_and_said_once() {
    let scene = Scene::new();
    scene.node.lacks_fork_id();
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    next(&watchkeeper);
    let scrape = next(&watchkeeper);
    assert_eq!(value(&scrape, "rollup_fork_id", &[]), None);
    assert_eq!(value(&scrape, "rollup_consolidated_block_number", &[]), Some(0.0), "the rest is there");
    assert_eq!(watchkeeper.log().matches("no fork id, said once").count(), 1, "{}", watchkeeper.log());
}

#[test]
fn a_contract_that_is_not_what_the_job_says_ends_the_run_and_shows_nothing() {
    let scene = Scene::new();
    for (contract, words) in [
        (r#"kind = "rollup-manager", rollup_id = 7"#, "has no rollup 7"),
        (r#"kind = "rollup-manager", rollup_id = 1"#, "is of the rollup with chain id 1101, and `zk` has 31337"),
        (r#"kind = "standalone""#, "doesn't answer as a standalone rollup contract"),
    ] {
        let deployment = scene.watch_contract(scene.l1.url(), contract);
        let watchkeeper = Watchkeeper::start(&deployment);
        watchkeeper.after_run("zk", "invalid_config");
        eventually(words, super::PATIENCE, || message(&watchkeeper).contains(words).then_some(()));
        assert_eq!(series(&watchkeeper), 0);
    }
}
