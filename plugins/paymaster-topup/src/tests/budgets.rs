//! A budget that is short goes to the neediest first.

use watchkeeper_sdk::{prelude::*, serde_json::json};

use super::fake::{World, intents, spent, tenths};

fn named(asked: &[(&str, u64)]) -> Vec<(String, U256)> {
    asked.iter().map(|(name, count)| ((*name).to_owned(), tenths(*count))).collect()
}

#[test]
fn the_neediest_come_first_and_who_does_not_fit_is_left_out_and_counted() {
    let world = World::new([4, 1, 3]);
    world.left("24h", 37);
    let run = world.run(&json!({}));
    let done = "deposited 3.6 USDC for 2 of 3 paymasters; 1 left out because the budget is short";
    assert_eq!(run.outcome, Ok(done.into()));
    assert_eq!(world.asked(), named(&[("shop", 19), ("game", 17)]));
    assert_eq!(intents(&run, "gas", "budget_short"), 1.0);
    let refused = run.samples("topup_refused_total", &["dev", "funder", "USDC", "gas", "budget_short"]);
    assert_eq!(refused, [0.0, 1.0]);
    assert_eq!(run.samples("topup_budget_remaining_native", &["dev", "funder", "24h"]), [3.7]);
    assert!(run.logs.iter().any(|(_, line)| line.contains("1.6 USDC is missing, and the budget has 0.1 USDC")));
}

#[test]
fn in_part_the_neediest_come_first_too() {
    let world = World::new([4, 1, 3]);
    world.left("24h", 37);
    let run = world.run(&json!({ "partial": true }));
    assert_eq!(run.outcome, Ok("deposited 3.7 USDC for 3 of 3 paymasters; 1 only in part".into()));
    assert_eq!(world.asked(), named(&[("shop", 19), ("game", 17), ("gas", 1)]));
    assert_eq!(spent(&run, "gas"), 0.1);
}

#[test]
fn a_budget_that_is_used_up_pays_nobody() {
    for partial in [false, true] {
        let world = World::new([4, 1, 30]);
        world.left("7d", 0);
        let run = world.run(&json!({ "partial": partial }));
        let done = "1 of 3 paymasters have enough; 2 left out because the budget is short";
        assert_eq!(run.outcome, Ok(done.into()));
        assert_eq!(world.asked(), []);
    }
}

#[test]
fn a_cap_on_single_payments_holds_for_each() {
    let world = World::new([4, 1, 30]);
    world.left("payment", 10);
    world.left("24h", 50);
    let run = world.run(&json!({ "partial": true }));
    assert_eq!(run.outcome, Ok("deposited 2 USDC for 2 of 3 paymasters; 2 only in part".into()));
}

#[test]
fn who_is_needy_is_told_by_what_is_left_of_the_level() {
    // By a burn rate game's level is 2, so that 0.6 of it is less than 0.2 of 0.5.
    let world = World::new([2, 20, 4]);
    world.mine(10, 360);
    world.operation(9, "game", 2_000);
    world.left("24h", 16);
    world.due(super::fake::GENESIS + 3_600);
    let run = world.run(&json!({ "runway": "1h", "burn_window": "1h" }));
    assert!(run.outcome.as_ref().is_ok_and(|done| done.starts_with("deposited 1.6 USDC for 1 of 3")), "{run:?}");
    assert_eq!(world.asked(), named(&[("game", 16)]));
}
