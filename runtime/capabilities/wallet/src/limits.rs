//! How much may be spent: the account's limits and a job's own, of which the narrower holds. Only plain numbers; what was
//! spent is the journal's to know.

use std::time::Duration;

use alloy_primitives::U256;
use jiff::SignedDuration;
use watchkeeper_config::{AccountPolicy, AccountSettings, Currency, TokenPolicy};
use watchkeeper_ledger::Cap;
use watchkeeper_model::Window;

/// The most of one asset, in its smallest unit; none where there is no limit of one's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Caps {
    pub(crate) payment: Option<U256>,
    pub(crate) day: Option<U256>,
    pub(crate) week: Option<U256>,
    pub(crate) lifetime: Option<U256>,
}

/// What a job's grant narrows beside the caps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Narrower {
    pub(crate) max_fee: Option<U256>,
    pub(crate) max_fee_per_gas: Option<U256>,
    pub(crate) keep: Option<U256>,
    pub(crate) min_interval: Option<Duration>,
}

/// What holds for one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) max_payment: U256,
    /// Over windows, the account's and the job's.
    pub(crate) caps: Vec<Cap>,
    pub(crate) max_fee: U256,
    pub(crate) max_fee_per_gas: Option<U256>,
    /// What the account keeps of the chain's currency.
    pub(crate) keep: U256,
    pub(crate) min_interval: SignedDuration,
}

impl Caps {
    pub(crate) fn over(&self, window: Window) -> Option<U256> {
        match window {
            Window::Payment => self.payment,
            Window::Day => self.day,
            Window::Week => self.week,
            Window::Lifetime => self.lifetime,
        }
    }
}

impl From<&AccountPolicy> for Caps {
    fn from(policy: &AccountPolicy) -> Self {
        Self {
            payment: Some(policy.max_payment),
            day: Some(policy.max_24h),
            week: policy.max_7d,
            lifetime: policy.max_lifetime,
        }
    }
}

impl From<&TokenPolicy> for Caps {
    fn from(token: &TokenPolicy) -> Self {
        Self {
            payment: Some(token.max_payment),
            day: Some(token.max_24h),
            week: token.max_7d,
            lifetime: token.max_lifetime,
        }
    }
}

/// The account's own caps of an asset; none where it has no such token.
pub(crate) fn of_account(settings: &AccountSettings, token: Option<&str>) -> Option<Caps> {
    match token {
        None => Some(Caps::from(&settings.policy)),
        Some(symbol) => settings.tokens.get(symbol).map(Caps::from),
    }
}

/// How an asset's amounts are written; none where the account has no such token.
pub(crate) fn currency(settings: &AccountSettings, token: Option<&str>) -> Option<Currency> {
    match token {
        None => Some(settings.currency.clone()),
        Some(symbol) => {
            settings.tokens.get(symbol).map(|token| Currency { symbol: symbol.to_owned(), decimals: token.decimals })
        }
    }
}

impl Limits {
    /// The narrower of both, and every cap over a window of either.
    pub(crate) fn merge(policy: &AccountPolicy, account: &Caps, job: &Caps, narrower: &Narrower) -> Self {
        let windows = [Window::Day, Window::Week, Window::Lifetime];
        let caps = |of_job: bool, caps: &Caps| {
            let caps = *caps;
            windows.into_iter().filter_map(move |window| Some(Cap { of_job, window, limit: caps.over(window)? }))
        };
        Self {
            max_payment: least(account.payment, job.payment).unwrap_or(U256::ZERO),
            caps: caps(false, account).chain(caps(true, job)).collect(),
            max_fee: narrower.max_fee.map_or(policy.max_fee, |fee| fee.min(policy.max_fee)),
            max_fee_per_gas: least(policy.max_fee_per_gas, narrower.max_fee_per_gas),
            keep: narrower.keep.map_or(policy.keep, |keep| keep.max(policy.keep)),
            min_interval: signed(narrower.min_interval.map_or(policy.min_interval, |own| own.max(policy.min_interval))),
        }
    }
}

fn least(one: Option<U256>, other: Option<U256>) -> Option<U256> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> AccountPolicy {
        AccountPolicy {
            max_payment: U256::from(20),
            max_24h: U256::from(50),
            max_7d: None,
            max_lifetime: Some(U256::from(500)),
            max_fee: U256::from(5),
            max_fee_per_gas: None,
            keep: U256::from(10),
            min_interval: Duration::from_secs(60),
            confirmations: 0,
            replace_after: Duration::from_secs(60),
            recipients: None,
        }
    }

    #[test]
    fn the_narrower_wins() {
        let account = Caps::from(&policy());
        let job = Caps { payment: Some(U256::from(3)), week: Some(U256::from(9)), ..Caps::default() };
        let narrower = Narrower {
            max_fee: Some(U256::from(7)),
            max_fee_per_gas: Some(U256::from(2)),
            keep: Some(U256::from(4)),
            min_interval: Some(Duration::from_secs(90)),
        };
        let limits = Limits::merge(&policy(), &account, &job, &narrower);
        assert_eq!(limits.max_payment, U256::from(3));
        assert_eq!(limits.max_fee, U256::from(5), "a job can't widen the account's");
        assert_eq!(limits.max_fee_per_gas, Some(U256::from(2)));
        assert_eq!(limits.keep, U256::from(10));
        assert_eq!(limits.min_interval, SignedDuration::from_secs(90));
        let cap = |of_job, window, limit: u64| Cap { of_job, window, limit: U256::from(limit) };
        assert_eq!(
            limits.caps,
            [cap(false, Window::Day, 50), cap(false, Window::Lifetime, 500), cap(true, Window::Week, 9)]
        );
    }

    #[test]
    fn no_word_of_the_job_is_no_change() {
        let limits = Limits::merge(&policy(), &Caps::from(&policy()), &Caps::default(), &Narrower::default());
        assert_eq!(limits.max_payment, U256::from(20));
        assert_eq!((limits.max_fee, limits.keep), (U256::from(5), U256::from(10)));
        assert_eq!(limits.caps.len(), 2);
    }
}
