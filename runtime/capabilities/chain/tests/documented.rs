//! The page on chains lists the metrics of the capability: all of them, and no other.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../docs/chains.md");
const DECLARED: [&str; 2] = [include_str!("../src/telemetry.rs"), include_str!("../src/heads/telemetry.rs")];

/// The names of the capability's metrics that follow this mark.
fn names(text: &str, mark: char) -> BTreeSet<&str> {
    text.split(mark).filter(|part| part.starts_with("watchkeeper_chain_")).map(name).collect()
}

fn name(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or(text)
}

#[test]
fn the_page_lists_each_metric_and_no_other() {
    let declared: BTreeSet<&str> = DECLARED.iter().flat_map(|source| names(source, '"')).collect();
    assert!(declared.contains("watchkeeper_chain_requests_total"), "{declared:?}");
    assert_eq!(names(PAGE, '`'), declared);
}
