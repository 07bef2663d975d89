//! The accounts that a job may pay from, and for what. How operators write it is in `written`; nothing is counted or read
//! here.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use alloy_primitives::U256;
use watchkeeper_config::show_amount;
use watchkeeper_contract::{Grant, RunGrant};
use watchkeeper_model::{AccountName, Digest, JobName};

use crate::{
    account::Account,
    limits::{self, Caps, Limits, Narrower},
    purse::Purse,
    rule::Rule,
};

/// The accounts of a grant by their names.
pub(crate) type Granted = BTreeMap<AccountName, Arc<Lent>>;

/// An account as one job may use it.
pub(crate) struct Lent {
    pub(crate) account: Arc<Account>,
    pub(crate) rules: Vec<Rule>,
    /// Nothing is signed.
    pub(crate) dry_run: bool,
    /// The one component that may pay.
    pub(crate) digest: Option<Digest>,
    /// By token; none is the chain's currency.
    pub(crate) caps: BTreeMap<Option<String>, Caps>,
    pub(crate) narrower: Narrower,
}

impl Lent {
    /// What holds for a payment in this asset; none where the account has no such token.
    pub(crate) fn limits(&self, token: Option<&str>) -> Option<Limits> {
        let settings = &self.account.settings;
        let account = limits::of_account(settings, token)?;
        let job = self.caps.get(&token.map(str::to_owned)).copied().unwrap_or_default();
        Some(Limits::merge(&settings.policy, &account, &job, &self.narrower))
    }

    /// Whether it is the very same as an older one, account and all.
    fn is(&self, older: &Self) -> bool {
        self.rules == older.rules
            && self.dry_run == older.dry_run
            && self.digest == older.digest
            && self.caps == older.caps
            && self.narrower == older.narrower
            && self.account.settings == older.account.settings
    }

    fn describe(&self, name: &AccountName) -> Vec<String> {
        let settings = &self.account.settings;
        let dry = if self.dry_run { " (dry run)" } else { "" };
        let line = |rule: &Rule| {
            let money = limits::currency(settings, rule.token.as_deref());
            let show =
                |amount: U256| money.as_ref().map_or_else(|| amount.to_string(), |money| show_amount(amount, money));
            let most = self.limits(rule.token.as_deref()).map_or(U256::ZERO, |limits| limits.max_payment);
            let condition = match &rule.condition {
                None => "whatever the chain says".to_owned(),
                Some(condition) => format!(
                    "while {} is below {}, up to {}",
                    condition.reads,
                    show(condition.below),
                    show(condition.up_to)
                ),
            };
            format!("pays from {name} to {}, at most {} at once, {condition}{dry}", rule.target(), show(most))
        };
        self.rules.iter().map(line).collect()
    }
}

pub(crate) struct WalletGrant(pub(crate) Arc<Granted>);

impl Grant for WalletGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(Purse::new(job.clone(), Arc::clone(&self.0)))
    }

    /// Money is lent anew whenever a word about it changes: a run under other words ends.
    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.downcast_ref::<Self>().is_some_and(|older| {
            older.0.iter().all(|(name, older)| self.0.get(name).is_some_and(|ours| ours.is(older)))
        })
    }

    fn describe(&self) -> Vec<String> {
        self.0.iter().flat_map(|(name, lent)| lent.describe(name)).collect()
    }
}
