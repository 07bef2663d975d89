//! Accounts as people see and steer them. What is shown was seen last; nothing here asks a chain, but for adopting what it has.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use alloy_primitives::U256;
use async_trait::async_trait;
use jiff::Timestamp;
use watchkeeper_contract::{AccountHealth, BudgetLeft, PaymentsStop, Treasury, TreasuryError};
use watchkeeper_ledger::{Approval, Balanced, Ledger, LedgerError, StoppedPayments};
use watchkeeper_model::{AccountName, Digest, JobName, Window};

use crate::{account::Account, limits};

/// The accounts of a configuration, for people.
pub(crate) struct Till {
    accounts: Arc<BTreeMap<AccountName, Arc<Account>>>,
    ledger: Arc<Ledger>,
    stop_file: PathBuf,
}

impl Till {
    pub(crate) fn new(
        accounts: Arc<BTreeMap<AccountName, Arc<Account>>>,
        ledger: Arc<Ledger>,
        stop_file: PathBuf,
    ) -> Self {
        Self { accounts, ledger, stop_file }
    }

    fn account(&self, name: &AccountName) -> Result<&Arc<Account>, TreasuryError> {
        self.accounts.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.accounts.keys().map(AccountName::as_str).collect();
            TreasuryError::Unknown(format!(
                "there is no account `{name}`\nhint: watchkeeper.toml has {}",
                names.join(", ")
            ))
        })
    }
}

#[async_trait]
impl Treasury for Till {
    async fn accounts(&self) -> Result<Vec<AccountHealth>, TreasuryError> {
        let mut healths = Vec::new();
        for account in self.accounts.values() {
            healths.push(account.health().await?);
        }
        Ok(healths)
    }

    async fn stopped(&self) -> Result<Option<PaymentsStop>, TreasuryError> {
        if let Some(StoppedPayments { by, note, at }) = self.ledger.stopped_payments().await.map_err(away)? {
            return Ok(Some(PaymentsStop { since: Some(at), by, note }));
        }
        let there = self.stop_file.try_exists();
        let by_file = there.as_ref().map_or(true, |there| *there);
        let note = match there {
            Err(error) => format!("{}: {error}", self.stop_file.display()),
            Ok(_) => self.stop_file.display().to_string(),
        };
        Ok(by_file.then(|| PaymentsStop { since: None, by: "file".to_owned(), note }))
    }

    async fn stop(&self, stop: bool, by: &str, note: &str, at: Timestamp) -> Result<(), TreasuryError> {
        let stopped = stop.then(|| StoppedPayments { by: by.to_owned(), note: note.to_owned(), at });
        self.ledger.stop_payments(stopped).await.map_err(away)?;
        match self.stop_file.try_exists() {
            Ok(true) if !stop => Err(TreasuryError::Conflict(format!(
                "the file {} stops payments\nhint: remove it",
                self.stop_file.display()
            ))),
            _ => Ok(()),
        }
    }

    async fn approve(
        &self,
        account: &AccountName,
        job: &JobName,
        digest: Digest,
        by: &str,
        at: Timestamp,
    ) -> Result<(), TreasuryError> {
        let account = self.account(account)?;
        let approval = Approval { account: account.name.clone(), job: job.clone(), digest, by: by.to_owned(), at };
        self.ledger.approve(approval).await.map_err(away)?;
        account.wake();
        Ok(())
    }

