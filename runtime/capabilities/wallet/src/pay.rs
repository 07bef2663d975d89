//! One payment, from what a plugin asked to its receipt. All that leaves the machine happens in a task of the host, under the
//! account's lock, so that a guest that dies or a second one that asks changes nothing.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio_util::task::TaskTracker;
use watchkeeper_ledger::{Approval, Barred, Intended, Intent, Payment, PaymentEvent, PaymentId};
use watchkeeper_model::{Digest, JobName, PaymentState, RunId};

use crate::{
    PayError, Receipt,
    account::Account,
    decide::{self, Wish},
    fail_point,
    grant::Lent,
    rule::{Asked, Rule},
    send::Shape,
    telemetry::Refused,
};

/// The longest time that is left to a run for its own ending.
const MARGIN: Duration = Duration::from_secs(2);

/// A run's wish to pay.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) lent: Arc<Lent>,
    pub(crate) job: JobName,
    pub(crate) run: RunId,
    /// The component that asks.
    pub(crate) digest: Option<Digest>,
    pub(crate) dry_run: bool,
    pub(crate) asked: Asked,
    pub(crate) deadline: Timestamp,
}

/// Pays, and waits until the payment is in a block or the run's time is nearly over. What it began is one of `tasks`.
pub(crate) async fn pay(order: Order, tasks: &TaskTracker) -> Result<Receipt, PayError> {
    let account = Arc::clone(&order.lent.account);
    let (job, deadline) = (order.job.clone(), order.deadline);
    let mut news = account.news.subscribe();
    let begun = tasks.spawn_on(Box::pin(order.begin()), &account.host).await;
    let begun = begun.unwrap_or_else(|_| Err(PayError::Unavailable("the host ended the payment".to_owned())));
    let (payment, repeated) = begun.inspect_err(|error| Refused { account: &account, job: &job, error }.emit())?;
    let left = deadline.duration_since(account.clock.now()).unsigned_abs();
    let patience = tokio::time::sleep(left.saturating_sub(MARGIN.min(left / 5)));
    tokio::pin!(patience);
    loop {
        let payment = account.ledger.payment(payment).await?;
        let payment = payment.ok_or_else(|| PayError::Unavailable("the journal lost a payment".to_owned()))?;
        if let Some(answer) = answer(&account, &payment, repeated) {
            return answer;
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return Err(under_way(&account, &payment)) },
            () = &mut patience => return Err(under_way(&account, &payment)),
        }
    }
}

/// What became of a payment; none while that is open.
pub(crate) fn answer(account: &Account, payment: &Payment, repeated: bool) -> Option<Result<Receipt, PayError>> {
    let reason = || payment.reason.clone().unwrap_or_default();
    let text = |what: &str| format!("account {}: payment {} {what}: {}", account.name, payment.id, reason());
    let receipt = |confirmed| {
        let (included, reserved) = (payment.included?, payment.reserved.as_ref()?);
        Some(Ok(Receipt {
            hash: included.hash,
            block: included.block_number,
            amount: reserved.amount,
            fee: included.fee,
            repeated,
            confirmed,
        }))
    };
    match payment.state {
        PaymentState::Included if payment.included.is_some_and(|included| included.success) => receipt(false),
        PaymentState::Confirmed => receipt(true),
        PaymentState::Reverted => Some(Err(PayError::Reverted(text("reverted")))),
        PaymentState::Abandoned => Some(Err(PayError::Abandoned(text("was abandoned")))),
        PaymentState::Refused => Some(Err(PayError::Unavailable(text("was not sent")))),
        _ => None,
    }
}

/// In words, that a payment has no end yet.
pub(crate) fn under_way(account: &Account, payment: &Payment) -> PayError {
    let why = payment.undecided.as_ref().map(|(_, why)| format!(": {why}")).unwrap_or_default();
    let word = Account::word(payment);
    PayError::Indeterminate(format!(
        "account {}: payment {} is {word}{why}\nhint: it is followed to its end; the same key never pays twice",
        account.name, payment.id
    ))
}

