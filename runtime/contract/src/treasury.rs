//! Accounts as people see and steer them: what a capability that pays tells of them, and what an operator may tell it.
//! How a payment is made is the capability's own.

use async_trait::async_trait;
use jiff::Timestamp;
use watchkeeper_model::{AccountName, Digest, JobName, Window};

/// The accounts of a configuration.
#[async_trait]
pub trait Treasury: Send + Sync {
    /// How each is, in the order of their names. Asks nothing of a chain: what was read last is told, with its block.
    ///
    /// # Errors
    /// The ledger doesn't answer.
    async fn accounts(&self) -> Result<Vec<AccountHealth>, TreasuryError>;

    /// Who stopped all payments, if somebody did.
    async fn stopped(&self) -> Result<Option<PaymentsStop>, TreasuryError>;

    /// Stops all payments at once, or lets them go on. What is signed already is still followed to its end.
    ///
    /// # Errors
    /// The ledger doesn't take it. `resume` also while the file that stops payments is there.
    async fn stop(&self, stop: bool, by: &str, note: &str, at: Timestamp) -> Result<(), TreasuryError>;

    /// Lets a job pay with the component that it has now. Returns its digest.
    ///
    /// # Errors
    /// There is no such account, or no such job asked for it.
    async fn approve(
        &self,
        account: &AccountName,
        job: &JobName,
        digest: Digest,
        by: &str,
        at: Timestamp,
    ) -> Result<(), TreasuryError>;

    /// Takes all transactions that the chain has of this account for known: the journal goes on after them.
    /// Returns the next nonce.
    ///
    /// # Errors
    /// There is no such account, its chain doesn't answer, or payments are in flight.
    async fn adopt(&self, account: &AccountName, by: &str, at: Timestamp) -> Result<u64, TreasuryError>;
}

/// Why something can't be done. Each text is for people, with a `hint:` where there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreasuryError {
    /// No such account or job.
    #[error("{0}")]
    Unknown(String),
    /// It contradicts how things are.
    #[error("{0}")]
    Conflict(String),
    /// Ledger or chain don't answer.
    #[error("{0}")]
    Unavailable(String),
}

/// That all payments are stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentsStop {
    /// Since when; none where only a file says so.
    pub since: Option<Timestamp>,
    /// Who; `file` where the file does it.
    pub by: String,
    /// Why, or where the file is.
    pub note: String,
}

/// An account as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountHealth {
    /// Its name in the configuration.
    pub name: AccountName,
    /// Its chain's name.
    pub chain: String,
    /// Its chain's id.
    pub chain_id: u64,
    /// `0x` and 40 digits, with EIP-55's capitals; none where the signer didn't tell it yet.
    pub address: Option<String>,
    /// Who signs: `keystore`, `aws_kms` or `web3signer`.
    pub signer: &'static str,
    /// The chain's currency, as the operator called it.
    pub symbol: String,
    /// What it pays in: symbol and decimals of the currency, then of each token.
    pub assets: Vec<(String, u8)>,
    /// What it holds, as `1.25 USDC`; none before the first reading, and once that is too old.
    pub balance: Option<String>,
    /// At which block that was.
    pub block: Option<u64>,
    /// When that was.
    pub read_at: Option<Timestamp>,
    /// What may still be spent, by asset and window; windows without a cap are left out.
    pub budgets: Vec<BudgetLeft>,
    /// Payments that are reserved, signed, broadcast or included.
    pub in_flight: u64,
    /// Why it pays nothing, if it doesn't, with a `hint:`.
    pub stopped: Option<String>,
    /// What the chain shows beyond the journal, if anything.
    pub unexplained: Option<String>,
    /// Jobs whose component has no right to pay until somebody approves it.
    pub unapproved: Vec<(JobName, Digest)>,
}

/// What a cap leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetLeft {
    /// The symbol of the currency or token.
    pub asset: String,
    /// Over which time.
    pub window: Window,
    /// As `1.25 USDC`.
    pub left: String,
    /// The cap, likewise.
    pub limit: String,
}
