//! An account of one configuration: who signs, where it pays, whose turn it is, and what was last seen of it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy_primitives::U256;
use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{OnceCell, watch},
};
use watchkeeper_chain::Money;
use watchkeeper_config::{AccountSettings, Currency, show_amount};
use watchkeeper_keys::Signer;
use watchkeeper_ledger::{Ledger, Payment, PaymentEvent, PaymentId, Sender};
use watchkeeper_model::{AccountName, Clock, PaymentState};

use crate::{
    PayError, WalletMetrics, fail_point, limits,
    telemetry::{Moved, Stopped},
};

pub(crate) struct Account {
    pub(crate) name: AccountName,
    pub(crate) settings: AccountSettings,
    pub(crate) sender: Sender,
    pub(crate) money: Money,
    /// From one look at the chain to the next.
    pub(crate) poll_interval: Duration,
    pub(crate) ledger: Arc<Ledger>,
    /// Held by whoever uses a nonce or moves a payment on: one for the account in the process, whatever the configuration.
    pub(crate) owner: Arc<tokio::sync::Mutex<()>>,
    /// Payments stop while it is there.
    pub(crate) stop_file: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) host: Handle,
    pub(crate) metrics: WalletMetrics,
    /// Changes whenever a payment of it does.
    pub(crate) news: watch::Sender<u64>,
    pub(crate) signer: OnceCell<Arc<dyn Signer>>,
    pub(crate) seen: Mutex<Seen>,
}

/// What was last seen of an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) balance: Option<U256>,
    pub(crate) block: u64,
    pub(crate) at: Option<Timestamp>,
    /// Why it pays nothing.
    pub(crate) stopped: Option<String>,
    /// What left it beyond the journal.
    pub(crate) unexplained: Option<String>,
}

impl Account {
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signer; a remote one is reached at its first use.
    pub(crate) async fn signer(&self) -> Result<&Arc<dyn Signer>, PayError> {
        let open = || watchkeeper_keys::open(&self.name, &self.settings.key);
        let signer = self.signer.get_or_try_init(open).await;
        let signer = signer.map_err(|error| self.unsigned(&error))?;
        if signer.address() == self.sender.address {
            return Ok(signer);
        }
        let (found, wanted) = (signer.address(), self.sender.address);
        Err(PayError::Unavailable(format!("account {}: its signer is {found}, not {wanted}", self.name)))
    }

    /// That nothing was signed. A signer's own words name the operator's things, and are for the log alone.
    pub(crate) fn unsigned(&self, error: &dyn std::error::Error) -> PayError {
        tracing::error!(account = %self.name, %error, "nothing was signed");
        PayError::Unavailable(format!("account {}: its signer signed nothing\nhint: the log says why", self.name))
    }

    /// Why payments are stopped, by the file or by a person; what can't be told stops them, too.
    pub(crate) async fn stop(&self) -> Result<(), PayError> {
        let stopped = |why: String| {
            let hint = "`watchkeeper payments resume`, once they may go on";
            Err(PayError::Denied(format!("account {}: all payments are stopped: {why}\nhint: {hint}", self.name)))
        };
        match self.stop_file.try_exists() {
            Ok(false) => {}
            Ok(true) => return stopped(format!("{} is there", self.stop_file.display())),
            Err(error) => return stopped(format!("{}: {error}", self.stop_file.display())),
        }
        match self.ledger.stopped_payments().await? {
            Some(stop) if stop.note.is_empty() => stopped(format!("by {}", stop.by)),
            Some(stop) => stopped(format!("by {}: {}", stop.by, stop.note)),
            None => Ok(()),
        }
    }

    /// It pays nothing until an operator looks at it.
    pub(crate) fn halt(&self, why: &str) {
        let was = self.seen().stopped.replace(why.to_owned());
        if was.as_deref() != Some(why) {
            Stopped { account: self, why: Some(why) }.emit();
        }
    }

    /// It pays again.
    pub(crate) fn go_on(&self) {
        if self.seen().stopped.take().is_some() {
            Stopped { account: self, why: None }.emit();
        }
    }

    /// Writes what happened to a payment. The caller is the owner.
    pub(crate) async fn note(&self, payment: PaymentId, event: PaymentEvent) -> Result<Payment, PayError> {
        let point = match event {
            PaymentEvent::Refused { .. } => Some("refuse"),
            PaymentEvent::Broadcast => Some("broadcast"),
            PaymentEvent::Included(_) => Some("include"),
            PaymentEvent::Uncovered => Some("uncover"),
            PaymentEvent::Settled { .. } => Some("settle"),
            PaymentEvent::Abandoned { .. } => Some("abandon"),
            PaymentEvent::Undecided(_) => None,
        };
        if let Some(point) = point {
            fail_point::pass(&format!("{point}.before"));
        }
        let at = self.clock.now();
        let moved = self.ledger.payment_event(payment, event, at).await?;
        if let Some(point) = point {
            fail_point::pass(&format!("{point}.after"));
        }
        // What was known already is no news.
        if point.is_none() || moved.changed == at {
            self.moved(&moved);
        }
        Ok(moved)
    }

    /// Tells of a payment's new state.
    pub(crate) fn moved(&self, payment: &Payment) {
        Moved { account: self, payment }.emit();
        self.wake();
    }

    /// Has whoever waits for a change look again.
    pub(crate) fn wake(&self) {
        self.news.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// An amount of an asset, for people.
    pub(crate) fn show(&self, amount: U256, asset: &str) -> String {
        self.currency(asset)
            .map_or_else(|| format!("{amount} of the smallest unit of {asset}"), |of| show_amount(amount, &of))
    }

    /// An amount of the chain's currency, for people.
    pub(crate) fn show_native(&self, amount: U256) -> String {
        show_amount(amount, &self.settings.currency)
    }

    /// How amounts of an asset are written; none where the account has no such asset any more.
    pub(crate) fn currency(&self, asset: &str) -> Option<Currency> {
        let token = (asset != self.settings.currency.symbol).then_some(asset);
        limits::currency(&self.settings, token)
    }

    /// How a payment's state is told to people: one whose fate can't be told is `indeterminate`.
    pub(crate) fn word(payment: &Payment) -> &'static str {
        if payment.undecided.is_some() && !payment.state.is_final() { "indeterminate" } else { payment.state.as_str() }
    }

    /// Whether a stopped process left it behind: nobody works on it, and nobody has seen its bytes.
    pub(crate) const fn is_stale(state: PaymentState) -> bool {
        matches!(state, PaymentState::Intended | PaymentState::Reserved)
    }
}
