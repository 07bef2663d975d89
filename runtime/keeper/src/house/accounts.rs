//! Accounts as the capability that pays tells of them, and payments as the ledger has them. In which units amounts are shown
//! is [`super::purses`]' business, and what people may do about them [`super::money`]'s.

use std::sync::Arc;

use watchkeeper_contract::{AccountHealth, BudgetLeft, PaymentsStop, Treasury, TreasuryError};
use watchkeeper_ledger::{LedgerError, Payment, PaymentFilter, Sender};
use watchkeeper_model::{Digest, JobName, RunId};
use watchkeeper_web::api::{
    self, AccountInfo, BudgetInfo, Limit, PaymentDetail, PaymentPage, PaymentQuery, PaymentSummary, Refusal,
    RefusalKind, UnapprovedInfo,
};

use super::{
    Keeper, away,
    purses::{Purses, written},
};

/// Undecided payments of an account that are shown.
const UNDECIDED: usize = 50;

impl Keeper {
    /// The accounts of the configuration in force; none where it has no account.
    pub(super) fn treasury(&self) -> Option<Arc<dyn Treasury>> {
        self.workshop.load().open.iter().find_map(|open| open.treasury())
    }

    pub(super) async fn show_accounts(&self) -> Result<api::Treasury, Refusal> {
        let now = self.clock.now();
        let Some(treasury) = self.treasury() else {
            return Ok(api::Treasury { now, stopped: None, accounts: Vec::new() });
        };
        let stopped = treasury.stopped().await.map_err(refusal)?.map(stop);
        let healths = treasury.accounts().await.map_err(refusal)?;
        let mut accounts = Vec::with_capacity(healths.len());
        for health in &healths {
            accounts.push(self.account(health).await.map_err(|error| away(&error))?);
        }
        Ok(api::Treasury { now, stopped, accounts })
    }

    async fn account(&self, health: &AccountHealth) -> Result<AccountInfo, LedgerError> {
        let address = health.address.as_ref().and_then(|address| address.parse().ok());
        let open = match address.filter(|_| health.in_flight > 0) {
            Some(address) => self.ledger.open_payments(Sender { chain_id: health.chain_id, address }).await?,
            None => Vec::new(),
        };
        let undecided = open.iter().filter(|payment| payment.undecided.is_some()).take(UNDECIDED);
        let known = Purses(std::slice::from_ref(health));
        Ok(AccountInfo {
            name: health.name.clone(),
            chain: health.chain.as_str().into(),
            chain_id: health.chain_id,
            address: health.address.as_deref().map(Into::into),
            signer: health.signer.into(),
            balance: health.balance.as_ref().map(|text| written(health, text, &health.symbol)),
            balance_block: health.block,
            balance_read: health.read_at,
            budgets: health.budgets.iter().map(|left| budget(health, left)).collect(),
            in_flight: health.in_flight,
            stopped: health.stopped.as_deref().map(Into::into),
            unexplained: health.unexplained.as_deref().map(Into::into),
            unapproved: health.unapproved.iter().map(|(job, digest)| wanted(job, *digest)).collect(),
            undecided: undecided.map(|payment| known.summary(payment)).collect(),
        })
    }

    pub(super) async fn show_payments(&self, query: PaymentQuery) -> Result<PaymentPage, Refusal> {
        let limit = query.limit.unwrap_or_default().get();
        let PaymentQuery { account, job, run, state, before, .. } = query;
        let filter = PaymentFilter { account, job, run, state, before, limit: limit + 1 };
        let mut payments = self.ledger.payments(filter).await.map_err(|error| away(&error))?;
        let more = payments.len() > limit;
        payments.truncate(limit);
        let next = payments.last().map(|payment| payment.id).filter(|_| more);
        Ok(PaymentPage { payments: self.summarise(&payments).await?, next })
    }

    /// The payments that a run asked for, the newest first.
    pub(super) async fn payments_of(&self, run: RunId) -> Result<Vec<PaymentSummary>, Refusal> {
        let filter = PaymentFilter { run: Some(run), limit: Limit::MAX.get(), ..PaymentFilter::default() };
        let payments = self.ledger.payments(filter).await.map_err(|error| away(&error))?;
        self.summarise(&payments).await
    }

    pub(super) async fn show_payment(&self, id: u64) -> Result<Option<PaymentDetail>, Refusal> {
        let Some(payment) = self.ledger.payment(id).await.map_err(|error| away(&error))? else { return Ok(None) };
        let signed = self.ledger.payment_transactions(id).await.map_err(|error| away(&error))?;
        let healths = self.healths().await?;
        let known = Purses(&healths);
        Ok(Some(PaymentDetail {
            payment: known.summary(&payment),
            now: self.clock.now(),
            address: payment.intent.sender.address.to_string().into(),
            reserved: payment.reserved.as_ref().map(|reserved| known.reserved(&payment, reserved)),
            transactions: signed.iter().map(|transaction| known.transaction(&payment, transaction)).collect(),
        }))
    }

    async fn summarise(&self, payments: &[Payment]) -> Result<Vec<PaymentSummary>, Refusal> {
        if payments.is_empty() {
            return Ok(Vec::new());
        }
        let healths = self.healths().await?;
        Ok(payments.iter().map(|payment| Purses(&healths).summary(payment)).collect())
    }

    async fn healths(&self) -> Result<Vec<AccountHealth>, Refusal> {
        match self.treasury() {
            Some(treasury) => treasury.accounts().await.map_err(refusal),
            None => Ok(Vec::new()),
        }
    }
}

/// Why the capability doesn't do it.
pub(super) fn refusal(error: TreasuryError) -> Refusal {
    let (kind, text) = match error {
        TreasuryError::Unknown(text) => (RefusalKind::NotFound, text),
        TreasuryError::Conflict(text) => (RefusalKind::Conflict, text),
        TreasuryError::Unavailable(text) => (RefusalKind::Unavailable, text),
    };
    match text.split_once("\nhint: ") {
        Some((message, hint)) => Refusal::new(kind, message).hint(hint),
        None => Refusal::new(kind, text),
    }
}

fn stop(stop: PaymentsStop) -> api::PaymentsStop {
    let note = Some(stop.note).filter(|note| !note.is_empty());
    api::PaymentsStop { since: stop.since, by: stop.by.into(), note: note.map(Into::into) }
}

fn wanted(job: &JobName, digest: Digest) -> UnapprovedInfo {
    UnapprovedInfo { job: job.clone(), digest }
}

fn budget(health: &AccountHealth, left: &BudgetLeft) -> BudgetInfo {
    BudgetInfo {
        asset: left.asset.as_str().into(),
        window: left.window.as_str().into(),
        left: written(health, &left.left, &left.asset),
        limit: written(health, &left.limit, &left.asset),
    }
}
