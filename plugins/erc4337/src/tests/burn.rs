//! Burn rate and runway: right from the first run on, unknown where the events don't reach, bounded in what they read.

use watchkeeper_sdk::{
    serde_json::{Value, json},
    testing::Run,
};

use super::fake::{ABSENT, World, paymaster};

const SERIES: [&str; 4] = ["dev", "0.7", "ours", "1h"];

fn rate(run: &Run) -> Vec<f64> {
    assert!(run.outcome.is_ok(), "{:?}", run.outcome);
    run.samples("paymaster_burn_native_per_second", &SERIES)
}

fn runway(run: &Run) -> Vec<f64> {
    run.samples("paymaster_runway_seconds", &SERIES)
}

/// What operations, one a block that costs its number, cost a second in the hour that ends with a block.
fn expected(world: &World, last: u64, first: u64) -> f64 {
    let now = world.time(last);
    let begin = (now - 3_600) / 60 * 60;
    let cost: u64 = (first..=last).filter(|block| world.time(*block) >= begin).sum();
    cost as f64 / (now - begin) as f64
}

#[test]
fn the_first_run_knows_the_rate_from_the_events_that_are_there() {
    let world = World::new(5_000, 2);
    world.operations(1..=5_000);
    let run = world.run(&json!({}));
    let wanted = expected(&world, 4_998, 1);
    assert_eq!(rate(&run), [wanted]);
    assert!((runway(&run)[0] - 1_000_000.0 / wanted).abs() < 1e-6);
    assert_eq!(run.samples("paymaster_windows_end_timestamp_seconds", &["dev"]), [world.time(4_998) as f64]);
    let read = world.node.borrow().headers;
    assert!(read < 450, "{read} headers for 1,800 blocks with operations");
}

#[test]
fn later_runs_go_on_and_agree_with_the_events() {
    let world = World::new(3_000, 2);
    world.operations(1..=3_000);
    world.run(&json!({}));
    for head in (3_007..3_150).step_by(7) {
        world.mine(7, 2);
        world.operations(head - 6..=head);
        world.node.borrow_mut().headers = 0;
        assert_eq!(rate(&world.run(&json!({}))), [expected(&world, head - 2, 1)]);
        let read = world.node.borrow().headers;
        assert!(read < 16, "{read} headers in a run");
    }
}

#[test]
fn nothing_spent_is_no_burn_and_an_endless_runway() {
    let world = World::new(5_000, 2);
    let run = world.run(&json!({}));
    assert_eq!((rate(&run), runway(&run)), (vec![0.0], vec![f64::INFINITY]));
    world.deposit(paymaster(), [0; 5]);
    assert_eq!(runway(&world.run(&json!({}))), [0.0]);
}

#[test]
fn a_chain_that_is_younger_than_a_window_is_covered_from_its_first_block_on() {
    let world = World::new(100, 2);
    world.operations(1..=100);
    assert_eq!(rate(&world.run(&json!({}))), [expected(&world, 98, 1)]);
}

#[test]
fn a_chain_without_settled_blocks_has_no_rate() {
    let run = World::new(1, 2).run(&json!({}));
    assert_eq!(rate(&run), ABSENT);
}

#[test]
fn a_window_that_begins_before_what_may_be_read_is_unknown_until_time_covers_it() {
    let world = World::new(5_000, 2);
    world.operations(1..=5_000);
    let bounded = json!({ "max_window_blocks": 1_000 });
    let mut unknown = 0;
    while rate(&world.run(&bounded)).is_empty() {
        world.mine(100, 2);
        unknown += 1;
        assert!(unknown < 100);
    }
    assert_eq!(unknown, 9, "1,000 blocks of 2 s, 100 more each run, and a window of 3,600 s");
    let head = 5_000 + 900;
    let begin = (world.time(head - 2) - 3_600) / 60 * 60;
    let cost: u64 = (1..=5_000).filter(|block| world.time(*block) >= begin).sum();
    assert_eq!(rate(&world.run(&bounded)), [cost as f64 / (world.time(head - 2) - begin) as f64]);
}

#[test]
fn a_window_that_takes_several_runs_to_read_is_unknown_until_then() {
    let world = World::new(5_000, 2);
    world.operations(1..=5_000);
    let bounded = json!({ "max_blocks_per_run": 1_000 });
    let first = world.run(&bounded);
    assert_eq!(
        (rate(&first), first.samples("paymaster_windows_end_timestamp_seconds", &["dev"])),
        (ABSENT.to_vec(), ABSENT.to_vec())
    );
    assert!(first.samples("paymaster_windows_uncounted_blocks", &["dev"])[0] > 700.0);
    assert_eq!(rate(&world.run(&bounded)), [expected(&world, 4_998, 1)]);
}

#[test]
fn another_config_is_read_back_at_once() {
    let world = World::new(5_000, 2);
    world.operations(1..=5_000);
    let without: Value = json!({ "paymasters": { "other one": { "address": super::fake::ENTRY_POINT } } });
    assert_eq!(rate(&world.run(&without)), ABSENT);
    assert_eq!(rate(&world.run(&json!({}))), [expected(&world, 4_998, 1)]);
    let renamed = world.run(&json!({ "paymasters": { "new": { "address": paymaster() } } }));
    assert_eq!(
        renamed.samples("paymaster_burn_native_per_second", &["dev", "0.7", "new", "1h"]),
        [expected(&world, 4_998, 1)]
    );
}

#[test]
fn a_deep_reorganisation_is_read_back_at_once() {
    let world = World::new(5_000, 2);
    world.operations(1..=5_000);
    let counting = json!({ "first_blocks": 10 });
    let before = rate(&world.run(&counting));
    world.reorganise(1_000);
    let after = world.run(&counting);
    assert_ne!(rate(&after), before);
    let now = world.time(4_998);
    let begin = (now - 3_600) / 60 * 60;
    let cost: u64 = (1..=4_000).filter(|block| world.time(*block) >= begin).sum();
    assert_eq!(rate(&after), [cost as f64 / (now - begin) as f64]);
    assert_eq!(after.samples("erc4337_reorganisations_total", &["dev"]).iter().sum::<f64>(), 1.0);
}

#[test]
fn a_shallow_reorganisation_changes_nothing_that_was_counted() {
    let world = World::new(5_000, 2);
    world.operations(1..=4_998);
    world.run(&json!({}));
    world.reorganise(2);
    world.mine(5, 2);
    let run = world.run(&json!({}));
    assert_eq!(
        rate(&run),
        [{
            let now = world.time(5_003);
            let begin = (now - 3_600) / 60 * 60;
            let cost: u64 = (1..=4_998).filter(|block| world.time(*block) >= begin).sum();
            cost as f64 / (now - begin) as f64
        }]
    );
    assert_eq!(run.samples("erc4337_reorganisations_total", &["dev"]).iter().sum::<f64>(), 0.0);
}
