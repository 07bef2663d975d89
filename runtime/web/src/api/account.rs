//! Accounts that payments are made from, how they are, and whether anything is paid at all.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchkeeper_model::{AccountName, Digest, JobName};

use super::{Amount, PaymentSummary, Text, words};

/// All accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Treasury {
    /// When this was put together.
    pub now: Timestamp,
    /// Who stopped all payments; none if nobody did.
    pub stopped: Option<PaymentsStop>,
    /// The accounts, by name.
    pub accounts: Vec<AccountInfo>,
}

/// That all payments are stopped. What was signed before is still followed to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentsStop {
    /// Since when; null where only a file says so.
    pub since: Option<Timestamp>,
    /// Who did it; `file` where a file does.
    pub by: Text,
    /// Why, or where the file is.
    pub note: Option<Text>,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountInfo {
    /// Its name.
    #[schema(value_type = words::AccountName)]
    pub name: AccountName,
    /// The chain's name.
    pub chain: Text,
    /// The chain's id.
    pub chain_id: u64,
    /// `0x` and 40 digits; null where the signer didn't tell it yet.
    pub address: Option<Text>,
    /// What signs: `keystore`, `aws_kms` or `web3signer`.
    pub signer: Text,
    /// What it held when it was read last; null before the first time, and once that is too old.
    pub balance: Option<Amount>,
    /// At which block that was.
    pub balance_block: Option<u64>,
    /// When that was.
    pub balance_read: Option<Timestamp>,
    /// What its caps leave. A window without a cap is left out.
    pub budgets: Vec<BudgetInfo>,
    /// Payments that count against the caps and have no end yet.
    pub in_flight: u64,
    /// Why it pays nothing, and after `hint: ` on a line of its own what to do; null while it pays.
    pub stopped: Option<Text>,
    /// What the chain shows beyond the journal; null where nothing is.
    pub unexplained: Option<Text>,
    /// Components that have no right to pay until somebody approves them.
    pub unapproved: Vec<UnapprovedInfo>,
    /// Payments whose fate can't be told for now, the oldest first, 50 at most.
    pub undecided: Vec<PaymentSummary>,
}

impl AccountInfo {
    /// Whether somebody has to look at it.
    pub fn is_wrong(&self) -> bool {
        let problem = self.stopped.is_some() || self.unexplained.is_some();
        problem || !self.unapproved.is_empty() || !self.undecided.is_empty()
    }
}

/// What a cap leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetInfo {
    /// The symbol of the currency or token.
    pub asset: Text,
    /// Over which time.
    #[schema(value_type = words::Window)]
    pub window: Text,
    /// What may still be spent.
    pub left: Amount,
    /// The cap.
    pub limit: Amount,
}

/// A component that may not pay yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnapprovedInfo {
    /// The job that runs it.
    #[schema(value_type = words::JobName)]
    pub job: JobName,
    /// Its bytes.
    #[schema(value_type = words::Digest)]
    pub digest: Digest,
}

/// The body of `approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovePayments {
    /// Which job may pay.
    #[schema(value_type = words::JobName)]
    pub job: JobName,
    /// With which component.
    #[schema(value_type = words::Digest)]
    pub digest: Digest,
    /// Why, for the ledger.
    #[schema(max_length = 500)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
