//! One run's grant of accounts: the host's implementation of the contract, in plain functions that any binding can call.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use alloy_primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;
use watchkeeper_contract::{RunGrant, Settlement, clean};
use watchkeeper_model::{AccountName, Digest, JobName, Outcome, RunId, Window};

use crate::{
    PayError,
    grant::{Granted, Lent},
    limits,
    pay::{self, Order},
    rule::Asked,
};

/// The longest key, in bytes.
const MAX_KEY: usize = 200;
/// The most payments that one run may ask for: each costs reads of the chain.
const MAX_PAYMENTS: u32 = 100;

/// One run's grant of accounts. Clones are the same grant.
#[derive(Clone)]
pub struct Purse {
    job: JobName,
    granted: Arc<Granted>,
    asked: Arc<AtomicU32>,
    /// What it began, which outlives the instance.
    tasks: TaskTracker,
}

/// What a run is, as far as payments care.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The run.
    pub run: RunId,
    /// Its component.
    pub digest: Option<Digest>,
    /// Nothing is to be signed.
    pub dry_run: bool,
    /// When the host ends it.
    pub deadline: Timestamp,
}

/// A payment in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub hash: B256,
    /// Its block.
    pub block: u64,
    /// What was paid, in the asset's smallest unit.
    pub amount: U256,
    /// What it cost, in the chain's smallest unit.
    pub fee: U256,
    /// Whether an earlier call with this key began it.
    pub repeated: bool,
    /// Whether the block is as deep as the account wants.
    pub confirmed: bool,
}

/// What may still be spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The symbol of the currency or token.
    pub asset: String,
    /// Over which time.
    pub window: Window,
    /// In the asset's smallest unit.
    pub left: U256,
}

impl Purse {
    pub(crate) fn new(job: JobName, granted: Arc<Granted>) -> Self {
        Self { job, granted, asked: Arc::default(), tasks: TaskTracker::new() }
    }

    /// An account's address.
    ///
    /// # Errors
    /// [`PayError::Denied`].
    pub fn address(&self, account: &str) -> Result<Address, PayError> {
        Ok(self.lent(account)?.account.sender.address)
    }

    /// What an account holds of the chain's currency, at the newest block that enough endpoints agree on.
    ///
    /// # Errors
    /// [`PayError::Denied`], [`PayError::Unavailable`].
    pub async fn balance(&self, account: &str) -> Result<U256, PayError> {
        let account = &self.lent(account)?.account;
        let head = account.money.head().await?;
        let balance = account.money.balance(&head, account.sender.address).await?;
        account.saw(balance, &head);
        Ok(balance)
    }

    /// What the caps of account and job leave, by asset and window; windows without a cap are left out. One payment in the
    /// chain's currency is bounded by what the account holds beyond its floor, too.
    ///
    /// # Errors
    /// [`PayError::Denied`], [`PayError::Unavailable`].
    pub async fn allowances(&self, account: &str) -> Result<Vec<Allowance>, PayError> {
        let lent = self.lent(account)?;
        let account = &*lent.account;
        let tokens: BTreeSet<Option<&str>> = lent.rules.iter().map(|rule| rule.token.as_deref()).collect();
        let mut allowances = Vec::new();
        for token in tokens {
            let (Some(limits), Some(currency)) = (lent.limits(token), limits::currency(&account.settings, token))
            else {
                continue;
            };
            let asset = currency.symbol;
            let of_account = account.ledger.spent(account.sender, &asset, None, account.clock.now()).await?;
            let of_job = account.ledger.spent(account.sender, &asset, Some(&self.job), account.clock.now()).await?;
            let held = match token {
                None => self.balance(account.name.as_str()).await?.saturating_sub(limits.max_fee),
                Some(_) => U256::MAX,
            };
            let free = held.saturating_sub(account.held_back(&limits).await?);
            let left = limits.max_payment.min(free);
            allowances.push(Allowance { asset: asset.clone(), window: Window::Payment, left });
            for window in [Window::Day, Window::Week, Window::Lifetime] {
                let spent = |of_job_too: bool| if of_job_too { of_job.over(window) } else { of_account.over(window) };
                let caps = limits.caps.iter().filter(|cap| cap.window == window);
                let left = caps.map(|cap| cap.limit.saturating_sub(spent(cap.of_job))).min();
                allowances.extend(left.map(|left| Allowance { asset: asset.clone(), window, left }));
            }
        }
        Ok(allowances)
    }

    /// Pays `value` to `to`, or what a call says, once for each key. Answers once the payment is in a block.
    ///
    /// # Errors
    /// All of [`PayError`]. Nothing was signed except with `Indeterminate`, `Reverted` and `Abandoned`.
    pub async fn pay(
        &self,
        asker: Asker,
        account: &str,
        key: &str,
        to: Address,
        value: U256,
        data: Bytes,
    ) -> Result<Receipt, PayError> {
        let lent = Arc::clone(self.lent(account)?);
        check_key(key)?;
        if self.asked.fetch_add(1, Ordering::Relaxed) >= MAX_PAYMENTS {
            let hint = "ask for fewer, or run the job more often";
            let error = PayError::OverBudget(format!(
                "job \"{}\": one run may ask for {MAX_PAYMENTS} payments\nhint: {hint}",
                self.job
            ));
            return Err(error);
        }
        let order = Order {
            lent,
            job: self.job.clone(),
            run: asker.run,
            digest: asker.digest,
            dry_run: asker.dry_run,
            asked: Asked { key: key.to_owned(), to, value, data },
            deadline: asker.deadline,
        };
        pay::pay(order, &self.tasks).await
    }

    /// What became of a payment of this job; none where the key never paid.
    ///
    /// # Errors
    /// [`PayError::Denied`], [`PayError::Unavailable`]; `Indeterminate`, `Reverted` and `Abandoned` as for the payment.
    pub async fn find(&self, account: &str, key: &str) -> Result<Option<Receipt>, PayError> {
        let account = &*self.lent(account)?.account;
        check_key(key)?;
        let Some(payment) = account.ledger.payment_by_key(account.sender, &self.job, key).await? else {
            return Ok(None);
        };
        if payment.state == watchkeeper_model::PaymentState::Refused {
            return Ok(None);
        }
        pay::answer(account, &payment, true).unwrap_or_else(|| Err(pay::under_way(account, &payment))).map(Some)
    }

    fn lent(&self, account: &str) -> Result<&Arc<Lent>, PayError> {
        let lent = AccountName::new(account).ok().and_then(|name| self.granted.get(&name));
        lent.ok_or_else(|| {
            let (job, account) = (&self.job, clean(account, 64));
            let hint = "add it to `grants.wallet`";
            PayError::Denied(format!("job \"{job}\": account {account:?} is not granted\nhint: {hint}"))
        })
    }
}

fn check_key(key: &str) -> Result<(), PayError> {
    if (1..=MAX_KEY).contains(&key.len()) && !key.chars().any(char::is_control) {
        return Ok(());
    }
    Err(PayError::Denied(format!("an idempotency key has 1 to {MAX_KEY} bytes and no control characters")))
}

#[async_trait]
impl RunGrant for Purse {
    /// Waits until what it began is in the journal. The chain's answer comes when it comes.
    async fn settle(self: Box<Self>, _outcome: Outcome, _settlement: &mut Settlement) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