impl Order {
    /// Up to the point where the chain decides. Returns the payment, and whether an earlier call began it.
    async fn begin(self) -> Result<(PaymentId, bool), PayError> {
        let lent = Arc::clone(&self.lent);
        let account = &*lent.account;
        let (rule, wish) = self.wish(&lent)?;
        let content = content(&self.asked);
        let known = account.ledger.payment_by_key(account.sender, &self.job, &self.asked.key).await?;
        if let Some(known) = known.filter(|known| known.state != PaymentState::Refused) {
            return if known.intent.content == content { Ok((known.id, true)) } else { Err(self.conflict(&known)) };
        }
        if wish.dry_run {
            return Err(self.dry(&wish).await);
        }
        account.stop().await?;
        self.approved(account).await?;
        let _owner = account.owner.lock().await;
        let intent = Intent {
            account: account.name.clone(),
            sender: account.sender,
            job: self.job.clone(),
            run: self.run,
            key: self.asked.key.clone(),
            content,
            asset: account.asset(rule),
            target: rule.target(),
            asked: wish.amount,
            at: account.clock.now(),
        };
        fail_point::pass("intend.before");
        let intended = account.ledger.intend(intent).await?;
        fail_point::pass("intend.after");
        let payment = match intended {
            Intended::New(payment) => payment,
            Intended::Known(payment) => return Ok((payment.id, true)),
            Intended::Conflict(payment) => return Err(self.conflict(&payment)),
        };
        account.moved(&payment);
        let id = payment.id;
        // Boxed, as what it waits for is: the compiler has a limit for futures within futures.
        match Box::pin(self.carry_out(account, &wish, id)).await {
            Ok(()) => Ok((id, false)),
            Err(error) => {
                // Where the journal takes no refusal, the payment is signed already, or the next look at it refuses it.
                let refused = PaymentEvent::Refused { reason: error.to_string() };
                let stands = account.note(id, refused).await;
                tracing::debug!(account = %account.name, payment = id, %error, refused = stands.is_ok(), "payment not made");
                match account.ledger.payment(id).await? {
                    Some(payment) if payment.state.is_in_flight() => Ok((id, false)),
                    _ => Err(error),
                }
            }
        }
    }

    async fn carry_out(&self, account: &Account, wish: &Wish<'_>, id: PaymentId) -> Result<(), PayError> {
        let decision = Box::pin(decide::decide(wish)).await?;
        let shape = Shape { nonce: decision.nonce, gas_limit: decision.gas_limit, offer: decision.offer };
        account.stop().await?;
        fail_point::pass("reserve.before");
        let reserved = account.ledger.reserve(id, decision.reservation).await?;
        fail_point::pass("reserve.after");
        let payment = reserved.map_err(|barred| self.barred(account, wish.rule, barred))?;
        account.moved(&payment);
        let payment = account.sign(&payment, shape).await?;
        // From here on the chain decides: whatever goes wrong, the payment is followed.
        if let Err(error) = account.send(&payment).await {
            tracing::warn!(account = %account.name, payment = id, %error, "payment signed, but not sent yet");
        }
        Ok(())
    }

