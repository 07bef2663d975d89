//! The picture of the README: a dozen jobs on a chain of its own. `WATCHKEEPER_SCREENSHOT=docs/overview.png` keeps it.
//!
//! Every run of the last minute is one. To fill six hours within seconds, older ones are copies of these in the ledger.

use std::{env, fs, path::PathBuf};

use rusqlite::{Connection, params};
use serde_json::json;
use tempfile::TempDir;

use super::{
    SOON,
    browser::{Browser, USUAL},
    ready,
};
use crate::support::{Anvil, Deployment, Fault, FaultProxy, Watchkeeper, eventually};

const MOST_BYTES: u64 = 300_000;
/// The copies of each run, and how far they are apart, in nanoseconds.
const COPIES: i64 = 70;
const APART: i64 = 300_000_000_000;

#[test]
fn the_first_page_is_worth_a_picture() {
    let anvil = Anvil::start(&["--block-time", "1"]);
    let away = FaultProxy::start(anvil.url());
    away.set(Fault::Answer(503, "no healthy upstream".to_owned()));
    let deployment = deployment(&anvil, &away);
    let mut watchkeeper = ready(&deployment);
    wait_for_runs(&watchkeeper);
    let note = json!({"note": "provider moves to other machines until 23:00"});
    assert_eq!(watchkeeper.post("jobs/testnet-head/pause", &note).status, 200);
    assert_eq!(watchkeeper.end(), Some(0));
    copy_runs(&deployment);
    let watchkeeper = ready(&deployment);
    wait_for_runs(&watchkeeper);

    let browser = Browser::start(&watchkeeper);
    let page = browser.page(USUAL);
    page.go("/login");
    page.fill("#token", &watchkeeper.token());
    page.click("role=button[name=\"Log in\"]");
    page.see("#live >> text=Live");
    assert_eq!(page.texts("summary h2"), ["Wrong", "Paused", "Well"]);

    let folder = TempDir::new().expect("a temporary folder");
    let picture = folder.path().join("overview.png");
    page.picture(&picture, true);
    let bytes = fs::metadata(&picture).expect("a picture").len();
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
    if let Some(kept) = env::var_os("WATCHKEEPER_SCREENSHOT").map(PathBuf::from) {
        fs::copy(&picture, &kept).expect("a folder that can be written");
    }
}

fn deployment(anvil: &Anvil, away: &FaultProxy) -> Deployment {
    let chain = |name: &str, url: &str| format!("[chains.{name}]\nchain_id = 31337\nendpoints = [{url:?}]\n");
    let chains = ["main", "rollup", "sidechain", "testnet"].map(|name| chain(name, anvil.url()));
    let wrong = "[chains.bridge]\nchain_id = 42766\nendpoints = [";
    let chains = format!("{}{}{wrong}{:?}]\n", chains.concat(), chain("archive", &away.url()), anvil.url());
    let deployment = Deployment::new(&chains);
    deployment.plugin("evm-chain");
    deployment.plugin("minimal");
    for (job, plugin, chain, when) in [
        ("archive-head", "evm-chain", "archive", "every = \"3s\"\n"),
        ("bridge-head", "evm-chain", "bridge", "every = \"5s\"\n"),
        ("main-fees", "evm-chain", "main", "every = \"2s\"\nconfig.fee_percentiles = [10, 50, 90]\n"),
        ("main-head", "evm-chain", "main", "every = \"1s\"\n"),
        ("main-height", "minimal", "main", "every = \"5s\"\n"),
        ("rollup-fees", "evm-chain", "rollup", "every = \"2s\"\nconfig.fee_percentiles = [50]\n"),
        ("rollup-head", "evm-chain", "rollup", "every = \"1s\"\n"),
        ("rollup-height", "minimal", "rollup", "every = \"5s\"\n"),
        ("sidechain-fees", "evm-chain", "sidechain", "every = \"2s\"\nconfig.fee_percentiles = [50]\n"),
        ("sidechain-head", "evm-chain", "sidechain", "every = \"2s\"\n"),
        ("testnet-head", "evm-chain", "testnet", "every = \"2s\"\n"),
        ("testnet-height", "minimal", "testnet", "every = \"3s\"\n"),
    ] {
        let state = if plugin == "evm-chain" { "grants.state = true\n" } else { "" };
        let text = format!("plugin = {plugin:?}\n{when}config.chain = {chain:?}\ngrants.chain = [{chain:?}]\n{state}");
        deployment.job(job, &text);
    }
    deployment
}

/// Waits until each job that isn't paused has run since the start.
fn wait_for_runs(watchkeeper: &Watchkeeper) {
    let runs = |job: &str| watchkeeper.runs_by_outcome(job).values().sum::<f64>();
    eventually("runs of all jobs", SOON, || {
        let overview = watchkeeper.overview();
        let jobs = overview.jobs();
        let mut awake = jobs.iter().filter(|(_, job)| job["pause"].is_null());
        (jobs.len() == 12 && awake.all(|(name, _)| runs(name) >= 1.0)).then_some(())
    });
}

/// Copies the newest run by schedule of each job into the hours before it. The one that fails did not always.
fn copy_runs(deployment: &Deployment) {
    let ledger = Connection::open(deployment.path("watchkeeper.db")).expect("nobody has it open");
    let mut jobs = ledger.prepare("SELECT id, name FROM jobs").expect("a ledger");
    let jobs = jobs.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("jobs");
    let jobs: Vec<(i64, String)> = jobs.map(|job| job.expect("a job")).collect();
    let newest: i64 = ledger.query_row("SELECT max(claimed) FROM runs", [], |row| row.get(0)).expect("runs");
    for copy in 1..=COPIES {
        let shift = copy * APART;
        for (job, name) in &jobs {
            let fails = name == "bridge-head" || (name == "archive-head" && (copy < 9 || copy == 31));
            let like = if fails { "outcome <> 'success'" } else { "outcome = 'success'" };
            let copied = format!(
                "INSERT INTO runs (id, job, generation, nominal, attempt, plugin, digest, claimed, epoch, started, finished,
                                   outcome, message, duration, cpu, peak_memory)
                 SELECT ?1, ?2, 1, nominal - ?3, 1, plugin, digest, claimed - ?3, epoch, started - ?3, finished - ?3,
                        outcome, message, duration, cpu, peak_memory
                 FROM runs WHERE nominal IS NOT NULL AND attempt = 1 AND claimed > ?4 AND {like}
                 ORDER BY job = ?2 DESC, claimed DESC LIMIT 1"
            );
            ledger
                .execute(&copied, params![id(newest - shift, *job, copy), job, shift, newest - APART])
                .expect("a copy");
        }
    }
}

/// An id as runs have it: the time in milliseconds, and what tells it from others of that time.
fn id(nanos: i64, job: i64, copy: i64) -> [u8; 16] {
    let millis = u128::try_from(nanos / 1_000_000).expect("after 1970");
    let rest = u128::try_from(job << 32 | copy).expect("positive");
    (millis << 80 | rest).to_be_bytes()
}
