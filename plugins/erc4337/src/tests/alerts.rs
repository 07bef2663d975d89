//! The shipped alerts read metrics that there are.

use std::collections::BTreeSet;

use watchkeeper_sdk::{
    metrics::Families,
    serde_json::{self, json},
};

use crate::{Metrics, config::Config};

#[test]
fn every_metric_of_the_shipped_alerts_is_declared() {
    let config: Config = serde_json::from_value(json!({ "chain": "dev", "decimals": 18 })).unwrap();
    let declared = Families::of::<Metrics, _>(&config).unwrap().names();
    let rules = include_str!("../../../../config/prometheus/erc4337.rules.yml");
    let text = rules.lines().filter(|line| !line.trim_start().starts_with('#') && !line.contains("summary:"));
    let words = text.flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_'));
    let read: BTreeSet<&str> =
        words.filter(|word| word.starts_with("erc4337_") || word.starts_with("paymaster_")).collect();
    assert!(read.len() >= 6, "{read:?}");
    for metric in read {
        assert!(declared.iter().any(|name| name == metric), "{metric}");
    }
}
