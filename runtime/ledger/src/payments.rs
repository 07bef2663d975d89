//! What the journal of payments takes and tells, as plain data. What each step means, and in which order they may come, is
//! in `book/payments`.

use alloy_primitives::{Address, B256, Bytes, U256};
use jiff::Timestamp;
use watchkeeper_model::{AccountName, Digest, JobName, PaymentState, RunId, Window};

/// A payment's number, in the order in which payments were intended.
pub type PaymentId = u64;

/// An account on a chain, by what can't be renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sender {
    /// The chain's id.
    pub chain_id: u64,
    /// The account's address.
    pub address: Address,
}

/// What a job asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The account's name.
    pub account: AccountName,
    /// Who will pay.
    pub sender: Sender,
    /// Who asks.
    pub job: JobName,
    /// In which run.
    pub run: RunId,
    /// Names the effect within account and job.
    pub key: String,
    /// SHA-256 of what was asked: recipient, value and data. The same key with another content is a conflict.
    pub content: Digest,
    /// What is paid in: the symbol of the chain's currency or of a token.
    pub asset: String,
    /// Whom it is for, as text that names recipient, function and pinned arguments: two payments to one target never overlap.
    pub target: String,
    /// How much was asked, in the asset's smallest unit.
    pub asked: U256,
    /// When.
    pub at: Timestamp,
}

/// What became of an [`Intent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intended {
    /// It is recorded; the next step is a reservation.
    New(Payment),
    /// The key was there with the same content.
    Known(Payment),
    /// The key was there with another content.
    Conflict(Payment),
}

/// What is to be counted against the caps, and the caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The transaction's recipient.
    pub to: Address,
    /// The transaction's value, in the chain's smallest unit.
    pub value: U256,
    /// The transaction's data.
    pub data: Bytes,
    /// What counts, in the asset's smallest unit.
    pub amount: U256,
    /// The most that its fee may be, in the chain's smallest unit.
    pub max_fee: U256,
    /// The block at which the host read what justifies it. One below the highest that the sender's journal knows is refused.
    pub block: u64,
    /// What the host read, for people.
    pub reason: String,
    /// Caps over windows; each holds for the payments of the sender in this asset, or for those of them that this job asked.
    pub caps: Vec<Cap>,
    /// The least time since the last reservation for the same target that wasn't given back.
    pub min_interval: jiff::SignedDuration,
    /// The time by all the clocks that the caller has. The journal's own time never goes back.
    pub now: Timestamp,
}

/// The most that may be spent in a window; of [`Window::Payment`], by this payment alone. A limit of zero lets nothing
/// through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Whether it holds for this job's payments only.
    pub of_job: bool,
    /// Over which time.
    pub window: Window,
    /// How much, in the asset's smallest unit.
    pub limit: U256,
}

/// Why nothing was reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// Somebody stopped all payments.
    #[error("all payments were stopped by {by}: {note}")]
    Stopped {
        /// Who.
        by: String,
        /// Why.
        note: String,
    },
    /// It isn't waiting for a reservation.
    #[error("the payment is {0}, and waits for no reservation")]
    NotIntended(PaymentState),
    /// Another payment to this target has no end yet.
    #[error("payment {other} to the same target is {state}")]
    InFlight {
        /// Which.
        other: PaymentId,
        /// Where it stands.
        state: PaymentState,
    },
    /// The last one to this target was too lately.
    #[error("the last payment to the same target was at {last}; the next may be at {next}")]
    TooSoon {
        /// When that was reserved.
        last: Timestamp,
        /// When the next may be.
        next: Timestamp,
    },
    /// A cap is reached.
    #[error("the cap over {window} leaves {left} of {limit}")]
    OverCap {
        /// Whether it is the job's.
        of_job: bool,
        /// Over which time.
        window: Window,
        /// What it leaves.
        left: U256,
        /// The cap.
        limit: U256,
    },
    /// What justifies it was read at a block older than one that was seen before.
    #[error("block {block} is older than block {seen}, which was seen before")]
    OldBlock {
        /// Where it was read.
        block: u64,
        /// What was seen.
        seen: u64,
    },
}

/// A payment as the journal has it; its signed bytes are told apart, by [`crate::Ledger::payment_transactions`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its number.
    pub id: PaymentId,
    /// What was asked.
    pub intent: Intent,
    /// Where it stands.
    pub state: PaymentState,
    /// When that changed last.
    pub changed: Timestamp,
    /// Why it was refused, reverted or abandoned; none otherwise.
    pub reason: Option<String>,
    /// Why its fate can't be told for now, and since when.
    pub undecided: Option<(Timestamp, String)>,
    /// What was reserved; none before, and after a refusal.
    pub reserved: Option<Reserved>,
    /// Its nonce, once signed.
    pub nonce: Option<u64>,
    /// The transaction that is in a block.
    pub included: Option<Inclusion>,
    /// How many transactions were signed for it: each after the first replaces the one before.
    pub transactions: u32,
    /// The hash of the last of them.
    pub hash: Option<B256>,
}

