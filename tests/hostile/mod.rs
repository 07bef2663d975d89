//! Plugins that misbehave harm only themselves. Each folder of `tests/cases/hostile` is a case: a job, what comes of it,
//! and the component if `tests/plugins/hostile` isn't it. They run beside a job that reads a real chain and must keep its
//! times, while every scrape is answered.

mod case;
mod component;
mod watch;

use case::Case;
use watch::Watch;

#[test]
fn each_hostile_plugin_harms_only_itself() {
    let watch = Watch::start();
    let cases = Case::all();
    let failures: Vec<String> = cases.iter().flat_map(|case| watch.run(std::slice::from_ref(case))).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn eight_hostile_plugins_at_once_harm_only_themselves() {
    let watch = Watch::start();
    let cases = Case::all();
    let failures: Vec<String> = cases.chunks(8).flat_map(|eight| watch.run(eight)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
