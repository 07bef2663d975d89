//! The alerts on rollups that are shipped: each waits for what it should, and reads metrics that the plugin has.

use std::{collections::BTreeSet, process::Command};

use crate::support::programs;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rollup");
const RULES: &str = include_str!("../../config/prometheus/rollup.rules.yml");
const PAGE: &str = include_str!("../../docs/plugins/rollup.md");

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    let output = Command::new(programs::promtool()).args(["test", "rules", "alerts.yml"]).current_dir(FOLDER).output();
    let output = output.expect("promtool runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let tested = include_str!("alerts.yml");
    for alert in RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert_eq!(tested.matches(&format!("alertname: {alert}\n")).count(), 1, "{alert} fires in a test");
    }
}

#[test]
fn each_metric_of_the_alerts_is_one_of_the_plugin() {
    let has: BTreeSet<&str> = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let named: BTreeSet<&str> = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .flat_map(|expression| expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|word| word.starts_with("rollup_"))
        .collect();
    assert!(named.len() >= 7 && named.is_subset(&has), "{named:?}");
}
