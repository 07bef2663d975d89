//! What a run says to people: one line of what was done, or an error of the worst that happened with that line after it.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{Outcome, Target};
use crate::{Error, Result, wallet::Currency, warn};

/// Targets and what came of each, the neediest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    targets: Vec<(Target, Outcome)>,
    /// Targets of which it isn't known what they have.
    unreadable: usize,
    problems: Vec<(String, Error)>,
    notes: Vec<String>,
}

/// How a plugin calls what it does: `deposited 1.5 USDC for 1 of 3 paymasters`.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// As in "deposited 1.5 USDC".
    pub did: &'static str,
    /// As in "would deposit 1.5 USDC".
    pub would: &'static str,
    /// As in "for 1 of 3 paymasters".
    pub targets: &'static str,
}

impl Served {
    pub(super) fn new(targets: Vec<(Target, Outcome)>) -> Self {
        Self { targets, unreadable: 0, problems: Vec::new(), notes: Vec::new() }
    }

    /// Targets and what came of each.
    pub fn outcomes(&self) -> impl Iterator<Item = (&Target, &Outcome)> {
        self.targets.iter().map(|(target, outcome)| (target, outcome))
    }

    /// Adds a target of which it isn't known what it has. It was left alone, and the run fails.
    pub fn unreadable(&mut self, name: &str, error: impl Into<Error>) {
        self.unreadable += 1;
        self.problem(format!("what `{name}` has can't be read"), error);
    }

    /// Adds something else that went wrong beside the payments: the run fails with it.
    pub fn problem(&mut self, what: impl Into<String>, error: impl Into<Error>) {
        self.problems.push((what.into(), error.into()));
    }

    /// Adds something for the end of the line.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The line of a run in which nothing is wrong.
    ///
    /// # Errors
    /// The worst that happened, with all that happened in its text. Undecided payments are worse than what was denied, that is
    /// worse than what failed, and that worse than what a later try may change.
    pub fn finish(mut self, words: Words) -> Result<String> {
        for (target, outcome) in &self.targets {
            if let Outcome::Failed(error) = outcome {
                self.problems.push((format!("`{}`", target.name), error.clone().into()));
            }
        }
        self.say();
        let line = self.line(words);
        match Error::of_all(&self.problems, &line) {
            Some(error) => Err(error),
            None => Ok(line),
        }
    }

    /// Says why targets in need got nothing.
    fn say(&self) {
        for (target, outcome) in &self.targets {
            let name = target.name.as_str();
            match outcome {
                Outcome::OverBudget(why) => warn!(target = name, "the policy says no: {why}"),
                Outcome::NotNeeded(why) => warn!(target = name, "in need, and not by the host's own reading: {why}"),
                Outcome::Short { missing, left } => {
                    let show = |amount| target.currency.show(amount);
                    warn!(target = name, "{} is missing, and the budget has {}", show(*missing), show(*left));
                }
                _ => {}
            }
        }
    }

    fn line(&self, words: Words) -> String {
        let all = self.targets.len() + self.unreadable;
        let sum = |amount: fn(&Outcome) -> Option<U256>| Sum::of(&self.targets, amount);
        let count = |is: fn(&Outcome) -> bool| self.targets.iter().filter(|(_, outcome)| is(outcome)).count();
        let paid = sum(|outcome| match outcome {
            Outcome::Paid { receipt, .. } => Some(receipt.amount),
            _ => None,
        });
        let mut parts = vec![match paid.count {
            0 => format!("{} of {all} {} have enough", count(|outcome| *outcome == Outcome::Enough), words.targets),
            count => format!("{} {paid} for {count} of {all} {}", words.did, words.targets),
        }];
        let would = sum(|outcome| if let Outcome::DryRun(amount) = outcome { Some(*amount) } else { None });
        if would.count > 0 {
            parts.push(format!("would {} {would} for {}", words.would, would.count));
        }
        for (count, what) in [
            (count(|outcome| matches!(outcome, Outcome::Paid { partial: true, .. })), "only in part"),
            (count(|outcome| *outcome == Outcome::Waiting), "paid in this period already"),
            (count(|outcome| matches!(outcome, Outcome::NotNeeded(_))), "not in need by the host's own reading"),
            (count(|outcome| matches!(outcome, Outcome::Short { .. })), "left out because the budget is short"),
            (count(|outcome| matches!(outcome, Outcome::OverBudget(_))), "refused by the policy"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        parts.extend(self.notes.iter().cloned());
        parts.join("; ")
    }
}

/// Amounts of several currencies together: `1.5 USDC and 20 USDT`.
struct Sum<'a> {
    count: usize,
    by_symbol: BTreeMap<&'a str, (&'a Currency, U256)>,
}

impl<'a> Sum<'a> {
    fn of(targets: &'a [(Target, Outcome)], amount: impl Fn(&Outcome) -> Option<U256>) -> Self {
        let mut sum = Self { count: 0, by_symbol: BTreeMap::new() };
        for (target, outcome) in targets {
            let Some(amount) = amount(outcome) else { continue };
            let (_, all) = sum.by_symbol.entry(&target.currency.symbol).or_insert((&target.currency, U256::ZERO));
            *all = all.saturating_add(amount);
            sum.count += 1;
        }
        sum
    }
}

impl std::fmt::Display for Sum<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: Vec<String> = self.by_symbol.values().map(|(currency, amount)| currency.show(*amount)).collect();
        f.write_str(&shown.join(" and "))
    }
}
