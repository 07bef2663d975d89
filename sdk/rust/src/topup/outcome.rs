//! What came of each target in a run.

use alloy_primitives::U256;

use crate::wallet::{Error, Receipt};

/// What came of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has enough.
    Enough,
    /// It was paid in this run.
    Paid {
        /// What the host says of the payment.
        receipt: Receipt,
        /// Whether the budget left it short of its level.
        partial: bool,
    },
    /// It is in need and was paid in this period already, or its key is used up: it waits for the next period.
    Waiting,
    /// The host's own reading says that it isn't in need.
    NotNeeded(String),
    /// So much would have been paid.
    DryRun(U256),
    /// What is missing is more than the budget has.
    Short {
        /// What is missing.
        missing: U256,
        /// What the budget has for one payment.
        left: U256,
    },
    /// The host's policy said no.
    OverBudget(String),
    /// Nothing is known to have been paid, and something is wrong: the run fails once the others were served.
    Failed(Error),
}

impl Outcome {
    /// What came of a payment that was asked for.
    pub(super) fn of(answer: Result<Receipt, Error>, asked: U256, partial: bool) -> Self {
        match answer {
            Ok(receipt) => Self::Paid { receipt, partial },
            Err(Error::NotNeeded(why)) => Self::NotNeeded(why),
            Err(Error::DryRun(_)) => Self::DryRun(asked),
            Err(Error::OverBudget(why)) => Self::OverBudget(why),
            Err(error) => Self::Failed(error),
        }
    }

    /// The value of the label `outcome`; none where nothing was wanted.
    pub fn label(&self) -> Option<&'static str> {
        Some(match self {
            Self::Enough => return None,
            Self::Paid { .. } => PAID,
            Self::Waiting => "waiting",
            Self::NotNeeded(_) => "not_needed",
            Self::DryRun(_) => "dry_run",
            Self::Short { .. } => SHORT,
            Self::OverBudget(_) => OVER_BUDGET,
            Self::Failed(error) => error.kind(),
        })
    }
}

pub(super) const PAID: &str = "paid";
pub(super) const SHORT: &str = "budget_short";
pub(super) const OVER_BUDGET: &str = "over_budget";

/// The outcomes that every target has a series of from the start.
pub(super) const FROM_THE_START: [&str; 8] =
    [PAID, "waiting", "not_needed", "dry_run", SHORT, OVER_BUDGET, "reverted", "abandoned"];
