//! What a plugin's payments meet in its unit tests: the real host's rules for keys, and errors that keep their kind.

use serde_json::json;
use watchkeeper_sdk::{
    prelude::*,
    testing::{Account, Host},
    wallet::{Allowance, Error as WalletError, Receipt},
};

#[config]
struct Config {
    /// What to pay.
    amount: u64,
    /// Its key.
    key: String,
}

#[derive(Metrics)]
struct Metrics {
    /// What was paid.
    paid: Gauge,
}

const PAYER: Address = Address::repeat_byte(1);
const RECIPIENT: Address = Address::repeat_byte(2);

/// Pays once, with a key of its own.
async fn pays(config: Config, metrics: &Metrics) -> Result<String> {
    let payment = Payment::transfer(config.key, RECIPIENT, U256::from(config.amount));
    let receipt = wallet("funder").pay(payment).await?;
    metrics.paid.set([], receipt.amount);
    Ok(if receipt.repeated { "again".into() } else { "paid".into() })
}

async fn finds(config: Config, _metrics: &Metrics) -> Result<String> {
    match wallet("funder").find(&config.key).await? {
        Some(Receipt { amount, repeated: true, .. }) => Ok(format!("found {amount}")),
        other => Ok(format!("{other:?}")),
    }
}

fn host(account: &Account) -> Host {
    Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into()))).account("funder", account.clone())
}

fn config(key: &str, amount: u64) -> serde_json::Value {
    json!({ "key": key, "amount": amount })
}

#[test]
fn an_account_tells_what_it_is_and_has() {
    async fn looks(_config: Config, _metrics: &Metrics) -> Result<String> {
        let wallet = wallet("funder");
        assert_eq!(wallet.address()?, PAYER);
        let allowances = wallet.allowances().await?;
        let allowance = Allowance { asset: "USDC".into(), window: "24h".into(), left: U256::from(5) };
        assert_eq!(allowances, [allowance]);
        Ok(format!("{} in {}", wallet.balance().await?, wallet.account()))
    }
    let account =
        Account::new(PAYER).holds(U256::from(7)).left("USDC", "24h", U256::ONE).left("USDC", "24h", U256::from(5));
    assert_eq!(host(&account).run(looks, config("", 0)).outcome, Ok("7 in funder".into()));
}

#[test]
fn the_same_key_pays_once_and_another_content_is_a_conflict() {
    let account = Account::new(PAYER);
    let host = host(&account);
    let run = host.run(pays, config("a", 10));
    assert_eq!((run.outcome.clone(), run.samples("paid", &[])), (Ok("paid".into()), vec![10.0]));
    let again = host.run(pays, config("a", 10));
    assert_eq!((again.outcome.clone(), again.samples("paid", &[])), (Ok("again".into()), vec![10.0]));
    assert!(
        matches!(host.run(pays, config("a", 11)).outcome, Err(Error::Failed(text)) if text.starts_with("conflict: "))
    );
    assert_eq!(host.run(pays, config("b", 11)).outcome, Ok("paid".into()));
    assert_eq!(host.run(finds, config("a", 0)).outcome, Ok("found 10".into()));
    assert_eq!(host.run(finds, config("c", 0)).outcome, Ok("None".into()));
    assert_eq!(account.asked().len(), 4);
}

#[test]
fn errors_keep_their_kind_on_their_way_into_a_failure() {
    let text = || "why".to_owned();
    for (error, outcome) in [
        (WalletError::Denied(text()), Error::Denied(text())),
        (WalletError::Unavailable(text()), Error::Unavailable(text())),
        (WalletError::Indeterminate(text()), Error::Indeterminate(text())),
        (WalletError::OverBudget(text()), Error::Failed("over budget: why".into())),
        (WalletError::NotNeeded(text()), Error::Failed("not needed: why".into())),
        (WalletError::Conflict(text()), Error::Failed("conflict: why".into())),
        (WalletError::Reverted(text()), Error::Failed("reverted: why".into())),
        (WalletError::DryRun(text()), Error::Failed("dry run: why".into())),
        (WalletError::Other("abandoned".into(), text()), Error::Failed("abandoned: why".into())),
    ] {
        let account = Account::new(PAYER).decides(move |_| Err(error.clone()));
        assert_eq!(host(&account).run(pays, config("a", 1)).outcome, Err(outcome));
    }
}

#[test]
fn a_key_is_free_again_only_if_nothing_was_signed() {
    for (error, free) in [
        (WalletError::Denied(String::new()), true),
        (WalletError::OverBudget(String::new()), true),
        (WalletError::NotNeeded(String::new()), true),
        (WalletError::Unavailable(String::new()), true),
        (WalletError::DryRun(String::new()), true),
        (WalletError::Indeterminate(String::new()), false),
        (WalletError::Reverted(String::new()), false),
        (WalletError::Other("abandoned".into(), String::new()), false),
    ] {
        let refused = error.clone();
        let account = Account::new(PAYER).decides(move |_| Err(refused.clone()));
        let host = host(&account);
        assert!(host.run(pays, config("a", 1)).outcome.is_err());
        drop(account.clone().decides(|payment| Ok(payment.value)));
        assert_eq!(host.run(pays, config("a", 1)).outcome.is_ok(), free, "{error:?}");
    }
}

#[test]
fn an_undecided_payment_is_undecided_until_somebody_knows() {
    let account = Account::new(PAYER).decides(|_| Err(WalletError::Indeterminate("sent".into())));
    let host = host(&account);
    for _ in 0..2 {
        assert_eq!(host.run(pays, config("a", 5)).outcome, Err(Error::Indeterminate("sent".into())));
        assert_eq!(host.run(finds, config("a", 5)).outcome, Err(Error::Indeterminate("sent".into())));
    }
    account.settle("a", Ok(U256::from(5)));
    assert_eq!(host.run(finds, config("a", 5)).outcome, Ok("found 5".into()));
    account.settle("a", Err(WalletError::Reverted("gone".into())));
    assert_eq!(host.run(finds, config("a", 5)).outcome, Err(Error::Failed("reverted: gone".into())));
}

#[test]
fn a_tokens_transfer_pays_its_amount() {
    async fn token(config: Config, _metrics: &Metrics) -> Result<String> {
        let payment = Payment::token(config.key, Address::repeat_byte(9), RECIPIENT, U256::from(config.amount));
        Ok(wallet("funder").pay(payment).await?.amount.to_string())
    }
    assert_eq!(host(&Account::new(PAYER)).run(token, config("a", 77)).outcome, Ok("77".into()));
}

#[test]
fn an_account_that_nobody_lent_is_denied() {
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())));
    assert!(matches!(host.run(pays, config("a", 1)).outcome, Err(Error::Denied(text)) if text.contains("`funder`")));
    assert!(matches!(host.run(finds, config("a", 1)).outcome, Err(Error::Denied(_))));
}
