//! The series of everything that tops up, so that one dashboard and one set of alerts serve all of it.

use alloy_primitives::U256;

use super::{
    Target,
    outcome::{FROM_THE_START, OVER_BUDGET, Outcome, PAID, SHORT},
};
use crate::{
    Metrics as MetricsOf,
    metrics::{Counter, Gauge},
    wallet::{Allowance, Currency, Error, Receipt},
};

/// What topping up in the chain's currency shows.
#[derive(MetricsOf)]
#[metric(prefix = "topup", labels("chain", "account"))]
pub struct Metrics {
    /// Top-ups that were wanted, by what came of them: `paid`; `waiting`, it was paid in this period already; `not_needed`, the
    /// host's own reading says so; `dry_run`; `budget_short`, more is missing than the budget has; `over_budget`, the host's
    /// policy said no; `reverted` and `abandoned`, found by a later run. Runs that fail show nothing of their own.
    #[metric(labels("asset", "target", "outcome"))]
    intents_total: Counter<5>,
    /// Top-ups that limits stood against: `budget_short`, what is missing is more than the budget has; `over_budget`, the
    /// host's policy said no.
    #[metric(labels("asset", "target", "reason"))]
    refused_total: Counter<5>,
    /// What top-ups paid in the chain's own currency, fees apart. Also what a run paid that failed, once a later one succeeds.
    #[metric(unit = "native", labels("target"))]
    spent_native_total: Counter<3>,
    /// What the transactions of top-ups cost beside what they paid, in the chain's own currency.
    #[metric(unit = "native", labels("target"))]
    fee_native_total: Counter<3>,
    /// What the policy still lets this job spend of the chain's own currency, by window: `payment` for each single one, `24h`,
    /// `7d`, `lifetime` for all together. A window that nothing limits is absent.
    #[metric(unit = "native", labels("window"))]
    budget_remaining_native: Gauge<3>,
    /// What the account holds of the chain's own currency, as the host reads it.
    #[metric(unit = "native")]
    account_balance_native: Gauge<2>,
}

/// What topping up in ERC-20 tokens shows besides.
#[derive(MetricsOf)]
#[metric(prefix = "topup", labels("chain", "account", "asset"))]
pub struct TokenMetrics {
    /// What top-ups paid in a token, in whole tokens.
    #[metric(unit = "token", labels("target"))]
    spent_token_total: Counter<4>,
    /// What the policy still lets this job spend of a token, in whole tokens, by window. A window that nothing limits is absent.
    #[metric(unit = "token", labels("window"))]
    budget_remaining_token: Gauge<4>,
}

/// Where a job's series are.
#[derive(Clone, Copy)]
pub(super) struct Series<'a> {
    pub(super) chain: &'a str,
    pub(super) account: &'a str,
    pub(super) metrics: &'a Metrics,
    pub(super) tokens: Option<&'a TokenMetrics>,
}

impl Series<'_> {
    /// Makes the series visible whose events may come, so that the first one is seen as an increase.
    pub(super) fn begin(self, target: &Target) {
        let Self { chain, account, metrics, tokens } = self;
        let (asset, name) = (target.currency.symbol.as_str(), target.name.as_str());
        for outcome in FROM_THE_START {
            metrics.intents_total.add([chain, account, asset, name, outcome], 0);
        }
        for reason in [SHORT, OVER_BUDGET] {
            metrics.refused_total.add([chain, account, asset, name, reason], 0);
        }
        metrics.fee_native_total.add([chain, account, name], 0);
        match tokens {
            Some(tokens) if target.is_token() => tokens.spent_token_total.add([chain, account, asset, name], 0),
            _ => metrics.spent_native_total.add([chain, account, name], 0),
        }
    }

    /// Says what is left of the budgets of these currencies; the first is the chain's own.
    pub(super) fn budgets(self, native: &Currency, tokens: &[&Currency], allowances: &[Allowance]) {
        let Self { chain, account, metrics, tokens: of_tokens } = self;
        for Allowance { asset, window, left } in allowances {
            if *asset == native.symbol {
                metrics.budget_remaining_native.set([chain, account, window], native.measure(*left));
            } else if let Some((token, series)) = tokens.iter().find(|token| token.symbol == *asset).zip(of_tokens) {
                series.budget_remaining_token.set([chain, account, asset, window], token.measure(*left));
            }
        }
    }

    pub(super) fn balance(self, native: &Currency, balance: U256) {
        self.metrics.account_balance_native.set([self.chain, self.account], native.measure(balance));
    }

    /// Counts what came of a target, but for payments, which are counted by their keys.
    pub(super) fn outcome(self, target: &Target, outcome: &Outcome) {
        let Self { chain, account, metrics, .. } = self;
        let (asset, name) = (target.currency.symbol.as_str(), target.name.as_str());
        match outcome.label() {
            None | Some(PAID) => {}
            Some(label) => metrics.intents_total.add([chain, account, asset, name, label], 1),
        }
        if let Some(reason @ (SHORT | OVER_BUDGET)) = outcome.label() {
            metrics.refused_total.add([chain, account, asset, name, reason], 1);
        }
    }

    /// Counts a payment whose fate is known.
    pub(super) fn fate(self, native: &Currency, target: &Target, fate: &Result<Receipt, Error>) {
        let Self { chain, account, metrics, tokens } = self;
        let (asset, name) = (target.currency.symbol.as_str(), target.name.as_str());
        let receipt = match fate {
            Ok(receipt) => receipt,
            Err(error) => return metrics.intents_total.add([chain, account, asset, name, error.kind()], 1),
        };
        metrics.intents_total.add([chain, account, asset, name, PAID], 1);
        metrics.fee_native_total.add([chain, account, name], native.measure(receipt.fee));
        let amount = target.currency.measure(receipt.amount);
        match tokens {
            Some(tokens) if target.is_token() => tokens.spent_token_total.add([chain, account, asset, name], amount),
            _ => metrics.spent_native_total.add([chain, account, name], amount),
        }
    }
}
