//! The journal of payments for many tasks. What decides about money goes through the writer, in the order in which it was
//! asked; what only pages show is read beside it.

use alloy_primitives::U256;
use jiff::Timestamp;
use watchkeeper_model::{AccountName, Digest, JobName};

use super::Ledger;
use crate::{
    Approval, Balanced, Barred, Intended, Intent, LedgerError, Payment, PaymentEvent, PaymentFilter, PaymentId,
    PaymentTotal, Reservation, Sender, SenderRecord, SignedTransaction, Spent, StoppedPayments, WantedApproval,
};

impl Ledger {
    /// See [`crate::Book::intend`].
    ///
    /// # Errors
    /// See there.
    pub async fn intend(&self, intent: Intent) -> Result<Intended, LedgerError> {
        self.writer.work(move |book| book.intend(&intent)).await
    }

    /// See [`crate::Book::reserve`].
    ///
    /// # Errors
    /// See there.
    pub async fn reserve(
        &self,
        id: PaymentId,
        reservation: Reservation,
    ) -> Result<Result<Payment, Barred>, LedgerError> {
        self.writer.work(move |book| book.reserve(id, &reservation)).await
    }

    /// See [`crate::Book::sign`].
    ///
    /// # Errors
    /// See there.
    pub async fn sign(&self, id: PaymentId, transaction: SignedTransaction) -> Result<Payment, LedgerError> {
        self.writer.work(move |book| book.sign(id, &transaction)).await
    }

    /// See [`crate::Book::payment_event`].
    ///
    /// # Errors
    /// See there.
    pub async fn payment_event(
        &self,
        id: PaymentId,
        event: PaymentEvent,
        at: Timestamp,
    ) -> Result<Payment, LedgerError> {
        self.writer.work(move |book| book.payment_event(id, &event, at)).await
    }

    /// See [`crate::Book::payment`].
    ///
    /// # Errors
    /// See there.
    pub async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, LedgerError> {
        self.writer.work(move |book| book.payment(id)).await
    }

    /// See [`crate::Book::payment_by_key`].
    ///
    /// # Errors
    /// See there.
    pub async fn payment_by_key(
        &self,
        sender: Sender,
        job: &JobName,
        key: &str,
    ) -> Result<Option<Payment>, LedgerError> {
        let (job, key) = (job.clone(), key.to_owned());
        self.writer.work(move |book| book.payment_by_key(sender, &job, &key)).await
    }

    /// See [`crate::Book::payments`].
    ///
    /// # Errors
    /// See there.
    pub async fn payments(&self, filter: PaymentFilter) -> Result<Vec<Payment>, LedgerError> {
        self.far.work(move |book| book.payments(&filter)).await
    }

    /// See [`crate::Book::open_payments`].
    ///
    /// # Errors
    /// See there.
    pub async fn open_payments(&self, sender: Sender) -> Result<Vec<Payment>, LedgerError> {
        self.writer.work(move |book| book.open_payments(sender)).await
    }

    /// See [`crate::Book::payment_transactions`].
    ///
    /// # Errors
    /// See there.
    pub async fn payment_transactions(&self, id: PaymentId) -> Result<Vec<SignedTransaction>, LedgerError> {
        self.writer.work(move |book| book.payment_transactions(id)).await
    }

    /// See [`crate::Book::spent`].
    ///
    /// # Errors
    /// See there.
    pub async fn spent(
        &self,
        sender: Sender,
        asset: &str,
        job: Option<&JobName>,
        now: Timestamp,
    ) -> Result<Spent, LedgerError> {
        let (asset, job) = (asset.to_owned(), job.cloned());
        self.near.work(move |book| book.spent(sender, &asset, job.as_ref(), now)).await
    }

    /// See [`crate::Book::sender`].
    ///
    /// # Errors
    /// See there.
    pub async fn sender(&self, sender: Sender) -> Result<Option<SenderRecord>, LedgerError> {
        self.writer.work(move |book| book.sender(sender)).await
    }

    /// See [`crate::Book::adopt`].
    ///
    /// # Errors
    /// See there.
    pub async fn adopt(&self, sender: Sender, next_nonce: u64, at: Timestamp) -> Result<SenderRecord, LedgerError> {
        self.writer.work(move |book| book.adopt(sender, next_nonce, at)).await
    }

    /// See [`crate::Book::balanced`].
    ///
    /// # Errors
    /// See there.
    pub async fn balanced(&self, sender: Sender) -> Result<Option<Balanced>, LedgerError> {
        self.writer.work(move |book| book.balanced(sender)).await
    }

    /// See [`crate::Book::balance`].
    ///
    /// # Errors
    /// See there.
    pub async fn balance(&self, sender: Sender, balanced: Balanced) -> Result<(), LedgerError> {
        self.writer.work(move |book| book.balance(sender, balanced)).await
    }

    /// See [`crate::Book::outflow`].
    ///
    /// # Errors
    /// See there.
    pub async fn outflow(&self, sender: Sender, after_block: u64, up_to_block: u64) -> Result<U256, LedgerError> {
        self.writer.work(move |book| book.outflow(sender, after_block, up_to_block)).await
    }

    /// See [`crate::Book::payment_totals`].
    ///
    /// # Errors
    /// See there.
    pub async fn payment_totals(&self, account: Option<AccountName>) -> Result<Vec<PaymentTotal>, LedgerError> {
        self.far.work(move |book| book.payment_totals(account.as_ref())).await
    }

    /// See [`crate::Book::approve`].
    ///
    /// # Errors
    /// See there.
    pub async fn approve(&self, approval: Approval) -> Result<(), LedgerError> {
        self.writer.work(move |book| book.approve(&approval)).await
    }

    /// See [`crate::Book::approval`].
    ///
    /// # Errors
    /// See there.
    pub async fn approval(&self, account: &AccountName, job: &JobName) -> Result<Option<Approval>, LedgerError> {
        let (account, job) = (account.clone(), job.clone());
        self.writer.work(move |book| book.approval(&account, &job)).await
    }

    /// See [`crate::Book::want_approval`].
    ///
    /// # Errors
    /// See there.
    pub async fn want_approval(
        &self,
        account: &AccountName,
        job: &JobName,
        digest: Digest,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let (account, job) = (account.clone(), job.clone());
        self.writer.work(move |book| book.want_approval(&account, &job, digest, at)).await
    }

    /// See [`crate::Book::wanted_approvals`].
    ///
    /// # Errors
    /// See there.
    pub async fn wanted_approvals(&self) -> Result<Vec<WantedApproval>, LedgerError> {
        self.far.work(|book| book.wanted_approvals()).await
    }

    /// See [`crate::Book::stop_payments`].
    ///
    /// # Errors
    /// See there.
    pub async fn stop_payments(&self, stop: Option<StoppedPayments>) -> Result<(), LedgerError> {
        self.writer.work(move |book| book.stop_payments(stop.as_ref())).await
    }

    /// See [`crate::Book::stopped_payments`].
    ///
    /// # Errors
    /// See there.
    pub async fn stopped_payments(&self) -> Result<Option<StoppedPayments>, LedgerError> {
        self.writer.work(|book| book.stopped_payments()).await
    }
}
