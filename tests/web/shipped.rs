//! The configuration of Prometheus that is shipped: promtool takes it, and every metric that its alerts read is there.

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use crate::support::{Deployment, Watchkeeper, eventually, programs};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/prometheus");

#[test]
fn promtool_takes_the_shipped_configuration() {
    let mut check = Command::new(programs::promtool());
    let output = check.args(["check", "config", "prometheus.yml"]).current_dir(FOLDER).output().expect("promtool runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_shipped_alerts_do_what_their_tests_say() {
    let files = fs::read_dir(FOLDER).expect("the shipped folder").map(|entry| entry.expect("an entry").file_name());
    let tests: Vec<_> = files.filter(|name| name.to_string_lossy().ends_with(".rules.test.yml")).collect();
    assert!(!tests.is_empty());
    let mut check = Command::new(programs::promtool());
    let output = check.args(["test", "rules"]).args(tests).current_dir(FOLDER).output().expect("promtool runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_metric_of_the_shipped_alerts_is_exposed() {
    let deployment = Deployment::new("");
    deployment.plugin("empty");
    deployment.job("probe", "plugin = \"empty\"\nevery = \"1s\"\n");
    let watchkeeper = Watchkeeper::start(&deployment);
    let rules = fs::read_to_string(Path::new(FOLDER).join("watchkeeper.rules.yml")).expect("the shipped rules");
    let named: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .flat_map(|expression| expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|word| word.starts_with("watchkeeper_"))
        .collect();
    assert!(named.len() >= 7, "{named:?}");
    eventually("all metrics of the alerts", Duration::from_secs(30), || {
        let exposition = watchkeeper.metrics();
        named.iter().all(|name| !exposition.all(name, &[]).is_empty()).then_some(())
    });
}
