//! The chain's own currency.

use watchkeeper_sdk::{
    prelude::*,
    serde_json::{Value, json},
};

use super::fake::{DUE, World, at, targets, tenths};

#[test]
fn nothing_is_paid_while_all_have_enough() {
    let world = World::new(&[("sequencer", 5), ("aggregator", 20)], &[]);
    let run = world.run(&targets(&["sequencer", "aggregator"]));
    assert_eq!(run.outcome, Ok("2 of 2 targets have enough".into()));
    assert!(world.account.asked().is_empty());
    assert_eq!(run.samples("topup_balance_native", &["dev", "funder", "sequencer"]), [0.5]);
    assert_eq!(run.samples("topup_balance_threshold_native", &["dev", "funder", "sequencer"]), [0.5]);
    assert_eq!(run.samples("topup_account_balance_native", &["dev", "funder"]), [7.0]);
}

#[test]
fn an_address_below_its_level_is_filled_up_by_a_plain_transfer() {
    let world = World::new(&[("sequencer", 3), ("aggregator", 20)], &[]);
    let run = world.run(&targets(&["sequencer", "aggregator"]));
    assert_eq!(run.outcome, Ok("paid 1.7 POL for 1 of 2 targets".into()));
    let key = format!("transfer:{:#x}:1699999800", at("sequencer"));
    assert_eq!(world.account.asked(), [Payment::transfer(key, at("sequencer"), tenths(17))]);
    assert_eq!(run.samples("topup_spent_native_total", &["dev", "funder", "sequencer"]), [0.0, 1.7]);
    assert_eq!(run.samples("topup_intents_total", &["dev", "funder", "POL", "sequencer", "paid"]), [0.0, 1.0]);
}

#[test]
fn the_same_period_pays_once_and_the_next_one_again() {
    let world = World::new(&[("sequencer", 3)], &[]);
    for (due, payments) in [(DUE, 1), (DUE + 60, 1), (DUE + 399, 1), (DUE + 400, 2)] {
        world.due(due);
        world.run(&targets(&["sequencer"]));
        assert_eq!(world.account.asked().len(), payments, "{due}");
    }
}

#[test]
fn a_balance_that_cannot_be_read_is_no_zero_and_keeps_nobody_from_being_served() {
    type Kind = fn(String) -> Error;
    let cases: [(Value, Kind, &str); 3] = [
        (json!("0x"), Error::Failed, "malformed: "),
        (json!(0), Error::Failed, "malformed: "),
        (Value::Null, Error::Unavailable, "no balances today"),
    ];
    for (answer, kind, words) in cases {
        let world = World::new(&[("sequencer", 3), ("aggregator", 4)], &[]);
        world.node.borrow_mut().native.insert(at("sequencer"), answer);
        let run = world.run(&targets(&["sequencer", "aggregator"]));
        let message = run.outcome.clone().unwrap_err().to_string();
        assert_eq!(run.outcome, Err(kind(message.clone())));
        assert!(message.starts_with(&format!("what `sequencer in POL` has can't be read: {words}")), "{message}");
        assert!(message.ends_with("; paid 1.6 POL for 1 of 2 targets"), "{message}");
        assert_eq!(world.account.asked().len(), 1);
    }
}

#[test]
fn a_short_budget_goes_to_the_neediest() {
    let world = World::new(&[("sequencer", 4), ("aggregator", 1)], &[]);
    drop(world.account.clone().left("POL", "24h", tenths(20)));
    let mut config = targets(&["sequencer", "aggregator"]);
    let run = world.run(&config);
    assert_eq!(run.outcome, Ok("paid 1.9 POL for 1 of 2 targets; 1 left out because the budget is short".into()));
    world.due(DUE + 600);
    config["partial"] = json!(true);
    let run = world.run(&config);
    assert_eq!(run.outcome, Ok("paid 2 POL for 2 of 2 targets; 1 only in part".into()));
    assert_eq!(run.samples("topup_budget_remaining_native", &["dev", "funder", "24h"]), [2.0]);
}
