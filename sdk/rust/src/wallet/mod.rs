//! Accounts that the operator lent. A plugin proposes a payment and the host decides: its policy, its own reading of the
//! grant's condition and its journal stand before every payment, and no key ever enters the sandbox.

mod currency;
mod error;
mod types;

use alloy_primitives::{Address, U256};

pub use self::{
    currency::Currency,
    error::Error,
    types::{Allowance, Payment, Receipt},
};
use crate::host;

/// An account by the name that it has in `watchkeeper.toml`. Whether the job may use it shows at the first call.
pub fn wallet(account: &str) -> Wallet {
    Wallet { account: account.to_owned() }
}

/// An account that can pay.
#[derive(Debug, Clone)]
pub struct Wallet {
    account: String,
}

impl Wallet {
    /// The operator's name for the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Its address.
    ///
    /// # Errors
    /// [`Error::Denied`] without a grant for it; else see [`Error`].
    pub fn address(&self) -> Result<Address, Error> {
        host::wallet_address(&self.account)
    }

    /// What it holds of the chain's currency, in the smallest unit, as the host reads it by its rules for money.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn balance(&self) -> Result<U256, Error> {
        host::wallet_balance(self.account.clone()).await
    }

    /// What the policy still lets this job spend, by asset and window. A window that nothing limits isn't there.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn allowances(&self) -> Result<Vec<Allowance>, Error> {
        host::wallet_allowances(self.account.clone()).await
    }

    /// Pays, and answers once the payment is in a block. The same key never pays twice: it answers with the same receipt, or
    /// with what became of the payment.
    ///
    /// # Errors
    /// See [`Error`]. [`Error::NotNeeded`] and [`Error::DryRun`] are outcomes rather than failures, and
    /// [`Error::Indeterminate`] may still pay: ask again with the same key.
    pub async fn pay(&self, payment: Payment) -> Result<Receipt, Error> {
        host::wallet_pay(self.account.clone(), payment).await
    }

    /// What became of an earlier payment of this job; none where the key never paid. Ask before paying with an amount that
    /// may have changed: the same key with another content is a [`Error::Conflict`].
    ///
    /// # Errors
    /// As [`Wallet::pay`]: [`Error::Indeterminate`] while its fate is open, [`Error::Reverted`] where it failed.
    pub async fn find(&self, key: &str) -> Result<Option<Receipt>, Error> {
        host::wallet_find(self.account.clone(), key.to_owned()).await
    }
}
