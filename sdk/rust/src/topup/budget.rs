//! How what the policy leaves is split among those in need: pure. The host's policy has the last word; this only keeps a plugin from
//! asking for what it can't get, and the neediest from coming last.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use crate::wallet::Allowance;

/// What may be spent of each asset, by its symbol. An asset that nothing limits isn't there.
#[derive(Debug, Default)]
pub(super) struct Budgets(BTreeMap<String, Budget>);

#[derive(Debug, Clone, Copy)]
struct Budget {
    /// In one payment.
    once: U256,
    /// In all together.
    all: U256,
}

/// What is given to one in need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// All that is missing.
    Whole(U256),
    /// As much as there is.
    Part(U256),
    /// Nothing; this is what there is.
    Short(U256),
}

impl Budgets {
    pub(super) fn of(allowances: &[Allowance]) -> Self {
        let mut budgets: BTreeMap<String, Budget> = BTreeMap::new();
        for Allowance { asset, window, left } in allowances {
            let budget = budgets.entry(asset.clone()).or_insert(Budget { once: U256::MAX, all: U256::MAX });
            let limit = if window == "payment" { &mut budget.once } else { &mut budget.all };
            *limit = (*limit).min(*left);
        }
        Self(budgets)
    }

    /// Takes what is missing of an asset out of it, or as much as there is, or nothing.
    pub(super) fn take(&mut self, asset: &str, missing: U256, partial: bool) -> Share {
        let Some(budget) = self.0.get_mut(asset) else { return Share::Whole(missing) };
        let most = budget.once.min(budget.all);
        let share = match most {
            most if missing <= most => Share::Whole(missing),
            most if partial && !most.is_zero() => Share::Part(most),
            most => Share::Short(most),
        };
        if let Share::Whole(given) | Share::Part(given) = share {
            budget.all = budget.all.saturating_sub(given);
        }
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(allowances: &[(&str, &str, u64)]) -> Budgets {
        let allowance = |&(asset, window, left): &(&str, &str, u64)| Allowance {
            asset: asset.to_owned(),
            window: window.to_owned(),
            left: U256::from(left),
        };
        Budgets::of(&allowances.iter().map(allowance).collect::<Vec<_>>())
    }

    fn take(budgets: &mut Budgets, missing: u64, partial: bool) -> Share {
        budgets.take("X", U256::from(missing), partial)
    }

    #[test]
    fn the_least_of_all_windows_holds_for_all_payments_together() {
        let mut budgets = budgets(&[("X", "payment", 50), ("X", "24h", 100), ("X", "7d", 70), ("Y", "24h", 1)]);
        assert_eq!(take(&mut budgets, 50, true), Share::Whole(U256::from(50)));
        assert_eq!(take(&mut budgets, 50, false), Share::Short(U256::from(20)));
        assert_eq!(take(&mut budgets, 15, false), Share::Whole(U256::from(15)));
        assert_eq!(take(&mut budgets, 50, true), Share::Part(U256::from(5)));
        assert_eq!(take(&mut budgets, 50, true), Share::Short(U256::ZERO), "nothing is no part");
    }

    #[test]
    fn a_cap_on_each_payment_is_not_used_up() {
        let mut budgets = budgets(&[("X", "payment", 10)]);
        for _ in 0..3 {
            assert_eq!(take(&mut budgets, 30, true), Share::Part(U256::from(10)));
        }
    }

    #[test]
    fn what_nothing_limits_is_asked_for_and_the_host_decides() {
        assert_eq!(take(&mut budgets(&[]), 30, false), Share::Whole(U256::from(30)));
    }

    #[test]
    fn a_window_of_a_later_host_counts_as_one() {
        assert_eq!(take(&mut budgets(&[("X", "30d", 3)]), 5, true), Share::Part(U256::from(3)));
    }
}