    async fn adopt(&self, account: &AccountName, by: &str, at: Timestamp) -> Result<u64, TreasuryError> {
        let account = self.account(account)?;
        let _owner = account.owner.lock().await;
        let open = self.ledger.open_payments(account.sender).await.map_err(away)?;
        if let Some(payment) = open.first() {
            return Err(TreasuryError::Conflict(format!(
                "account {}: payment {} is {}\nhint: wait for its end, so that nobody takes it for another's",
                account.name,
                payment.id,
                Account::word(payment)
            )));
        }
        let head = account.money.head().await.map_err(away)?;
        let address = account.sender.address;
        let count = account.money.transaction_count(&head, address).await.map_err(away)?;
        let pending = account.money.pending_count(address).await.map_err(away)?;
        if pending > count {
            return Err(TreasuryError::Conflict(format!(
                "account {}: {} of its transactions are in no block yet\nhint: wait until they are",
                account.name,
                pending - count
            )));
        }
        let balance = account.money.balance(&head, address).await.map_err(away)?;
        self.ledger.adopt(account.sender, count, at).await.map_err(away)?;
        let balanced = Balanced { block: head.number, balance };
        self.ledger.balance(account.sender, balanced).await.map_err(away)?;
        tracing::warn!(account = %account.name, by, count, "the chain's transactions were taken for known");
        account.go_on();
        account.seen().unexplained = None;
        account.metrics.unexplained_transactions(account, 0);
        account.metrics.unexplained_outflow(account, U256::ZERO);
        Ok(count)
    }
}

impl Account {
    async fn health(&self) -> Result<AccountHealth, TreasuryError> {
        let record = self.ledger.sender(self.sender).await.map_err(away)?;
        let unapproved = self.unapproved().await.map_err(away)?;
        let seen = self.seen().clone();
        Ok(AccountHealth {
            name: self.name.clone(),
            chain: self.settings.chain.to_string(),
            chain_id: self.sender.chain_id,
            address: Some(self.sender.address.to_checksum(None)),
            signer: self.settings.key.kind(),
            symbol: self.settings.currency.symbol.clone(),
            assets: self.assets(),
            balance: seen.balance.map(|balance| self.show_native(balance)),
            block: seen.balance.is_some().then_some(seen.block),
            read_at: seen.at,
            budgets: self.budgets().await?,
            in_flight: record.map_or(0, |record| record.in_flight),
            stopped: seen.stopped,
            unexplained: seen.unexplained,
            unapproved,
        })
    }

    /// Jobs whose component waits for an approval.
    pub(crate) async fn unapproved(&self) -> Result<Vec<(JobName, Digest)>, LedgerError> {
        let wanted = self.ledger.wanted_approvals().await?;
        Ok(wanted
            .into_iter()
            .filter(|wanted| wanted.account == self.name)
            .map(|wanted| (wanted.job, wanted.digest))
            .collect())
    }

    /// What it pays in: symbol and decimals, the chain's currency first.
    fn assets(&self) -> Vec<(String, u8)> {
        let currency = &self.settings.currency;
        let tokens = self.settings.tokens.iter().map(|(symbol, token)| (symbol.clone(), token.decimals));
        std::iter::once((currency.symbol.clone(), currency.decimals)).chain(tokens).collect()
    }

    /// What each cap of the account leaves, by asset and window.
    pub(crate) async fn left(&self) -> Result<Vec<(String, Window, U256, U256)>, LedgerError> {
        let mut left = Vec::new();
        let tokens = self.settings.tokens.keys().map(|symbol| Some(symbol.as_str()));
        for token in std::iter::once(None).chain(tokens) {
            let (Some(caps), Some(currency)) =
                (limits::of_account(&self.settings, token), limits::currency(&self.settings, token))
            else {
                continue;
            };
            let spent = self.ledger.spent(self.sender, &currency.symbol, None, self.clock.now()).await?;
            for window in Window::ALL {
                let Some(limit) = caps.over(window) else { continue };
                left.push((currency.symbol.clone(), window, limit.saturating_sub(spent.over(window)), limit));
            }
        }
        Ok(left)
    }

    async fn budgets(&self) -> Result<Vec<BudgetLeft>, TreasuryError> {
        let show = |(asset, window, left, limit): (String, Window, U256, U256)| {
            let (left, limit) = (self.show(left, &asset), self.show(limit, &asset));
            BudgetLeft { asset, window, left, limit }
        };
        Ok(self.left().await.map_err(away)?.into_iter().map(show).collect())
    }
}

fn away(error: impl std::fmt::Display) -> TreasuryError {
    TreasuryError::Unavailable(error.to_string())
}
