//! ERC-20 tokens, beside the chain's own currency and apart from it.

use watchkeeper_sdk::{prelude::*, serde_json::json};

use super::fake::{PAYER, TOKEN, World, at, holders, targets, tenths, together, whole};

#[test]
fn a_holder_below_its_level_is_filled_up_by_a_transfer_of_the_token() {
    let world = World::new(&[], &[("bundler", 49), ("relayer", 50)]);
    world.node.borrow_mut().token.insert(PAYER, whole(1_000).to_be_bytes::<32>().to_vec());
    let run = world.run(&holders(&["bundler", "relayer"]));
    assert_eq!(run.outcome, Ok("paid 151 USDT for 1 of 2 targets".into()));
    let key = format!("transfer@{TOKEN:#x}:{:#x}:1699999800", at("bundler"));
    assert_eq!(world.account.asked(), [Payment::token(key, TOKEN, at("bundler"), whole(151))]);
    assert_eq!(run.samples("topup_spent_token_total", &["dev", "funder", "USDT", "bundler"]), [0.0, 151.0]);
    assert_eq!(run.samples("topup_balance_token", &["dev", "funder", "USDT", "bundler"]), [49.0]);
    assert_eq!(run.samples("topup_balance_threshold_token", &["dev", "funder", "USDT", "relayer"]), [50.0]);
    assert_eq!(run.samples("topup_account_balance_token", &["dev", "funder", "USDT"]), [1_000.0]);
    assert_eq!(run.samples("topup_spent_native_total", &["dev", "funder", "bundler"]), [0.0; 0]);
    assert_eq!(run.samples("topup_fee_native_total", &["dev", "funder", "bundler"]), [0.0, 1e-18], "fees are native");
}

#[test]
fn each_currency_has_a_budget_of_its_own() {
    let world = World::new(&[("bundler", 1)], &[("bundler", 10), ("relayer", 20)]);
    drop(world.account.clone().left("POL", "24h", tenths(100)).left("USDT", "24h", whole(200)));
    let run = world.run(&together(&targets(&["bundler"]), &holders(&["bundler", "relayer"])));
    let done = "paid 1.9 POL and 190 USDT for 2 of 3 targets; 1 left out because the budget is short";
    assert_eq!(run.outcome, Ok(done.into()));
    assert_eq!(run.samples("topup_budget_remaining_native", &["dev", "funder", "24h"]), [10.0]);
    assert_eq!(run.samples("topup_budget_remaining_token", &["dev", "funder", "USDT", "24h"]), [200.0]);
    assert_eq!(run.samples("topup_refused_total", &["dev", "funder", "USDT", "relayer", "budget_short"]), [0.0, 1.0]);
}

#[test]
fn a_token_that_answers_something_else_has_no_balance_and_the_rest_is_served() {
    let world = World::new(&[("bundler", 1)], &[("bundler", 10)]);
    for holder in [at("bundler"), PAYER] {
        world.node.borrow_mut().token.insert(holder, vec![]);
    }
    let run = world.run(&together(&targets(&["bundler"]), &holders(&["bundler"])));
    let Err(Error::Failed(message)) = run.outcome else { panic!("it didn't fail") };
    assert!(message.starts_with("what `bundler in USDT` has can't be read: malformed: "), "{message}");
    assert!(message.ends_with("; paid 1.9 POL for 1 of 2 targets"), "{message}");
    assert!(run.logs.iter().any(|(_, line)| line.starts_with("what the account has can't be read")), "{:?}", run.logs);
}

#[test]
fn a_dry_run_names_what_it_would_pay() {
    let world = World::new(&[("bundler", 1)], &[("bundler", 10)]);
    drop(world.account.clone().decides(|_| Err(wallet::Error::DryRun("nothing is signed".into()))));
    let run = world.run(&together(&targets(&["bundler"]), &holders(&["bundler"])));
    assert_eq!(run.outcome, Ok("0 of 2 targets have enough; would pay 1.9 POL and 190 USDT for 2".into()));
}

#[test]
fn a_token_that_the_account_does_not_pay_in_is_a_wrong_config() {
    let world = World::new(&[], &[("bundler", 10)]);
    drop(world.account.clone().left("POL", "24h", tenths(100)));
    let outcome = world.run(&holders(&["bundler"])).outcome;
    assert!(matches!(&outcome, Err(Error::InvalidConfig(text)) if text.contains("lends no USDT")), "{outcome:?}");
}

#[test]
fn an_account_without_a_grant_is_denied() {
    let world = World::new(&[], &[("bundler", 10)]);
    let other = together(&holders(&["bundler"]), &json!({ "account": "other" }));
    assert!(matches!(world.run(&other).outcome, Err(Error::Denied(_))));
}
