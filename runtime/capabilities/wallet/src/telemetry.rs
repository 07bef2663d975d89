//! What the wallet says of itself: one struct per event, which writes the log line and moves the metric. Labels come from the
//! operator's names and fixed words. Amounts become floats here and nowhere else.

use alloy_primitives::U256;
use prometheus::{CounterVec, GaugeVec, IntCounterVec, IntGaugeVec, Opts, Registry};
use watchkeeper_ledger::Payment;
use watchkeeper_model::{JobName, PaymentState};

use crate::{PayError, account::Account};

/// The series of all accounts. Registered once per process.
#[derive(Debug, Clone)]
pub struct WalletMetrics {
    payments: IntCounterVec,
    amounts: CounterVec,
    refusals: IntCounterVec,
    balance: GaugeVec,
    stopped: IntGaugeVec,
    in_flight: IntGaugeVec,
    undecided: IntGaugeVec,
    unapproved: IntGaugeVec,
    budget: GaugeVec,
    outflow: GaugeVec,
    transactions: IntGaugeVec,
    halted: prometheus::IntGauge,
}

impl WalletMetrics {
    /// Makes the series and hands them to `registry`.
    ///
    /// # Errors
    /// The registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let of = ["account", "job_name", "asset", "state"];
        let metrics = Self {
            payments: IntCounterVec::new(
                Opts::new("watchkeeper_payments_total", "Payments that came to a state since the process began."),
                &of,
            )?,
            amounts: CounterVec::new(
                Opts::new(
                    "watchkeeper_payment_amount_total",
                    "What payments that came to a state since the process began were about, in units of the asset.",
                ),
                &of,
            )?,
            refusals: IntCounterVec::new(
                Opts::new("watchkeeper_payment_refusals_total", "Asked payments that were not made, by reason."),
                &["account", "job_name", "reason"],
            )?,
            balance: GaugeVec::new(
                Opts::new(
                    "watchkeeper_account_balance",
                    "What the account held of its chain's currency when it was read last.",
                ),
                &["account", "chain", "symbol"],
            )?,
            stopped: IntGaugeVec::new(
                Opts::new(
                    "watchkeeper_account_stopped",
                    "Whether the account pays nothing until an operator has looked at it.",
                ),
                &["account"],
            )?,
            in_flight: IntGaugeVec::new(
                Opts::new("watchkeeper_payments_in_flight", "Payments that are reserved and have no end yet."),
                &["account"],
            )?,
            undecided: IntGaugeVec::new(
                Opts::new("watchkeeper_payments_undecided", "Payments in flight whose fate can't be told."),
                &["account"],
            )?,
            unapproved: IntGaugeVec::new(
                Opts::new("watchkeeper_account_unapproved_jobs", "Jobs whose changed component waits for an approval."),
                &["account"],
            )?,
            budget: GaugeVec::new(
                Opts::new(
                    "watchkeeper_account_budget_remaining",
                    "What the account's caps leave, in units of the asset.",
                ),
                &["account", "asset", "window"],
            )?,
            outflow: GaugeVec::new(
                Opts::new(
                    "watchkeeper_account_unexplained_outflow",
                    "What left the account on the chain without the journal knowing, in units of the chain's currency.",
                ),
                &["account", "symbol"],
            )?,
            transactions: IntGaugeVec::new(
                Opts::new(
                    "watchkeeper_account_unexplained_transactions",
                    "Transactions of the account on the chain that the journal doesn't know.",
                ),
                &["account"],
            )?,
            halted: prometheus::IntGauge::new("watchkeeper_payments_stopped", "Whether all payments are stopped.")?,
        };
        registry.register(Box::new(metrics.payments.clone()))?;
        registry.register(Box::new(metrics.amounts.clone()))?;
        registry.register(Box::new(metrics.refusals.clone()))?;
        registry.register(Box::new(metrics.balance.clone()))?;
        registry.register(Box::new(metrics.stopped.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.undecided.clone()))?;
        registry.register(Box::new(metrics.unapproved.clone()))?;
        registry.register(Box::new(metrics.budget.clone()))?;
        registry.register(Box::new(metrics.outflow.clone()))?;
        registry.register(Box::new(metrics.transactions.clone()))?;
        registry.register(Box::new(metrics.halted.clone()))?;
        Ok(metrics)
    }

    pub(crate) fn balance(&self, account: &Account, balance: U256) {
        let settings = &account.settings;
        let labels = [account.name.as_str(), settings.chain.as_str(), &settings.currency.symbol];
        self.balance.with_label_values(&labels).set(units(balance, settings.currency.decimals));
    }

    pub(crate) fn unexplained_transactions(&self, account: &Account, count: u64) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.transactions.with_label_values(&[account.name.as_str()]).set(count);
    }

    pub(crate) fn unexplained_outflow(&self, account: &Account, amount: U256) {
        let currency = &account.settings.currency;
        let labels = [account.name.as_str(), &currency.symbol];
        self.outflow.with_label_values(&labels).set(units(amount, currency.decimals));
    }

    /// Reads the gauges of an account from the journal. What can't be read keeps its last value for the next time.
    pub(crate) async fn refresh(&self, account: &Account) {
        let name = [account.name.as_str()];
        if let Ok(open) = account.ledger.open_payments(account.sender).await {
            let count = |wanted: fn(&Payment) -> bool| {
                i64::try_from(open.iter().filter(|one| wanted(one)).count()).unwrap_or(0)
            };
            self.in_flight.with_label_values(&name).set(count(|payment| payment.state.is_in_flight()));
            self.undecided.with_label_values(&name).set(count(|payment| payment.undecided.is_some()));
        }
        if let Ok(wanted) = account.unapproved().await {
            self.unapproved.with_label_values(&name).set(i64::try_from(wanted.len()).unwrap_or(0));
        }
        for (asset, window, left, _) in account.left().await.unwrap_or_default() {
            let decimals = account.currency(&asset).map_or(0, |currency| currency.decimals);
            let labels = [account.name.as_str(), &asset, window.as_str()];
            self.budget.with_label_values(&labels).set(units(left, decimals));
        }
        self.stopped.with_label_values(&name).set(i64::from(account.seen().stopped.is_some()));
        self.halted.set(i64::from(account.stop().await.is_err()));
    }
}

