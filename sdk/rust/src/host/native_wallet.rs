//! Payments of a native build: what the test host's accounts answer.

use alloy_primitives::{Address, U256};

use super::native::{NO_HOST, host, wait_a_turn};
use crate::{
    testing::Account,
    wallet::{Allowance, Error, Payment, Receipt},
};

pub(crate) fn wallet_address(account: &str) -> Result<Address, Error> {
    Ok(lent(account)?.address())
}

pub(crate) async fn wallet_balance(account: String) -> Result<U256, Error> {
    asked(&account).await?.balance()
}

pub(crate) async fn wallet_allowances(account: String) -> Result<Vec<Allowance>, Error> {
    asked(&account).await?.allowances()
}

pub(crate) async fn wallet_pay(account: String, payment: Payment) -> Result<Receipt, Error> {
    lent(&account)?.hear(&payment);
    asked(&account).await?.pay(payment)
}

pub(crate) async fn wallet_find(account: String, key: String) -> Result<Option<Receipt>, Error> {
    asked(&account).await?.find(&key)
}

/// The account, once others had their turn.
async fn asked(name: &str) -> Result<Account, Error> {
    let account = lent(name)?;
    if let Some(host) = host() {
        wait_a_turn(&host).await;
    }
    Ok(account)
}

fn lent(name: &str) -> Result<Account, Error> {
    let host = host().ok_or_else(|| Error::Unavailable(NO_HOST.to_owned()))?;
    let nobody = || Error::Denied(format!("no account `{name}`; lend one with `Host::account`"));
    host.accounts.get(name).cloned().ok_or_else(nobody)
}
