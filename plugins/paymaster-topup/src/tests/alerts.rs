//! The shipped alerts read metrics that there are.

use std::collections::BTreeSet;

use watchkeeper_sdk::{
    metrics::Families,
    serde_json::{self, json},
};

use crate::{Job, config::Config};

/// Those that only `native-topup` has.
const OF_NATIVE_TOPUP: [&str; 4] =
    ["topup_balance_native", "topup_balance_threshold_native", "topup_balance_token", "topup_balance_threshold_token"];

#[test]
fn every_metric_of_the_shipped_alerts_is_declared() {
    let config = json!({
        "chain": "dev", "account": "funder", "currency": { "symbol": "X", "decimals": 18 },
        "threshold": "1 X", "target": "2 X",
        "entry_points": [{ "version": "0.7", "paymasters": [{ "address": "0x00000000000000000000000000000000000000a1" }] }],
    });
    let config: Config = serde_json::from_value(config).unwrap();
    let declared = Families::of::<Job, _>(&config).unwrap().names();
    let rules = include_str!("../../../../config/prometheus/payments.rules.yml");
    let text = rules.lines().filter(|line| !line.trim_start().starts_with('#') && !line.contains("summary:"));
    let words = text.flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_'));
    let read: BTreeSet<&str> = words.filter(|word| word.starts_with("topup_")).collect();
    assert!(read.len() >= 6, "{read:?}");
    for metric in read.into_iter().filter(|metric| !OF_NATIVE_TOPUP.contains(metric)) {
        assert!(declared.iter().any(|name| name == metric), "{metric}");
    }
}

#[test]
fn every_shipped_alert_is_tried() {
    let rules = include_str!("../../../../config/prometheus/payments.rules.yml");
    let tried = include_str!("../../../../config/prometheus/payments.rules.test.yml");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 18, "{alerts:?}");
    for alert in alerts {
        assert!(tried.lines().any(|line| line.trim() == format!("alertname: {alert}")), "{alert}");
    }
}
