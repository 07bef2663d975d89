//! Events counted exactly once: a range of settled blocks that goes on from run to run, its cursor in the job's state.
//!
//! A block counts as settled once it is `depth` blocks behind the head. Counters are built from settled blocks only, because a
//! counter can't take back what a reorganisation takes away; gauges may also use [`Scan::recent`]. The cursor is kept by
//! [`Scan::save`], which the host settles together with the run's samples: a run that fails, or is killed, counts nothing and is
//! made up for by the next.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::{Block, Chain, Error, Filter, Header, Log};
use crate::{Result, state, warn};

/// Blocks that the first chunk covers.
const FIRST_STEP: u64 = 512;
/// Blocks that a chunk covers at most.
const MOST_STEP: u64 = 16_384;
/// Events that a chunk should have about, so that it takes little memory.
const AIM: usize = 2_000;
/// Events after which a run takes no further chunk: the host bounds what it hands to a run.
const MOST_EVENTS: usize = 50_000;

/// Where the very first scan begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// So many blocks before the first block that is not settled yet.
    Ago(u64),
    /// At this block.
    Block(u64),
    /// After the head that the first run sees.
    Head,
}

/// A scan to be opened; made by [`Chain::scan`].
#[derive(Debug, Clone)]
pub struct ScanBuilder {
    chain: Chain,
    key: String,
    filter: Filter,
    depth: u64,
    first: First,
    most_blocks: u64,
    anew: bool,
}

/// A scan in one run.
#[derive(Debug)]
pub struct Scan {
    chain: Chain,
    key: String,
    filter: Filter,
    head: Header,
    /// The last settled block; none on a chain that is shorter than the depth.
    settled: Option<u64>,
    cursor: Cursor,
    step: u64,
    blocks_left: u64,
    events_left: usize,
    reorganised: bool,
}

/// Settled blocks, and the events in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The first block.
    pub from: u64,
    /// The last block, included.
    pub to: u64,
    /// In the order of the chain.
    pub logs: Vec<Log>,
}

/// What the job remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// The first block that was ever covered.
    first: u64,
    /// The next block to cover.
    next: u64,
    /// The hash of the block before `next`, once that was counted.
    last: Option<B256>,
}

impl Chain {
    /// Prepares a scan for the events that match `filter`, whose range of blocks is ignored. Its cursor is kept in the job's state
    /// under a key made of `key`: a scan of other events wants another key, or it goes on where these stand. Goes 12 blocks
    /// behind the head, begins after it, and covers at most 50,000 blocks a run, unless told.
    pub fn scan(&self, key: &str, filter: Filter) -> ScanBuilder {
        ScanBuilder {
            chain: self.clone(),
            key: format!("scan/{}/{key}", self.name()),
            filter,
            depth: 12,
            first: First::Head,
            most_blocks: 50_000,
            anew: false,
        }
    }
}

impl ScanBuilder {
    /// Blocks behind the head that count as settled; 0 counts up to the head.
    #[must_use]
    pub fn depth(self, depth: u64) -> Self {
        Self { depth, ..self }
    }

    /// Where the very first scan begins; later ones go on.
    #[must_use]
    pub fn first(self, first: First) -> Self {
        Self { first, ..self }
    }

    /// The most blocks that this run covers; what is left is left to the next.
    #[must_use]
    pub fn most_blocks(self, most_blocks: u64) -> Self {
        Self { most_blocks, ..self }
    }

    /// Whether this scan forgets where it stood and begins as the very first one does: for what can be made again from events,
    /// as sums over a window.
    #[must_use]
    pub fn anew(self, anew: bool) -> Self {
        Self { anew, ..self }
    }

    /// Reads the head and finds where to go on.
    ///
    /// # Errors
    /// The head or the state can't be read.
    pub async fn open(self) -> Result<Scan> {
        let head = self.chain.header(Block::Latest).await?;
        let settled = head.number.checked_sub(self.depth);
        let known: Option<Cursor> = if self.anew { None } else { state::get(&self.key).await? };
        let cursor = known.unwrap_or_else(|| self.first.cursor(&head, settled));
        let mut scan = Scan {
            chain: self.chain,
            key: self.key,
            filter: self.filter,
            head,
            settled,
            cursor,
            step: FIRST_STEP,
            blocks_left: self.most_blocks,
            events_left: MOST_EVENTS,
            reorganised: false,
        };
        if known.is_some() {
            scan.check().await?;
        }
        Ok(scan)
    }
}

impl Scan {
    /// The newest block that this run knows.
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// The first block that this scan ever covered or will cover: since when its counts count.
    pub fn first_block(&self) -> u64 {
        self.cursor.first
    }

