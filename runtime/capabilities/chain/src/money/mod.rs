//! The host's own reads where money is decided, and the broadcast. For the host alone: no grant leads here, and what plugins
//! may ask (`methods`) says nothing of it. Nothing here comes from a cache or is shared with jobs' reads; turns, time, pace,
//! standing of endpoints and telemetry are those of all reads.
//!
//! Whoever pays decides by one block: [`Money::head`], then reads at that header, then [`Money::still`]. What isn't known for
//! sure is an error, and an error decides nothing. Nothing here knows accounts, limits or the journal.

mod at;
mod estimate;
mod fees;
mod floor;
mod head;
mod pool;
mod receipt;
mod send;
mod used;
mod word;

use std::{fmt, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256};

pub use estimate::EstimateError;
pub use fees::Fees;
pub(crate) use floor::{Floor, Floors};
pub use receipt::Receipt;
pub use send::{SendAnswer, Sent};

use crate::{
    At, Header, ReadError, methods,
    named::NamedChain,
    read::{Block, Call, Read},
};
use at::ReadAt;
use head::ReadHead;
use receipt::ReadReceipt;
use word::ReadWord;

/// A chain as payments see it. Clones are the same chain. A read runs where it is awaited, which must not be where guests run.
#[derive(Clone)]
pub struct Money {
    chain: Arc<NamedChain>,
}

impl Money {
    pub(crate) fn new(chain: Arc<NamedChain>) -> Self {
        Self { chain }
    }

    /// What the operator calls the chain.
    pub fn name(&self) -> &str {
        &self.chain.name
    }

    /// The id that each endpoint has to answer before it is asked anything else.
    pub fn chain_id(&self) -> u64 {
        self.chain.chain_id
    }

    /// The newest block that enough endpoints agree on: as many as the chain's quorum, and two wherever there are two. All
    /// that is said of a block is agreed on, its time too. Never a block below one that this process saw before.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if too few endpoints agree, or stand at or above the newest block seen before.
    pub async fn head(&self) -> Result<Header, ReadError> {
        let floor = &self.chain.floor;
        // Another read may see a newer block while this one is under way; then one more try has to reach that.
        for _ in 0..2 {
            let head = self.agreed(&ReadHead { at: At::Latest, floor: floor.highest().unwrap_or(0) }).await?;
            if floor.raise(head.number) {
                return Ok(self.chain.stamped(head));
            }
        }
        Err(self.unclear("the newest block that endpoints agree on is older than one seen before"))
    }

    /// The block at a height, as enough endpoints agree.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`.
    pub async fn header(&self, number: u64) -> Result<Header, ReadError> {
        let header = self.agreed(&ReadHead { at: At::Number(number), floor: 0 }).await?;
        self.chain.floor.raise(number);
        Ok(self.chain.stamped(header))
    }

    /// Whether a block is still the one at its height. Asked last, it makes all reads at a header reads of one block.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if it was replaced, or if that can't be told.
    pub async fn still(&self, header: &Header) -> Result<(), ReadError> {
        let now = self.header(header.number).await?;
        if now.hash == header.hash {
            return Ok(());
        }
        Err(self.unclear(&format!("block {} was replaced meanwhile: {}, now {}", now.number, header.hash, now.hash)))
    }

    /// What an address holds of the chain's currency, in its smallest unit.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`.
    pub async fn balance(&self, at: &Header, of: Address) -> Result<U256, ReadError> {
        self.agreed(&ReadAt { block: block(at), method: methods::GET_BALANCE, of, decode: at::amount }).await
    }

    /// How many transactions of an address the chain has up to a block: the next nonce.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`.
    pub async fn transaction_count(&self, at: &Header, of: Address) -> Result<u64, ReadError> {
        self.agreed(&ReadAt { block: block(at), method: methods::GET_TRANSACTION_COUNT, of, decode: at::count }).await
    }

    /// The code at an address; empty where there is none.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`.
    pub async fn code(&self, at: &Header, of: Address) -> Result<Bytes, ReadError> {
        self.agreed(&ReadAt { block: block(at), method: methods::GET_CODE, of, decode: at::bytes }).await
    }

    /// What a contract answers to a call at a block: one word, as a number.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`; `Malformed` where enough endpoints agree that there is no code at `to`, that the call
    /// reverts, or that the answer has another length than 32 bytes: the text says which.
    pub async fn word(&self, at: &Header, to: Address, data: Bytes) -> Result<U256, ReadError> {
        let answer = self.agreed(&ReadWord { block: block(at), call: Call { to, data } }).await?;
        let what = format!("the call of {to} at block {}", at.number);
        answer.word().map_err(|problem| ReadError::Malformed(format!("chain \"{}\": {what}: {problem}", self.name())))
    }

    /// The receipt of a transaction that is in a block; none if no block has it. Enough endpoints have to agree that there is
    /// this one, or none. Where they differ, as some have seen a newer block than others, what counts is the newest block that
    /// [`Money::head`] told.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`: then it isn't known whether a block has it.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ReadError> {
        self.agreed(&ReadReceipt { hash, floor: self.chain.floor.highest(), up_to: None }).await
    }

    async fn agreed<R: Read>(&self, read: &R) -> Result<R::Answer, ReadError> {
        self.chain.agreed(read, self.enough()).await
    }

    /// How many endpoints have to say the same.
    fn enough(&self) -> usize {
        self.chain.quorum.max(self.chain.endpoints.len().min(2))
    }

    fn unclear(&self, problem: &str) -> ReadError {
        ReadError::Unavailable(format!("chain \"{}\": {problem}", self.name()))
    }
}

fn block(header: &Header) -> Block {
    Block { number: header.number, hash: header.hash }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Money").field(&self.chain.name).finish()
    }
}
