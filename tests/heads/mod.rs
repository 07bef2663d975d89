//! Jobs that follow a chain: each head is covered by exactly one run, through bursts, pauses, kills and reorganisations.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Anvil, Deployment, Signal, Watchkeeper, eventually};

const SOON: Duration = Duration::from_secs(60);

/// A chain and a deployment on which the job `dev` follows it.
struct Stage {
    anvil: Anvil,
    deployment: Deployment,
}

impl Stage {
    fn new(chain: &str, trigger: &str) -> Self {
        let anvil = Anvil::start(&[]);
        anvil.mine(3);
        let socket = anvil.url().replace("http://", "ws://");
        let chain = chain.replace("SOCKET", &socket);
        let url = anvil.url();
        let deployment = Deployment::new(
            &format!("[chains.dev]\nchain_id = 31337\npoll_interval = \"100ms\"\n{chain}\n").replace("URL", url),
        );
        deployment.plugin("evm-chain");
        let stage = Self { anvil, deployment };
        stage.job(trigger);
        stage
    }

    fn polled(trigger: &str) -> Self {
        Self::new("endpoints = [\"URL\"]", trigger)
    }

    fn job(&self, trigger: &str) {
        let rest = "[config]\nchain = \"dev\"\n[grants]\nchain = [\"dev\"]\nstate = true\n";
        self.deployment.job("dev", &format!("plugin = \"evm-chain\"\n{trigger}\n{rest}"));
    }

    fn head(&self) -> u64 {
        self.anvil.quantity("eth_blockNumber", json!([]))
    }

    /// Waits until a run for the newest block has succeeded.
    #[track_caller]
    fn reached(&self, watchkeeper: &Watchkeeper, head: u64) {
        eventually(&format!("a run for head {head}"), SOON, || {
            let runs = runs(watchkeeper);
            let last = runs.last()?;
            (last.number == head && last.outcome == "success").then_some(())
        });
    }
}

/// A run for a head.
#[derive(Debug)]
struct Run {
    number: u64,
    previous: Option<u64>,
    hash: String,
    outcome: String,
}

/// The job's runs for heads, the oldest first.
fn runs(watchkeeper: &Watchkeeper) -> Vec<Run> {
    let page = watchkeeper.api("runs?job=dev&trigger=head&limit=500");
    let mut runs: Vec<Run> = page["runs"].as_array().expect("a list").iter().map(run).collect();
    runs.reverse();
    runs
}

fn run(run: &Value) -> Run {
    let head = &run["trigger"];
    assert_eq!(head["chain"], "dev", "{run}");
    Run {
        number: head["number"].as_u64().expect("a number"),
        previous: head["previous"].as_u64(),
        hash: head["hash"].as_str().expect("a hash").to_owned(),
        outcome: run["outcome"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Each run goes on where the one before ended, and the first is for its head alone.
#[track_caller]
fn nothing_is_left_out(runs: &[Run]) {
    assert_eq!(runs.first().expect("it ran").previous, None);
    for pair in runs.windows(2) {
        assert_eq!(pair[1].previous, Some(pair[0].number), "{runs:?}");
    }
}

#[test]
fn each_head_starts_a_run_by_polling_and_by_websocket() {
    let by_socket = "endpoints = [{ url = \"URL\", websocket = \"SOCKET\" }]";
    for stage in [Stage::polled("head = \"dev\""), Stage::new(by_socket, "head = \"dev\"")] {
        let watchkeeper = Watchkeeper::start(&stage.deployment);
        stage.reached(&watchkeeper, 3);
        for head in 4..=8 {
            stage.anvil.mine(1);
            stage.reached(&watchkeeper, head);
        }
        let runs = runs(&watchkeeper);
        assert_eq!(runs.iter().map(|run| run.number).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8]);
        nothing_is_left_out(&runs);
        let block = stage.anvil.rpc("eth_getBlockByNumber", json!(["0x8", false]));
        assert_eq!(json!(runs.last().expect("it ran").hash), block["hash"]);
        assert_eq!(watchkeeper.metrics().value("watchkeeper_chain_head_block_number", &[("chain", "dev")]), Some(8.0));
    }
}

#[test]
fn a_burst_is_one_run_and_every_third_block_is_every_third_block() {
    let stage = Stage::polled("head = \"dev\"\nhead_every = 3\nconfirmations = 2");
    let watchkeeper = Watchkeeper::start(&stage.deployment);
    stage.reached(&watchkeeper, 1);
    stage.anvil.mine(2);
    stage.anvil.mine(1);
    stage.reached(&watchkeeper, 4);
    stage.anvil.mine(100);
    stage.reached(&watchkeeper, 104);
    let runs = runs(&watchkeeper);
    assert_eq!(runs.len(), 3, "{runs:?}");
    nothing_is_left_out(&runs);
}

#[test]
fn a_kill_and_a_pause_leave_no_head_out_and_none_is_run_for_twice() {
    let stage = Stage::polled("head = \"dev\"");
    let mut watchkeeper = Watchkeeper::start(&stage.deployment);
    stage.reached(&watchkeeper, 3);
    for _ in 0..4 {
        stage.anvil.mine(2);
        watchkeeper.signal(Signal::KILL);
        watchkeeper.wait();
        stage.anvil.mine(3);
        watchkeeper = Watchkeeper::start(&stage.deployment);
        stage.reached(&watchkeeper, stage.head());
    }
    assert_eq!(watchkeeper.post("jobs/dev/pause", &json!({ "note": "upgrade" })).status, 200);
    stage.anvil.mine(5);
    assert_eq!(watchkeeper.post("jobs/dev/resume", &json!({})).status, 200);
    stage.reached(&watchkeeper, stage.head());
    let runs = runs(&watchkeeper);
    nothing_is_left_out(&runs);
    let mut numbers: Vec<u64> = runs.iter().map(|run| run.number).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), runs.len(), "{runs:?}");
}

#[test]
fn a_reorganisation_starts_a_run_for_the_new_head() {
    let stage = Stage::polled("head = \"dev\"");
    let watchkeeper = Watchkeeper::start(&stage.deployment);
    stage.anvil.mine(5);
    stage.reached(&watchkeeper, 8);
    let before = runs(&watchkeeper).last().expect("it ran").hash.clone();
    stage.anvil.rpc("anvil_reorg", json!([2, []]));
    eventually("a run for the new head", SOON, || {
        let runs = runs(&watchkeeper);
        let last = runs.last()?;
        (last.number == 8 && last.hash != before && last.outcome == "success").then_some(())
    });
}

#[test]
fn a_chain_that_is_not_there_is_refused_with_the_key() {
    let stage = Stage::polled("head = \"main\"");
    let configuration = stage.deployment.configuration();
    let arguments = ["check".as_ref(), "--config".as_ref(), configuration.as_os_str()];
    let ended = Watchkeeper::call(&arguments);
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(ended.stderr.contains("head: there is no chain `main`"), "{ended:?}");
    assert!(ended.stderr.contains("hint: "), "{ended:?}");
}