    /// The last block that is counted; none before the first.
    pub fn settled(&self) -> Option<u64> {
        (self.cursor.next > self.cursor.first).then(|| self.cursor.next - 1)
    }

    /// Settled blocks that are not counted yet.
    pub fn left(&self) -> u64 {
        self.settled.map_or(0, |settled| (settled + 1).saturating_sub(self.cursor.next))
    }

    /// Whether the block counted last is no longer canonical: a reorganisation deeper than `depth`, or a chain that began anew.
    /// Counters keep what they have.
    pub fn reorganised(&self) -> bool {
        self.reorganised
    }

    /// The next settled blocks; none once all are counted, or this run has had its share.
    ///
    /// # Errors
    /// The events can't be read. What came before may be counted and saved all the same.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Error> {
        let blocks = self.left().min(self.blocks_left);
        if blocks == 0 || self.events_left == 0 {
            return Ok(None);
        }
        let from = self.cursor.next;
        loop {
            let to = from + blocks.min(self.step) - 1;
            match self.events(from, to).await {
                Ok(logs) => return self.took(Chunk { from, to, logs }).await.map(Some),
                // The host splits a range for its endpoints, and gives up where all of it together is too much.
                Err(Error::Malformed(_) | Error::Rpc { .. }) if from < to => self.step = (to - from).div_ceil(2),
                Err(error) => return Err(error),
            }
        }
    }

    /// The events after the last settled block, up to the head: a reorganisation may take them back, so they are for gauges.
    ///
    /// # Errors
    /// The events can't be read.
    pub async fn recent(&self) -> Result<Vec<Log>, Error> {
        let from = self.settled.map_or(0, |settled| settled + 1);
        if from > self.head.number {
            return Ok(Vec::new());
        }
        self.events(from, self.head.number).await
    }

    /// Keeps how far the scan is, if the run succeeds.
    ///
    /// # Errors
    /// The state can't be written.
    pub async fn save(self) -> Result<()> {
        Ok(state::set(&self.key, &self.cursor).await?)
    }

    async fn events(&self, from: u64, to: u64) -> Result<Vec<Log>, Error> {
        self.chain.logs(Filter { from_block: from, to_block: to, ..self.filter.clone() }).await
    }

    async fn took(&mut self, chunk: Chunk) -> Result<Chunk, Error> {
        let last = if chunk.to == self.head.number {
            self.head.clone()
        } else {
            self.chain.header(Block::Number(chunk.to)).await?
        };
        if chunk.logs.iter().any(|log| log.block_number == chunk.to && log.block_hash != last.hash) {
            let message = format!("block {} of chain `{}` was replaced while it was read", chunk.to, self.chain.name());
            return Err(Error::Unavailable(message));
        }
        self.cursor = Cursor { next: chunk.to + 1, last: Some(last.hash), ..self.cursor };
        self.blocks_left -= chunk.to - chunk.from + 1;
        self.events_left = self.events_left.saturating_sub(chunk.logs.len());
        self.step = match chunk.logs.len() {
            few if few < AIM / 2 => (self.step * 2).min(MOST_STEP),
            many if many > AIM => (self.step / 2).max(1),
            _ => self.step,
        };
        Ok(chunk)
    }

    /// Whether the chain still is the one that was counted.
    async fn check(&mut self) -> Result<()> {
        let (Some(last), Some(number)) = (self.cursor.last, self.cursor.next.checked_sub(1)) else { return Ok(()) };
        if number > self.head.number {
            // A node that is behind, or a chain that began anew: the latter shows once it is as long.
            let chain = self.chain.name();
            warn!(chain = chain, "counted up to block {number}, and the node that answers is at {}", self.head.number);
            return Ok(());
        }
        let now = self.chain.header(Block::Number(number)).await?;
        if now.hash == last {
            return Ok(());
        }
        self.reorganised = true;
        self.cursor.last = Some(now.hash);
        warn!(
            chain = self.chain.name(),
            "block {number}, counted last, was replaced: what was counted before stays counted"
        );
        Ok(())
    }
}

impl First {
    fn cursor(self, head: &Header, settled: Option<u64>) -> Cursor {
        let unsettled = settled.map_or(0, |settled| settled + 1);
        match self {
            Self::Ago(blocks) => Cursor::at(unsettled.saturating_sub(blocks)),
            Self::Block(number) => Cursor::at(number),
            Self::Head => Cursor::at(head.number + 1),
        }
    }
}

impl Cursor {
    fn at(number: u64) -> Self {
        Self { first: number, next: number, last: None }
    }
}

#[cfg(test)]
mod tests;
