//! A deposit is filled up once a period, whatever becomes of the runs in it, and each payment is counted once.

use watchkeeper_sdk::{prelude::*, serde_json::json};

use super::fake::{GENESIS, World, intents, recipient, spent, tenths};

/// Pays without any effect on the deposits, as where a node lags behind.
fn without_effect(world: &World) {
    world.decides(|payment| Ok(payment.value));
}

#[test]
fn the_same_period_pays_once_though_the_deposit_still_seems_low() {
    let world = World::new([1, 20, 20]);
    without_effect(&world);
    world.run(&json!({ "period": "10m" }));
    for later in [0, 60, 399] {
        world.due(GENESIS + later);
        let run = world.run(&json!({ "period": "10m" }));
        assert_eq!(run.outcome, Ok("2 of 3 paymasters have enough; 1 paid in this period already".into()), "{later}");
        assert_eq!(
            (intents(&run, "gas", "waiting"), intents(&run, "gas", "paid"), spent(&run, "gas")),
            (1.0, 0.0, 0.0)
        );
    }
    assert_eq!(world.asked(), [("gas".to_owned(), tenths(19))]);
}

#[test]
fn the_amount_may_change_within_a_period_and_is_not_paid_again() {
    let world = World::new([1, 20, 20]);
    without_effect(&world);
    world.run(&json!({}));
    world.deposit("gas", tenths(0));
    assert_eq!(
        world.run(&json!({})).outcome,
        Ok("2 of 3 paymasters have enough; 1 paid in this period already".into())
    );
    assert_eq!(world.asked().len(), 1, "nothing that could be a conflict was asked for");
}

#[test]
fn the_next_period_has_a_key_of_its_own() {
    let world = World::new([1, 20, 20]);
    without_effect(&world);
    for (due, payments) in [(GENESIS, 1), (GENESIS + 399, 1), (GENESIS + 400, 2), (GENESIS + 1_000, 3)] {
        world.due(due);
        world.run(&json!({ "period": "10m" }));
        assert_eq!(world.asked().len(), payments, "{due}");
    }
    let keys: Vec<String> = world.account.asked().into_iter().map(|payment| payment.key).collect();
    assert!(keys[0].ends_with(":1699999800") && keys[1].ends_with(":1700000400") && keys[2].ends_with(":1700001000"));
}

#[test]
fn a_run_by_hand_is_of_the_blocks_period() {
    let world = World::new([1, 20, 20]);
    world.by_hand();
    world.mine(1, 1_000);
    world.run(&json!({}));
    assert!(world.account.asked()[0].key.ends_with(":1700001000"), "{:?}", world.account.asked());
}

#[test]
fn what_a_run_paid_that_failed_is_counted_by_the_next_one_once() {
    let world = World::new([1, 2, 20]);
    world.decides(|payment| match recipient(payment).as_str() {
        "shop" => Err(wallet::Error::Unavailable("no node".into())),
        _ => Ok(payment.value),
    });
    let failed = world.run(&json!({}));
    assert!(matches!(failed.outcome, Err(Error::Unavailable(_))));
    assert_eq!(spent(&failed, "gas"), 0.0, "samples of a run that failed are dropped");

    without_effect(&world);
    world.due(GENESIS + 60);
    let run = world.run(&json!({}));
    let done = "deposited 1.8 USDC for 1 of 3 paymasters; 1 paid in this period already";
    assert_eq!(run.outcome, Ok(done.into()));
    assert_eq!((spent(&run, "gas"), intents(&run, "gas", "paid")), (1.9, 1.0));
    assert_eq!((spent(&run, "shop"), intents(&run, "shop", "paid")), (1.8, 1.0));
    assert_eq!(world.asked().len(), 3, "gas was asked for once");

    let run = world.run(&json!({}));
    assert_eq!((spent(&run, "gas"), spent(&run, "shop")), (0.0, 0.0), "counted once");
}

#[test]
fn payments_of_failed_runs_are_counted_in_a_later_period_too() {
    let world = World::new([1, 2, 20]);
    world.run(&json!({}));
    world.due(GENESIS + 1_200);
    world.deposit("gas", tenths(0));
    world.answers("game", None);
    assert!(world.run(&json!({})).outcome.is_err());
    world.deposit("game", tenths(20));
    world.due(GENESIS + 6_000);
    let run = world.run(&json!({}));
    assert_eq!(run.outcome, Ok("3 of 3 paymasters have enough".into()));
    assert_eq!((spent(&run, "gas"), spent(&run, "shop")), (2.0, 0.0));
}

#[test]
fn an_undecided_payment_holds_its_target_until_it_is_decided() {
    let world = World::new([1, 2, 20]);
    world.decides(|payment| match recipient(payment).as_str() {
        "gas" => Err(wallet::Error::Indeterminate("sent, in no block yet".into())),
        _ => Ok(payment.value),
    });
    assert!(matches!(world.run(&json!({})).outcome, Err(Error::Indeterminate(_))));
    let key = world.account.asked().iter().find(|payment| recipient(payment) == "gas").unwrap().key.clone();
    for due in [GENESIS, GENESIS + 60, GENESIS + 600, GENESIS + 1_300] {
        world.due(due);
        let outcome = world.run(&json!({})).outcome;
        assert!(
            matches!(&outcome, Err(Error::Indeterminate(message)) if message.contains("`gas`: sent")),
            "{outcome:?}"
        );
    }
    let gas = || world.asked().iter().filter(|(name, _)| name == "gas").count();
    assert_eq!(gas(), 1, "asked for once, in the period in which it began");

    without_effect(&world);
    world.account.settle(&key, Ok(tenths(19)));
    let run = world.run(&json!({}));
    assert_eq!((spent(&run, "gas"), intents(&run, "gas", "paid")), (3.8, 2.0), "the old one and one of this period");
    assert_eq!(gas(), 2);
}

#[test]
fn a_payment_that_reverted_uses_its_key_up_and_is_counted() {
    for (error, outcome) in [
        (wallet::Error::Reverted("in block 7".into()), "reverted"),
        (wallet::Error::Other("abandoned".into(), "nonce 3".into()), "abandoned"),
    ] {
        let world = World::new([1, 20, 20]);
        world.decides(move |_| Err(error.clone()));
        assert!(matches!(world.run(&json!({})).outcome, Err(Error::Failed(_))), "where it happens it is a failure");
        let run = world.run(&json!({}));
        assert_eq!(run.outcome, Ok("2 of 3 paymasters have enough; 1 paid in this period already".into()));
        assert_eq!((intents(&run, "gas", outcome), spent(&run, "gas")), (1.0, 0.0));
        assert_eq!(world.asked().len(), 1);
        world.deposits_what_is_paid();
        world.due(GENESIS + 600);
        assert_eq!(world.run(&json!({})).outcome, Ok("deposited 1.9 USDC for 1 of 3 paymasters".into()));
    }
}
