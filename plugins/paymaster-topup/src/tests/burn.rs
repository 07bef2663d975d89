//! A runway is measured from what operations cost, and never guessed.

use watchkeeper_sdk::{
    prelude::*,
    serde_json::{Value, json},
};

use super::fake::{ABSENT, GENESIS, World, tenths};

fn config() -> Value {
    json!({ "threshold": null, "runway": "2h", "burn_window": "1h" })
}

fn series(target: &str) -> [&str; 4] {
    ["dev", "funder", "0.7", target]
}

/// Two hours of blocks every 10 seconds, in the last of which `gas` spends 0.3 an hour.
fn busy(deposits: [u64; 3]) -> World {
    let world = World::new(deposits);
    world.mine(720, 10);
    for block in (1..=720).step_by(60) {
        let cost = if block > 360 { 50 } else { 900 };
        world.operation(block, "gas", cost);
    }
    world.due(GENESIS + 7_200);
    world
}

#[test]
fn a_deposit_that_lasts_less_than_it_should_is_filled_up() {
    let world = busy([5, 20, 20]);
    let run = world.run(&config());
    let done = "deposited 1.5 USDC for 1 of 3 paymasters; lowest runway 100 min";
    assert_eq!(run.outcome, Ok(done.into()));
    assert_eq!(world.asked(), [("gas".to_owned(), tenths(15))]);
    // The window begins with the part that reaches into it, so it is up to a sixtieth longer.
    let runway = run.samples("topup_runway_seconds", &series("gas"))[0];
    assert!((5_900.0..=6_101.0).contains(&runway), "{runway}");
    let rate = run.samples("topup_burn_native_per_second", &series("gas"))[0];
    assert!((rate * 3_600.0 - 0.3).abs() < 0.006, "{rate}");
    assert_eq!(run.samples("topup_runway_seconds", &series("shop")), [f64::INFINITY]);
    assert_eq!(run.samples("topup_burn_uncounted_blocks", &["dev", "funder"]), [0.0]);
    let level = run.samples("topup_deposit_threshold_native", &series("gas"))[0];
    assert!((0.58..=0.6).contains(&level), "{level}");
}

#[test]
fn a_deposit_that_lasts_long_enough_is_left_alone() {
    let world = busy([7, 20, 20]);
    let run = world.run(&config());
    assert_eq!(run.outcome, Ok("3 of 3 paymasters have enough; lowest runway 2 h".into()));
    assert_eq!(world.asked(), []);
}

#[test]
fn what_was_spent_is_remembered_and_forgotten_as_time_goes_by() {
    let world = busy([7, 20, 20]);
    world.run(&config());
    world.mine(180, 10);
    let half = world.run(&config());
    let rate = half.samples("topup_burn_native_per_second", &series("gas"))[0] * 3_600.0;
    assert!((rate - 0.15).abs() < 0.01, "{rate}");
    world.mine(200, 10);
    let run = world.run(&config());
    assert_eq!(run.samples("topup_burn_native_per_second", &series("gas")), [0.0]);
    assert_eq!(run.outcome, Ok("3 of 3 paymasters have enough".into()));
}

#[test]
fn an_empty_deposit_is_in_need_though_nothing_is_spent() {
    let world = busy([10, 0, 20]);
    let run = world.run(&config());
    assert_eq!(world.asked(), [("shop".to_owned(), tenths(20))]);
    assert_eq!(run.samples("topup_runway_seconds", &series("shop")), [0.0]);
    assert_eq!(run.outcome, Ok("deposited 2 USDC for 1 of 3 paymasters; lowest runway 0 min".into()));
}

#[test]
fn with_an_amount_too_whichever_is_more_counts() {
    let mut both = config();
    both["threshold"] = json!("0.8 USDC");
    let world = busy([7, 7, 20]);
    assert!(world.run(&both).outcome.is_ok());
    assert_eq!(world.asked().len(), 2, "by the amount");
    both["threshold"] = json!("0.1 USDC");
    let world = busy([5, 7, 20]);
    assert!(world.run(&both).outcome.is_ok());
    assert_eq!(world.asked(), [("gas".to_owned(), tenths(15))], "by the runway");
}

#[test]
fn a_rate_is_unknown_until_the_window_is_covered_and_reading_back_is_bounded() {
    let mut slow = config();
    slow["max_blocks_per_run"] = json!(150);
    let world = busy([5, 20, 20]);
    for left in [211.0, 61.0] {
        let run = world.run(&slow);
        assert_eq!(run.outcome, Ok("3 of 3 paymasters have enough; the burn rate isn't known yet".into()));
        assert_eq!(run.samples("topup_burn_uncounted_blocks", &["dev", "funder"]), [left]);
        assert_eq!(run.samples("topup_runway_seconds", &series("gas")), ABSENT);
    }
    assert!(world.run(&slow).outcome.unwrap().starts_with("deposited 1.5 USDC"));

    let mut short = config();
    short["max_window_blocks"] = json!(100);
    let world = busy([5, 20, 20]);
    assert!(world.run(&short).outcome.unwrap().ends_with("the burn rate isn't known yet"));
    world.mine(300, 10);
    assert!(world.run(&short).outcome.unwrap().contains("lowest runway"), "time has covered it");
}

#[test]
fn an_unknown_rate_keeps_nobody_from_the_amount_and_fails_the_run() {
    let world = busy([1, 20, 20]);
    world.node.borrow_mut().silent = true;
    let mut both = config();
    both["threshold"] = json!("0.5 USDC");
    let Err(Error::Unavailable(message)) = world.run(&both).outcome else { panic!("it didn't fail") };
    let expected = "the burn rate: no events today; deposited 1.9 USDC for 1 of 3 paymasters";
    assert_eq!(message, expected);
}

#[test]
fn a_runway_that_costs_more_than_the_target_is_said() {
    let world = busy([19, 20, 20]);
    let mut long = config();
    long["runway"] = json!("30d");
    let run = world.run(&long);
    assert_eq!(world.asked(), [("gas".to_owned(), tenths(1))], "up to the target and no further");
    assert!(run.logs.iter().any(|(_, line)| line.contains("is more than `target`, 2 USDC")), "{:?}", run.logs);
}
