//! Follows every payment to its end: looks whether a block has it, sends the same bytes again, replaces what is stuck, and
//! says so when its fate can't be told. It knows nothing but the journal and the chain, so that a restart changes nothing.

use std::{sync::Arc, time::Duration};

use alloy_primitives::U256;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use watchkeeper_chain::{Header, Receipt};
use watchkeeper_ledger::{Inclusion, Payment, PaymentEvent, SignedTransaction};
use watchkeeper_model::PaymentState;

use crate::{PayError, account::Account, fees, send::Shape};

/// From one look at payments that have no end to the next, at least.
const LEAST_PAUSE: Duration = Duration::from_millis(200);
/// The same bytes are not sent again before.
const RESEND: SignedDuration = SignedDuration::from_secs(15);
/// From one look at the account itself to the next.
const BOOKS: Duration = Duration::from_secs(30);

/// Watches an account as long as it is configured.
pub(crate) async fn keep(account: Arc<Account>, poll: Duration) {
    let mut tick = interval(poll.max(LEAST_PAUSE));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut news = account.news.subscribe();
    let mut resent = Resent::default();
    let mut books: Option<tokio::time::Instant> = None;
    loop {
        tick.tick().await;
        match account.follow(&mut resent).await {
            Ok(0) if books.is_none_or(|last| last.elapsed() >= BOOKS) => {
                books = Some(tokio::time::Instant::now());
                account.balance_books().await;
            }
            Ok(0) => {
                // Nothing is under way: sleep until something is, or the books are due.
                tokio::select! {
                    _ = news.changed() => {}
                    () = tokio::time::sleep(BOOKS) => {}
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(account = %account.name, %error, "payments can't be followed"),
        }
        account.metrics.refresh(&account).await;
    }
}

/// When which payment was sent again by this process.
#[derive(Debug, Default)]
pub(crate) struct Resent(std::collections::BTreeMap<u64, Timestamp>);

impl Account {
    /// Moves every open payment on as far as the chain says. Returns how many are open still.
    pub(crate) async fn follow(&self, resent: &mut Resent) -> Result<usize, PayError> {
        if self.ledger.open_payments(self.sender).await?.is_empty() {
            return Ok(0);
        }
        let _owner = self.owner.lock().await;
        let open = self.ledger.open_payments(self.sender).await?;
        resent.0.retain(|id, _| open.iter().any(|payment| payment.id == *id));
        // One block for all: what one payment shows of the chain holds for the next.
        let head = self.money.head().await.map_err(PayError::from);
        let mut left = 0;
        for payment in open {
            let id = payment.id;
            let looked = self.look(payment, head.as_ref(), resent).await;
            left += usize::from(!matches!(&looked, Ok(Some(payment)) if payment.state.is_final()));
            self.decided(id, looked.err()).await?;
        }
        Ok(left)
    }

    /// Notes why a payment's fate can't be told, or that it can be again.
    async fn decided(&self, id: u64, error: Option<PayError>) -> Result<(), PayError> {
        let Some(payment) = self.ledger.payment(id).await? else { return Ok(()) };
        if payment.state.is_final() {
            return Ok(());
        }
        let why = error.map(|error| error.to_string()).or_else(|| self.is_late(&payment));
        match (why, &payment.undecided) {
            (Some(why), Some((_, known))) if why == *known => Ok(()),
            (None, None) => Ok(()),
            (why, _) => self.note(id, PaymentEvent::Undecided(why)).await.map(drop),
        }
    }

    /// Why it should have been in a block by now.
    fn is_late(&self, payment: &Payment) -> Option<String> {
        let waits = matches!(payment.state, PaymentState::Signed | PaymentState::Broadcast);
        let patience = self.settings.policy.replace_after.saturating_mul(3);
        let age = self.clock.now().duration_since(payment.intent.at);
        let late = waits && age > SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
        late.then(|| "no block has had it for long".to_owned())
    }

    /// One look at one payment. Returns it where it moved.
    async fn look(
        &self,
        payment: Payment,
        head: Result<&Header, &PayError>,
        resent: &mut Resent,
    ) -> Result<Option<Payment>, PayError> {
        if Self::is_stale(payment.state) {
            let reason = "the process ended before it was signed; nobody has seen it".to_owned();
            return self.note(payment.id, PaymentEvent::Refused { reason }).await.map(Some);
        }
        let head = head.map_err(PayError::clone)?;
        let transactions = self.ledger.payment_transactions(payment.id).await?;
        for transaction in transactions.iter().rev() {
            if let Some(receipt) = self.money.receipt(transaction.hash).await? {
                return self.in_block(payment, &receipt, head).await.map(Some);
            }
        }
        if payment.state == PaymentState::Included {
            self.note(payment.id, PaymentEvent::Uncovered).await?;
            resent.0.remove(&payment.id);
            return Ok(None);
        }
        let (Some(last), Some(nonce)) = (transactions.last(), payment.nonce) else {
            return Err(PayError::Indeterminate(format!(
                "payment {}: the journal has no transaction of it",
                payment.id
            )));
        };
        if self.money.transaction_count(head, self.sender.address).await? > nonce {
            return self.overtaken(&payment, nonce, &transactions, head).await;
        }
        self.press(&payment, last, resent).await?;
        Ok(None)
    }

    /// A block has it.
    async fn in_block(&self, payment: Payment, receipt: &Receipt, head: &Header) -> Result<Payment, PayError> {
        let inclusion = Inclusion {
            hash: receipt.hash,
            block_number: receipt.block_number,
            block_hash: receipt.block_hash,
            success: receipt.success,
            fee: receipt.fee,
        };
        let payment = if payment.included == Some(inclusion) && payment.state == PaymentState::Included {
            payment
        } else {
            self.note(payment.id, PaymentEvent::Included(inclusion)).await?
        };
        if !self.is_deep(receipt.block_number, head) {
            return Ok(payment);
        }
        let reason = (!receipt.success)
            .then(|| format!("its transaction {} failed in block {}", receipt.hash, receipt.block_number));
        self.note(payment.id, PaymentEvent::Settled { reason }).await
    }

    fn is_deep(&self, block: u64, head: &Header) -> bool {
        head.number >= block.saturating_add(self.settings.policy.confirmations)
    }

    /// Its nonce is used, and none of its transactions has a receipt: finds out who used it.
    async fn overtaken(
        &self,
        payment: &Payment,
        nonce: u64,
        transactions: &[SignedTransaction],
        head: &Header,
    ) -> Result<Option<Payment>, PayError> {
        let since = payment.reserved.as_ref().map_or(0, |reserved| reserved.block);
        let used = self.money.nonce_user(self.sender.address, nonce, since, head).await?;
        let unclear = |what: String| Err(PayError::Indeterminate(format!("payment {}: {what}", payment.id)));
        let Some((hash, block)) = used else {
            return unclear(format!("nonce {nonce} is used, and no block shows by what"));
        };
        if transactions.iter().any(|own| own.hash == hash) {
            return unclear(format!(
                "block {} has its transaction {hash}, and no endpoint has the receipt",
                block.number
            ));
        }
        if !self.is_deep(block.number, head) {
            return unclear(format!(
                "transaction {hash} used its nonce {nonce} in block {}, which may be replaced",
                block.number
            ));
        }
        let reason = format!("transaction {hash} used its nonce {nonce} in block {}", block.number);
        self.note(payment.id, PaymentEvent::Abandoned { reason }).await.map(Some)
    }

    /// No block has it: sends it again where it may have been lost, and replaces it where it is stuck.
    async fn press(&self, payment: &Payment, last: &SignedTransaction, resent: &mut Resent) -> Result<(), PayError> {
        let now = self.clock.now();
        let since = |time: Timestamp| now.duration_since(time);
        let replace_after = SignedDuration::try_from(self.settings.policy.replace_after).unwrap_or(SignedDuration::MAX);
        if since(last.at) >= replace_after
            && let Some(payment) = self.replace(payment, last).await?
        {
            resent.0.insert(payment.id, now);
            return self.send(&payment).await;
        }
        if resent.0.get(&payment.id).is_none_or(|sent| since(*sent) >= RESEND) {
            resent.0.insert(payment.id, now);
            self.send(payment).await?;
        }
        Ok(())
    }

    /// Signs it anew with the same nonce and a higher fee, as far as what is reserved allows.
    async fn replace(&self, payment: &Payment, last: &SignedTransaction) -> Result<Option<Payment>, PayError> {
        let Some(reserved) = &payment.reserved else { return Ok(None) };
        let per_gas = reserved.max_fee.checked_div(U256::from(last.gas_limit)).unwrap_or(U256::ZERO);
        let offered = self.money.fees().await?;
        let offer = fees::replacement(&offered, last.max_fee_per_gas, last.priority_fee_per_gas, per_gas);
        let Some(offer) = offer else { return Ok(None) };
        self.stop().await?;
        let shape = Shape { nonce: last.nonce, gas_limit: last.gas_limit, offer };
        self.sign(payment, shape).await.map(Some)
    }
}
