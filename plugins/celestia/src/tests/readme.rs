//! The table in the README is what the plugin declares.

use watchkeeper_sdk::{
    metrics::Families,
    serde_json::{self, Value, json},
};

use crate::{Config, Metrics};

#[test]
fn the_readme_lists_every_metric_as_it_is_declared() {
    let config: Config = serde_json::from_value(json!({ "url": "http://node", "network": "mocha-4" })).unwrap();
    let families = serde_json::to_value(Families::of::<Metrics, _>(&config).unwrap()).unwrap();
    let declared: Vec<String> = families.as_array().unwrap().iter().map(row).collect();
    let written: Vec<&str> =
        include_str!("../../README.md").lines().filter(|line| line.starts_with("| `da_")).collect();
    assert_eq!(written, declared, "the table should be:\n{}", declared.join("\n"));
}

fn row(family: &Value) -> String {
    let text = |key: &str| family[key].as_str().unwrap_or_default().to_owned();
    let labels: Vec<_> =
        family["labels"].as_array().unwrap().iter().map(|label| format!("`{}`", label.as_str().unwrap())).collect();
    format!("| `{}` | {} | {} | {} | {} |", text("name"), text("type"), text("unit"), labels.join(", "), text("help"))
}
