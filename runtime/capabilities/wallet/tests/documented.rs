//! The page on payments lists the metrics of the capability: all of them, and no other; and the shipped alerts ask for none that
//! isn't there.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../docs/payments.md");
const RULES: &str = include_str!("../../../../config/prometheus/payments.rules.yml");
const DECLARED: &str = include_str!("../src/telemetry.rs");
const BEGINNINGS: [&str; 2] = ["watchkeeper_payment", "watchkeeper_account"];

/// The names of the capability's metrics that stand at the beginning of a part.
fn names<'a>(parts: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    parts.filter(|part| BEGINNINGS.iter().any(|beginning| part.starts_with(beginning))).map(name).collect()
}

fn name(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or(text)
}

#[test]
fn the_page_lists_each_metric_and_no_other() {
    let declared = names(DECLARED.split('"'));
    assert!(declared.contains("watchkeeper_payments_total"), "{declared:?}");
    assert_eq!(names(PAGE.split('`')), declared);
}

#[test]
fn alerts_ask_for_metrics_that_are_there() {
    let declared = names(DECLARED.split('"'));
    let asked = names(RULES.split(|c: char| !c.is_ascii_lowercase() && c != '_'));
    assert!(!asked.is_empty());
    assert_eq!(asked.difference(&declared).collect::<Vec<_>>(), [&""; 0]);
}
