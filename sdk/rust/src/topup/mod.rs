//! Keeping things above a level: shared by plugins that fill up deposits and balances.
//!
//! A plugin reads what its targets have ([`held`]), says below which level each is in need and up to which it is filled
//! ([`Target`]), and has them served ([`TopUp::serve`]): in order of need, out of what the policy leaves, each at most once a
//! [`Period`]. Nothing here decides about money for good: the host reads the condition for itself and has the last word. Amounts
//! are whole numbers of the smallest unit throughout.

mod budget;
mod held;
mod metrics;
mod outcome;
mod past;
mod report;
mod span;
mod target;

use alloy_primitives::U256;

use self::{
    budget::{Budgets, Share},
    metrics::Series,
    past::{Found, Past},
};
pub use self::{
    held::{Held, held},
    metrics::{Metrics, TokenMetrics},
    outcome::Outcome,
    report::{Served, Words},
    span::{Period, Span, show_seconds},
    target::{Means, Target},
};
use crate::{
    Error, Result,
    join::join_all,
    wallet::{Currency, Wallet},
};

/// How a job tops up.
pub struct TopUp<'a> {
    /// The chain's name, for labels.
    pub chain: &'a str,
    /// Who pays.
    pub wallet: &'a Wallet,
    /// The chain's own currency.
    pub currency: &'a Currency,
    /// Which period this run is in.
    pub period: Period,
    /// Whether a target gets less than it is missing where the budget is short, rather than nothing.
    pub partial: bool,
    /// Where it shows.
    pub metrics: &'a Metrics,
    /// Where what was paid in tokens shows; none where no target is paid in one.
    pub tokens: Option<&'a TokenMetrics>,
}

impl TopUp<'_> {
    /// Pays each target in need what is missing to its level, the neediest first. All payments are asked for before the first
    /// is waited for, so that one that takes its time holds up no other. What a target came to is in [`Served`], errors of single
    /// payments too.
    ///
    /// # Errors
    /// The job's state or the account as a whole don't answer; nothing was paid then.
    pub async fn serve(&self, mut targets: Vec<Target>) -> Result<Served> {
        targets.sort_by(Target::need);
        let series = self.series();
        targets.iter().for_each(|target| series.begin(target));
        let mut budgets = self.budgets(&targets).await?;
        let state = format!("topup/{}/{}", self.chain, self.wallet.account());
        let mut past = Past::read(&state).await?;
        let found = past.find(self.wallet, self.period, &targets).await;
        for Found { target, key, period, fate } in found.iter().filter(|found| found.is_settled()) {
            if let (true, Some(target)) = (past.count(key, *period), targets.get(*target)) {
                series.fate(self.currency, target, fate);
            }
        }
        let steps = self.plan(&targets, &found, &mut budgets);
        let outcomes = join_all(targets.iter().zip(steps).map(|(target, step)| self.take(target, step))).await;
        for (target, outcome) in targets.iter().zip(&outcomes) {
            series.outcome(target, outcome);
            if let Outcome::Paid { receipt, .. } = outcome
                && past.count(&target.key(self.period), self.period)
            {
                series.fate(self.currency, target, &Ok(receipt.clone()));
            }
        }
        past.save(&state, self.period, &found).await?;
        Ok(Served::new(targets.into_iter().zip(outcomes).collect()))
    }

    /// What each target gets, by its place: what is decided already, or a payment to ask for. The first ones come first.
    fn plan(&self, targets: &[Target], found: &[Found], budgets: &mut Budgets) -> Vec<Step> {
        let steps = targets.iter().enumerate().map(|(place, target)| {
            if let Some(outcome) = self.decided(place, target, found) {
                return Step::Done(outcome);
            }
            let missing = target.missing();
            match budgets.take(&target.currency.symbol, missing, self.partial) {
                Share::Whole(amount) => Step::Pay { amount, partial: false },
                Share::Part(amount) => Step::Pay { amount, partial: true },
                Share::Short(left) => Step::Done(Outcome::Short { missing, left }),
            }
        });
        steps.collect()
    }

    /// What is decided about a target before budgets are looked at.
    fn decided(&self, place: usize, target: &Target, found: &[Found]) -> Option<Outcome> {
        if !target.in_need() {
            return Some(Outcome::Enough);
        }
        let mut of_target = found.iter().filter(|found| found.target == place);
        let open = of_target.clone().find_map(|found| found.fate.as_ref().err().filter(|_| !found.is_settled()));
        if let Some(error) = open {
            return Some(Outcome::Failed(error.clone()));
        }
        of_target.any(|found| found.period == self.period).then_some(Outcome::Waiting)
    }

    async fn take(&self, target: &Target, step: Step) -> Outcome {
        match step {
            Step::Done(outcome) => outcome,
            Step::Pay { amount, partial } => {
                let payment = target.payment(target.key(self.period), amount);
                Outcome::of(self.wallet.pay(payment).await, amount, partial)
            }
        }
    }

    /// Reads and shows what the account has and may spend.
    async fn budgets(&self, targets: &[Target]) -> Result<Budgets> {
        let allowances = self.wallet.allowances().await?;
        let known = |symbol: &str| allowances.iter().any(|allowance| allowance.asset == symbol);
        let unknown = targets.iter().map(|target| target.currency.symbol.as_str()).find(|symbol| !known(symbol));
        if let (Some(symbol), false) = (unknown, allowances.is_empty()) {
            let account = self.wallet.account();
            let hint =
                format!("write the symbol as watchkeeper.toml has it, and a rule for it in `grants.wallet.{account}`");
            return Err(Error::invalid_config(format!(
                "account `{account}` lends no {symbol} to this job\nhint: {hint}"
            )));
        }
        let tokens = targets.iter().filter(|target| target.is_token());
        let tokens: Vec<&Currency> = tokens.map(|target| &target.currency).collect();
        self.series().budgets(self.currency, &tokens, &allowances);
        self.series().balance(self.currency, self.wallet.balance().await?);
        Ok(Budgets::of(&allowances))
    }

    fn series(&self) -> Series<'_> {
        Series { chain: self.chain, account: self.wallet.account(), metrics: self.metrics, tokens: self.tokens }
    }
}

/// What a target gets.
enum Step {
    Done(Outcome),
    Pay { amount: U256, partial: bool },
}
