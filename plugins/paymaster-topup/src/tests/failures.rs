//! What may come of a payment: each is told apart, and none keeps the others from being served.

use watchkeeper_sdk::{prelude::*, serde_json::json, testing::Run};

use super::fake::{World, intents, recipient, spent};

/// A run in which all three are in need, and the payment to `shop` comes to an error.
fn with(error: wallet::Error) -> (World, Run) {
    let world = World::new([1, 2, 3]);
    world.decides(move |payment| match recipient(payment).as_str() {
        "shop" => Err(error.clone()),
        _ => Ok(payment.value),
    });
    let run = world.run(&json!({}));
    assert_eq!(world.asked().len(), 3);
    (world, run)
}

#[test]
fn what_is_wrong_fails_the_run_with_its_own_kind_after_the_others_were_served() {
    type Kind = fn(String) -> Error;
    let cases: [(wallet::Error, Kind, &str); 6] = [
        (wallet::Error::Denied("no grant".into()), Error::Denied, "no grant"),
        (wallet::Error::Unavailable("no node".into()), Error::Unavailable, "no node"),
        (wallet::Error::Conflict("other".into()), Error::Failed, "conflict: other"),
        (wallet::Error::Reverted("in block 7".into()), Error::Failed, "reverted: in block 7"),
        (wallet::Error::Other("abandoned".into(), "nonce 3".into()), Error::Failed, "abandoned: nonce 3"),
        (wallet::Error::Indeterminate("sent".into()), Error::Indeterminate, "sent"),
    ];
    for (error, kind, words) in cases {
        let (_, run) = with(error);
        let message = format!("`shop`: {words}; deposited 3.6 USDC for 2 of 3 paymasters");
        assert_eq!(run.outcome, Err(kind(message)));
    }
}

#[test]
fn what_the_host_decides_against_is_an_outcome_and_counted() {
    for (error, outcome, line) in [
        (wallet::Error::NotNeeded("2 at block 7".into()), "not_needed", "1 not in need by the host's own reading"),
        (wallet::Error::OverBudget("max_24h".into()), "over_budget", "1 refused by the policy"),
        (wallet::Error::DryRun("would".into()), "dry_run", "would deposit 1.8 USDC for 1"),
    ] {
        let (_, run) = with(error);
        assert_eq!(run.outcome, Ok(format!("deposited 3.6 USDC for 2 of 3 paymasters; {line}")));
        assert_eq!((intents(&run, "shop", outcome), spent(&run, "shop")), (1.0, 0.0));
        assert_eq!(intents(&run, "gas", "paid"), 1.0);
    }
    let (_, run) = with(wallet::Error::OverBudget("max_24h".into()));
    assert_eq!(run.samples("topup_refused_total", &["dev", "funder", "USDC", "shop", "over_budget"]), [0.0, 1.0]);
    assert!(run.logs.iter().any(|(_, line)| line.contains("the policy says no: max_24h")), "{:?}", run.logs);
}

#[test]
fn a_dry_run_pays_nothing_and_says_what_it_would() {
    let world = World::new([1, 20, 3]);
    world.decides(|_| Err(wallet::Error::DryRun("nothing is signed".into())));
    for _ in 0..2 {
        let run = world.run(&json!({}));
        let said = "1 of 3 paymasters have enough; would deposit 3.6 USDC for 2";
        assert_eq!(run.outcome, Ok(said.into()));
        assert_eq!((intents(&run, "gas", "dry_run"), spent(&run, "gas")), (1.0, 0.0));
    }
}

#[test]
fn the_worst_that_happened_is_the_kind_of_the_failure() {
    let world = World::new([1, 2, 3]);
    world.answers("game", None);
    world.decides(|payment| match recipient(payment).as_str() {
        "shop" => Err(wallet::Error::Indeterminate("sent".into())),
        _ => Err(wallet::Error::Unavailable("no node".into())),
    });
    let Err(Error::Indeterminate(message)) = world.run(&json!({})).outcome else { panic!("not undecided") };
    for part in
        ["`game at EntryPoint 0.7` has can't be read", "`gas`: no node", "`shop`: sent", "0 of 3 paymasters have"]
    {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_account_that_does_not_answer_pays_nobody() {
    for (error, outcome) in [
        (wallet::Error::Denied("no grant".into()), Error::Denied("no grant".into())),
        (wallet::Error::Unavailable("no node".into()), Error::Unavailable("no node".into())),
    ] {
        let world = World::new([1, 2, 3]);
        drop(world.account.clone().fails(&error));
        assert_eq!(world.run(&json!({})).outcome, Err(outcome));
        assert_eq!(world.asked(), []);
    }
}

#[test]
fn an_account_that_pays_in_something_else_is_a_wrong_config() {
    let world = World::new([1, 2, 3]);
    world.left("24h", 100);
    let other = json!({ "currency": { "symbol": "ETH", "decimals": 18 }, "threshold": "1 ETH", "target": "2 ETH" });
    let Err(Error::InvalidConfig(message)) = world.run(&other).outcome else { panic!("it was taken") };
    assert!(message.contains("account `funder` lends no ETH to this job"), "{message}");
    assert_eq!(world.asked(), []);
}
