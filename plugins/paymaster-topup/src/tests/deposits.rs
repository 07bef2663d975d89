//! Deposits are read as they are, and filled up where they are below their level.

use watchkeeper_sdk::{alloy_primitives::hex, prelude::*, serde_json::json};

use super::fake::{ABSENT, ENTRY_POINT, ENTRY_POINT_06, World, intents, paymaster, recipient, spent, tenths};

fn series(target: &str) -> [&str; 4] {
    ["dev", "funder", "0.7", target]
}

#[test]
fn nothing_is_paid_while_all_have_enough() {
    let world = World::new([5, 20, 300]);
    let run = world.run(&json!({}));
    assert_eq!(run.outcome, Ok("3 of 3 paymasters have enough".into()));
    assert_eq!(world.asked(), []);
    assert_eq!(run.samples("topup_deposit_native", &series("gas")), [0.5], "at the level is not below it");
    assert_eq!(run.samples("topup_deposit_native", &series("game")), [30.0]);
    assert_eq!(run.samples("topup_deposit_threshold_native", &series("gas")), [0.5]);
    assert_eq!(run.samples("topup_account_balance_native", &["dev", "funder"]), [7.0]);
    assert_eq!(run.samples("topup_runway_seconds", &series("gas")), ABSENT, "nobody asked for it");
    assert_eq!(run.samples("topup_intents_total", &["dev", "funder", "USDC", "gas", "paid"]), [0.0], "from the start");
}

#[test]
fn a_deposit_below_its_level_is_filled_up_to_the_target() {
    let world = World::new([5, 3, 20]);
    let run = world.run(&json!({}));
    assert_eq!(run.outcome, Ok("deposited 1.7 USDC for 1 of 3 paymasters".into()));
    let [payment] = &world.account.asked()[..] else { panic!("{:?}", world.asked()) };
    assert_eq!(payment.to.to_string(), ENTRY_POINT);
    assert_eq!(payment.value, tenths(17));
    let recipient = hex::encode(paymaster("shop"));
    assert_eq!(hex::encode(&payment.data), format!("b760faf9{}{recipient}", "00".repeat(12)));
    let entry_point = ENTRY_POINT.to_lowercase();
    assert_eq!(payment.key, format!("depositTo@{entry_point}:0x{recipient}:1699999800"));
    assert_eq!((intents(&run, "shop", "paid"), spent(&run, "shop")), (1.0, 1.7));
    assert_eq!(run.samples("topup_fee_native_total", &["dev", "funder", "shop"]), [0.0, 1e-18]);
    assert_eq!(run.samples("topup_deposit_native", &series("shop")), [0.3], "as it was before");
    assert_eq!(world.run(&json!({})).samples("topup_deposit_native", &series("shop")), [2.0]);
}

#[test]
fn what_the_host_paid_counts_and_not_what_was_asked_for() {
    let world = World::new([5, 3, 20]);
    world.decides(|_| Ok(tenths(4)));
    let run = world.run(&json!({}));
    assert_eq!(run.outcome, Ok("deposited 0.4 USDC for 1 of 3 paymasters".into()));
    assert_eq!(spent(&run, "shop"), 0.4);
}

#[test]
fn all_payments_are_asked_for_before_the_first_is_waited_for() {
    let world = World::new([1, 2, 3]);
    let account = world.account.clone();
    world.decides(move |payment| {
        assert_eq!(account.asked().len(), 3);
        Ok(payment.value)
    });
    assert_eq!(world.run(&json!({})).outcome, Ok("deposited 5.4 USDC for 3 of 3 paymasters".into()));
}

#[test]
fn a_deposit_that_cannot_be_read_is_no_zero_and_fails_the_run_after_the_others_were_served() {
    let short = vec![0; 31];
    let long = vec![0; 33];
    for (answer, words) in [
        (Some(vec![]), "returns 0 bytes"),
        (Some(short), "returns 31 bytes"),
        (Some(long), "returns 33 bytes"),
        (None, "reverts"),
    ] {
        let world = World::new([20, 3, 1]);
        world.answers("gas", answer);
        let Err(Error::Failed(message)) = world.run(&json!({})).outcome else { panic!("it didn't fail") };
        assert!(message.starts_with("what `gas at EntryPoint 0.7` has can't be read: malformed: "), "{message}");
        assert!(message.contains(words), "{message}");
        assert!(message.ends_with("; deposited 3.6 USDC for 2 of 3 paymasters"), "{message}");
        assert_eq!(world.asked().len(), 2);
    }
}

#[test]
fn an_entry_point_that_is_not_there_holds_nothing_that_could_be_read() {
    let world = World::new([1, 1, 1]);
    let nowhere = json!({
        "entry_points": [{ "version": "0.6", "paymasters": [{ "address": paymaster("gas") }] }],
    });
    let Err(Error::Failed(message)) = world.run(&nowhere).outcome else { panic!("it didn't fail") };
    let name = paymaster("gas").to_string();
    assert!(message.contains(&format!("`{name} at EntryPoint 0.6`")), "{message}");
    assert!(message.contains(&format!("balanceOf of {ENTRY_POINT_06} returns 0 bytes")), "{message}");
    assert_eq!(world.asked(), []);
}

#[test]
fn a_chain_that_does_not_answer_fails_the_run_and_pays_nobody() {
    let world = World::new([1, 1, 1]);
    world.node.borrow_mut().away = true;
    assert_eq!(world.run(&json!({})).outcome, Err(Error::Unavailable("nobody answers".into())));
    assert_eq!(world.asked(), []);
}

#[test]
fn an_entry_point_may_be_anywhere() {
    let world = World::new([1, 20, 20]);
    let elsewhere = json!({
        "entry_points": [{
            "version": "0.6",
            "address": ENTRY_POINT,
            "paymasters": [{ "name": "gas", "address": paymaster("gas") }],
        }],
    });
    let run = world.run(&elsewhere);
    assert_eq!(run.outcome, Ok("deposited 1.9 USDC for 1 of 1 paymasters".into()));
    assert_eq!(run.samples("topup_deposit_native", &["dev", "funder", "0.6", "gas"]), [0.1]);
    assert_eq!(world.account.asked().iter().map(recipient).collect::<Vec<_>>(), ["gas"]);
}

#[test]
fn amounts_are_exact_in_whatever_the_currency_counts() {
    for (decimals, held, up_to, missing) in
        [(6, 499_999_u64, "2 X", 1_500_001_u64), (0, 3, "7 X", 4), (2, 49, "2.01 X", 152)]
    {
        let world = World::new([0; 3]);
        world.deposit("gas", U256::from(held));
        let threshold = if decimals == 0 { "4 X" } else { "0.5 X" };
        let run = world.run(&json!({
            "currency": { "symbol": "X", "decimals": decimals }, "threshold": threshold, "target": up_to,
            "entry_points": [{ "version": "0.7", "paymasters": [{ "name": "gas", "address": paymaster("gas") }] }],
        }));
        assert!(run.outcome.is_ok(), "{:?}", run.outcome);
        assert_eq!(world.asked(), [("gas".to_owned(), U256::from(missing))]);
    }
    let world = World::new([0; 3]);
    world.deposit("gas", U256::from(1));
    let gas = json!([{ "version": "0.7", "paymasters": [{ "name": "gas", "address": paymaster("gas") }] }]);
    let fine = json!({ "threshold": "123456789.123456789012345678 USDC", "target": "987654321.987654321098765432 USDC", "entry_points": gas });
    assert!(world.run(&fine).outcome.is_ok());
    assert_eq!(world.asked()[0].1.to_string(), "987654321987654321098765431", "no float comes near");
}