    /// The rule that allows it, and how much is asked.
    fn wish<'a>(&self, lent: &'a Lent) -> Result<(&'a Rule, Wish<'a>), PayError> {
        let found = lent.rules.iter().find_map(|rule| Some((rule, rule.amount(&self.asked)?)));
        let Some((rule, amount)) = found else {
            let what = match self.asked.data.get(..4) {
                None => "a transfer".to_owned(),
                Some(selector) => format!("a call of 0x{}", alloy_primitives::hex::encode(selector)),
            };
            return Err(self.denied(
                &format!("no rule allows {what} to {} as it was asked", self.asked.to),
                "add a table to `grants.wallet.ACCOUNT.allow`, if it should",
            ));
        };
        let account = &*lent.account;
        if let Err(stranger) = account.may_receive(rule) {
            return Err(self.denied(&format!("{stranger} is none of the account's recipients"), "see its `recipients`"));
        }
        let limits = lent.limits(rule.token.as_deref()).ok_or_else(|| {
            self.denied("the account has no such token any more", "see its `tokens` in watchkeeper.toml")
        })?;
        if amount.is_zero() {
            return Err(self.denied("nothing was asked for", "the amount must be above zero"));
        }
        if amount > limits.max_payment {
            let asset = account.asset(rule);
            let (asked, most) = (account.show(amount, &asset), account.show(limits.max_payment, &asset));
            let hint = "raise `max_payment`, or ask for less";
            return Err(PayError::OverBudget(format!(
                "job \"{}\", account {}: asked for {asked}, one payment may be {most}\nhint: {hint}",
                self.job, account.name
            )));
        }
        let dry_run = self.dry_run || lent.dry_run;
        Ok((rule, Wish { lent, rule, limits, amount, dry_run }))
    }

    /// What would have happened.
    async fn dry(&self, wish: &Wish<'_>) -> PayError {
        let account = &*wish.lent.account;
        let decided = match decide::decide(wish).await {
            Ok(decision) => decide::fits(wish, &self.job, &decision).await.map(|()| decision),
            Err(error) => Err(error),
        };
        match decided {
            Err(error) => error,
            Ok(decision) => {
                let amount = account.show(decision.reservation.amount, &account.asset(wish.rule));
                let (to, reason) = (wish.rule.target(), decision.reservation.reason);
                PayError::DryRun(format!("account {}: would have paid {amount} to {to}: {reason}", account.name))
            }
        }
    }

    /// Whether the component that asks has the right to pay. The first one that ever asks gets it.
    async fn approved(&self, account: &Account) -> Result<(), PayError> {
        let Some(digest) = self.digest else {
            return Err(self.denied("its component can't be told", "load the plugin from its file"));
        };
        if let Some(pinned) = self.lent.digest {
            return if pinned == digest {
                Ok(())
            } else {
                Err(self.denied(
                    &format!("its component is {digest}, and the grant pins another"),
                    "see `digest` in the grant",
                ))
            };
        }
        match account.ledger.approval(&account.name, &self.job).await? {
            Some(approval) if approval.digest == digest => Ok(()),
            Some(approval) => {
                account.ledger.want_approval(&account.name, &self.job, digest, account.clock.now()).await?;
                account.wake();
                let hint =
                    format!("look at what changed, then `watchkeeper account approve {} {}`", account.name, self.job);
                Err(self.denied(&format!("its component changed from {} to {digest}", approval.digest), &hint))
            }
            None => {
                let by = "first use".to_owned();
                let (account_name, job, at) = (account.name.clone(), self.job.clone(), account.clock.now());
                account.ledger.approve(Approval { account: account_name, job, digest, by, at }).await?;
                Ok(())
            }
        }
    }

    fn barred(&self, account: &Account, rule: &Rule, barred: Barred) -> PayError {
        let about = |text: &str| format!("account {}: {text}", account.name);
        match barred {
            Barred::Stopped { .. } => PayError::Denied(about(&barred.to_string())),
            Barred::OverCap { of_job, window, left, limit } => {
                decide::over(account, &account.asset(rule), of_job, window.as_str(), left, limit)
            }
            Barred::TooSoon { .. } => PayError::OverBudget(about(&format!("{barred}\nhint: see `min_interval`"))),
            Barred::InFlight { .. } | Barred::OldBlock { .. } | Barred::NotIntended(_) => {
                PayError::Unavailable(about(&format!("nothing was paid: {barred}")))
            }
        }
    }

    fn denied(&self, what: &str, hint: &str) -> PayError {
        PayError::Denied(format!("job \"{}\", account {}: {what}\nhint: {hint}", self.job, self.lent.account.name))
    }

    fn conflict(&self, known: &Payment) -> PayError {
        let (job, key) = (&self.job, &self.asked.key);
        PayError::Conflict(format!("job \"{job}\": the key {key:?} is payment {}, which has another content", known.id))
    }
}

/// The content of what was asked.
fn content(asked: &Asked) -> Digest {
    let mut hash = Sha256::new();
    hash.update(asked.to);
    hash.update(asked.value.to_be_bytes::<32>());
    hash.update(&asked.data);
    Digest::new(hash.finalize().into())
}
