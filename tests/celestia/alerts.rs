//! The alerts that are shipped: promtool holds each against a node that is well and one that isn't, and every metric that they
//! read is one of the plugin's.

use std::{collections::BTreeSet, fs, process::Command};

use super::values::PAGE;
use crate::support::programs;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn each_alert_fires_when_it_should_and_not_on_a_healthy_node() {
    let mut test = Command::new(programs::promtool());
    let output =
        test.args(["test", "rules", "tests/celestia/alerts.yml"]).current_dir(ROOT).output().expect("promtool runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn every_metric_of_the_alerts_is_one_of_the_plugins_and_every_alert_is_tried() {
    let rules = fs::read_to_string(format!("{ROOT}/config/prometheus/celestia.rules.yml")).expect("the shipped rules");
    let lines = || rules.lines().map(str::trim);
    let named: BTreeSet<&str> = lines()
        .filter_map(|line| line.strip_prefix("expr: "))
        .flat_map(|expression| expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|word| word.starts_with("da_"))
        .collect();
    assert!(named.len() >= 10, "{named:?}");
    for name in named {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name} isn't in the plugin's table");
    }
    let tried = include_str!("alerts.yml");
    for alert in lines().filter_map(|line| line.strip_prefix("- alert: ")) {
        assert!(tried.contains(&format!("alertname=\"{alert}\"")), "{alert} isn't tried");
    }
}
