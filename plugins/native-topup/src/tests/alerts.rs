//! The shipped alerts read metrics that there are.

use std::collections::BTreeSet;

use watchkeeper_sdk::{
    metrics::Families,
    serde_json::{self, json},
};

use crate::{Job, config::Config};

/// Those that only `paymaster-topup` has.
const OF_PAYMASTER_TOPUP: [&str; 4] =
    ["topup_deposit_native", "topup_deposit_threshold_native", "topup_runway_seconds", "topup_burn_uncounted_blocks"];

#[test]
fn every_metric_of_the_shipped_alerts_is_declared() {
    let config = json!({
        "chain": "dev", "account": "funder", "currency": { "symbol": "X", "decimals": 18 },
        "targets": [{
            "name": "a", "address": "0x00000000000000000000000000000000000000a1", "threshold": "1 X", "target": "2 X",
        }],
    });
    let config: Config = serde_json::from_value(config).unwrap();
    let declared = Families::of::<Job, _>(&config).unwrap().names();
    let rules = include_str!("../../../../config/prometheus/payments.rules.yml");
    let text = rules.lines().filter(|line| !line.trim_start().starts_with('#') && !line.contains("summary:"));
    let words = text.flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_'));
    let read: BTreeSet<&str> = words.filter(|word| word.starts_with("topup_")).collect();
    assert!(read.len() >= 6, "{read:?}");
    for metric in read.into_iter().filter(|metric| !OF_PAYMASTER_TOPUP.contains(metric)) {
        assert!(declared.iter().any(|name| name == metric), "{metric}");
    }
}
