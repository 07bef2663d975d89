//! Payments: what was asked, where each stands, and what a chain has of it. Signed bytes are money and never stand here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchkeeper_model::{AccountName, JobName, PaymentState, RunId};

use super::{Amount, Limit, Text, words};

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentSummary {
    /// Its number; later ones are larger.
    pub id: u64,
    /// Who pays.
    #[schema(value_type = words::AccountName)]
    pub account: AccountName,
    /// The id of the chain that it is paid on.
    pub chain_id: u64,
    /// Who asked for it.
    #[schema(value_type = words::JobName)]
    pub job: JobName,
    /// In which run. Runs are not kept for as long as payments are.
    #[schema(value_type = words::RunId)]
    pub run: RunId,
    /// What the job calls it: the same key never pays twice.
    pub key: Text,
    /// Where it stands.
    #[schema(value_type = words::PaymentState)]
    pub state: PaymentState,
    /// Why its fate can't be told for now; null while it can.
    pub undecided: Option<Undecided>,
    /// Why it was refused, reverted or abandoned; null otherwise.
    pub reason: Option<Text>,
    /// The symbol of the currency or token.
    pub asset: Text,
    /// Whom it is for: the recipient, and of a call the function and its arguments.
    pub target: Text,
    /// How much the job asked for.
    pub asked: Amount,
    /// How much is paid, which may be less; null before that is decided, and after a refusal.
    pub amount: Option<Amount>,
    /// What the transaction in the block cost; null where none is in one.
    pub fee: Option<Amount>,
    /// The hash of the transaction in the block, else of the last that was signed; null where none was.
    pub transaction: Option<Text>,
    /// The block's number; null where no block has it.
    pub block: Option<u64>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When its state changed last.
    pub changed: Timestamp,
}

/// That a payment's fate can't be told for now. No other payment to its target begins meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Undecided {
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub why: Text,
}

/// Everything about one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentDetail {
    /// The same as in lists.
    pub payment: PaymentSummary,
    /// When this was put together.
    pub now: Timestamp,
    /// The address that pays.
    pub address: Text,
    /// What was decided; null before, and after a refusal.
    pub reserved: Option<ReservedInfo>,
    /// What was signed, the first one first: each takes the place of the one before. All have one nonce.
    pub transactions: Vec<TransactionInfo>,
}

/// What was decided to be paid, before it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReservedInfo {
    /// When, by the journal's own time.
    pub at: Timestamp,
    /// The transaction's recipient.
    pub to: Text,
    /// The transaction's value.
    pub value: Amount,
    /// The transaction's data, as `0x` and digits.
    pub data: Text,
    /// The most that its fee may be.
    pub max_fee: Amount,
    /// The block at which was read what justifies it.
    pub block: u64,
    /// What was read.
    pub reason: Text,
}

/// A transaction that was signed for a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionInfo {
    /// Its hash.
    pub hash: Text,
    /// Which of the account's it is.
    pub nonce: u64,
    /// When it was signed.
    pub signed: Timestamp,
    /// The most that a unit of gas may cost, in the chain's smallest unit, as digits.
    #[schema(pattern = "^[0-9]+$")]
    pub max_fee_per_gas: Text,
    /// Of that, what the block's maker gets.
    #[schema(pattern = "^[0-9]+$")]
    pub priority_fee_per_gas: Text,
    /// The most units of gas.
    pub gas_limit: u64,
    /// The block that has it; null where none has.
    pub included: Option<InclusionInfo>,
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InclusionInfo {
    /// The block's number.
    pub block: u64,
    /// The block's hash.
    pub block_hash: Text,
    /// Whether it did what it should; false where it reverted.
    pub success: bool,
    /// What it cost.
    pub fee: Amount,
}

/// Which payments to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentQuery {
    /// Of this account only.
    #[param(value_type = Option<words::AccountName>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// Asked for by this job only.
    #[param(value_type = Option<words::JobName>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobName>,
    /// Asked for in this run only.
    #[param(value_type = Option<words::RunId>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// In this state only.
    #[param(value_type = Option<words::PaymentState>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PaymentState>,
    /// The page that begins where another one says `next`: those with a smaller number than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// The most payments of one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// Some payments, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentPage {
    /// The payments.
    pub payments: Vec<PaymentSummary>,
    /// The `before` to ask for next. None at the end.
    pub next: Option<u64>,
}