/// What a payment's reservation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// By the journal's own time.
    pub at: Timestamp,
    /// The transaction's recipient.
    pub to: Address,
    /// The transaction's value.
    pub value: U256,
    /// The transaction's data.
    pub data: Bytes,
    /// What counts against the caps, in the asset's smallest unit.
    pub amount: U256,
    /// The most that its fee may be.
    pub max_fee: U256,
    /// The block at which the host read what justifies it.
    pub block: u64,
    /// What the host read, for people.
    pub reason: String,
}

/// A transaction in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inclusion {
    /// Which of the payment's transactions.
    pub hash: B256,
    /// The block's number.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// Whether it did what it should.
    pub success: bool,
    /// What it cost, in the chain's smallest unit.
    pub fee: U256,
}

/// A signed transaction. Its bytes are money: they never leave ledger and endpoints.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Which of the sender's.
    pub nonce: u64,
    /// Its hash.
    pub hash: B256,
    /// What a node is sent.
    pub raw: Bytes,
    /// The most that a unit of gas may cost, in the chain's smallest unit.
    pub max_fee_per_gas: U256,
    /// Of that, what the block's maker gets; the whole where the chain knows only one price.
    pub priority_fee_per_gas: U256,
    /// The most units of gas.
    pub gas_limit: u64,
    /// When it was signed.
    pub at: Timestamp,
}

impl std::fmt::Debug for SignedTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedTransaction")
            .field("nonce", &self.nonce)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// What happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentEvent {
    /// From `Intended` or `Reserved`: nothing was signed, and its reservation is given back.
    Refused {
        /// Why.
        reason: String,
    },
    /// From `Signed`: a node was handed its bytes. Later it changes nothing.
    Broadcast,
    /// From `Signed`, `Broadcast` or `Included`: a block has it.
    Included(Inclusion),
    /// From `Included`: no block has it any more. It is `Broadcast` again.
    Uncovered,
    /// From `Included`: the block is deep enough. It is `Confirmed` or `Reverted`, as the inclusion says; a reverted amount is
    /// given back.
    Settled {
        /// Why it reverted, where it did.
        reason: Option<String>,
    },
    /// From `Signed` or `Broadcast`: another transaction has provably used its nonce; its reservation is given back.
    Abandoned {
        /// The proof, for people.
        reason: String,
    },
    /// From any state that isn't final: its fate can't be told for now, or can be again with none. Its state stays; a block
    /// that has it and an end of it take the note away.
    Undecided(Option<String>),
}

impl PaymentEvent {
    /// What it makes of a payment, for people: `refused`, `broadcast` …
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Broadcast => "broadcast",
            Self::Included(_) => "included",
            Self::Uncovered => "uncovered",
            Self::Settled { .. } => "settled",
            Self::Abandoned { .. } => "abandoned",
            Self::Undecided(_) => "undecided",
        }
    }
}

/// Which payments to tell of, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// Of this account.
    pub account: Option<AccountName>,
    /// Asked by this job.
    pub job: Option<JobName>,
    /// Asked in this run.
    pub run: Option<RunId>,
    /// In this state.
    pub state: Option<PaymentState>,
    /// Numbered below this.
    pub before: Option<PaymentId>,
    /// At most so many, and never more than [`crate::MAX_ROWS`].
    pub limit: usize,
}

/// What was spent and is reserved, in an asset's smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// In the last 24 hours.
    pub day: U256,
    /// In the last 7 days.
    pub week: U256,
    /// Ever.
    pub lifetime: U256,
}

impl Spent {
    /// What counts over a window; nothing yet where it is one payment's.
    pub const fn over(&self, window: Window) -> U256 {
        match window {
            Window::Payment => U256::ZERO,
            Window::Day => self.day,
            Window::Week => self.week,
            Window::Lifetime => self.lifetime,
        }
    }
}

/// What the journal knows of a sender as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderRecord {
    /// The nonce that the next payment gets: one more than the last that was signed, or what an operator adopted.
    pub next_nonce: u64,
    /// The highest block at which the host read for it.
    pub highest_block: u64,
    /// The journal's own time: the latest that a reservation brought; 1970 before the first.
    pub time: Timestamp,
    /// How many payments of it are in flight.
    pub in_flight: u64,
    /// How many of its nonces others used in the place of its payments, since an operator last adopted a nonce.
    pub overtaken: u64,
}

/// How many payments of a job from an account are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentTotal {
    /// The account.
    pub account: AccountName,
    /// The job.
    pub job: JobName,
    /// What they are paid in.
    pub asset: String,
    /// Where they stand.
    pub state: PaymentState,
    /// How many.
    pub count: u64,
    /// What is or was reserved for them, in the asset's smallest unit; nothing while they are intended, and of refused ones.
    pub amount: U256,
}

/// Where the books were last balanced against the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balanced {
    /// At this block,
    pub block: u64,
    /// the account held this, in the chain's smallest unit.
    pub balance: U256,
}

/// Who may pay with which component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The account.
    pub account: AccountName,
    /// The job.
    pub job: JobName,
    /// The component.
    pub digest: Digest,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The component that asked last for a right to pay that it didn't have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedApproval {
    /// The account.
    pub account: AccountName,
    /// The job.
    pub job: JobName,
    /// The component.
    pub digest: Digest,
    /// When it asked.
    pub at: Timestamp,
}

/// That all payments are stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedPayments {
    /// Who did it.
    pub by: String,
    /// Why.
    pub note: String,
    /// When.
    pub at: Timestamp,
}