/// A payment came to another state.
pub(crate) struct Moved<'a> {
    pub(crate) account: &'a Account,
    pub(crate) payment: &'a Payment,
}

impl Moved<'_> {
    pub(crate) fn emit(self) {
        let Self { account, payment } = self;
        let intent = &payment.intent;
        let reason = payment.reason.as_deref().or_else(|| payment.undecided.as_ref().map(|(_, why)| why.as_str()));
        let hash = payment.hash.map(|hash| hash.to_string());
        tracing::info!(
            account = %account.name, payment = payment.id, job = %intent.job, run = %intent.run, state = Account::word(payment),
            paid_to = intent.target, hash, nonce = payment.nonce, reason, "payment"
        );
        if payment.undecided.is_some() && !payment.state.is_final() {
            return;
        }
        let metrics = &account.metrics;
        let labels = [account.name.as_str(), intent.job.as_str(), &intent.asset, payment.state.as_str()];
        metrics.payments.with_label_values(&labels).inc();
        let amount = payment.reserved.as_ref().map_or(intent.asked, |reserved| reserved.amount);
        if let Some(currency) = account.currency(&intent.asset).filter(|_| payment.state != PaymentState::Intended) {
            metrics.amounts.with_label_values(&labels).inc_by(units(amount, currency.decimals));
        }
    }
}

/// A payment that was asked for is not made.
pub(crate) struct Refused<'a> {
    pub(crate) account: &'a Account,
    pub(crate) job: &'a JobName,
    pub(crate) error: &'a PayError,
}

impl Refused<'_> {
    pub(crate) fn emit(self) {
        let Self { account, job, error } = self;
        let labels = [account.name.as_str(), job.as_str(), error.as_str()];
        account.metrics.refusals.with_label_values(&labels).inc();
        tracing::info!(account = %account.name, job = %job, reason = error.as_str(), %error, "payment refused");
    }
}

/// An account pays nothing any more, or again.
pub(crate) struct Stopped<'a> {
    pub(crate) account: &'a Account,
    pub(crate) why: Option<&'a str>,
}

impl Stopped<'_> {
    pub(crate) fn emit(self) {
        let Self { account, why } = self;
        account.metrics.stopped.with_label_values(&[account.name.as_str()]).set(i64::from(why.is_some()));
        match why {
            Some(why) => tracing::error!(account = %account.name, why, "account stopped"),
            None => tracing::info!(account = %account.name, "account pays again"),
        }
    }
}

/// An amount in units, as the nearest float: the decimal text is read, which rounds once and correctly.
fn units(amount: U256, decimals: u8) -> f64 {
    format!("{amount}e-{decimals}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_rounded_once() {
        let wei = U256::from(1_234_567_890_123_456_789_u64);
        assert_eq!(units(wei, 18).to_bits(), 1.234_567_890_123_456_8_f64.to_bits());
        assert_eq!(units(U256::from(1_500_000), 6).to_bits(), 1.5_f64.to_bits());
        assert!(units(U256::MAX, 0) > 1e77);
    }
}
