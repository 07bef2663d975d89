//! When blocks were, and which blocks a span of time has.

use serde::{Deserialize, Serialize};

use super::{Block, Chain, Error};

/// A block and its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The block's number.
    pub block: u64,
    /// Its own time, in seconds since the Unix epoch.
    pub timestamp: u64,
}

/// Where the blocks of a span of time begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begin {
    /// The first block.
    pub first: u64,
    /// All blocks since this time, in seconds since the Unix epoch, are from the first one on.
    pub since: u64,
}

impl Chain {
    /// A block's own time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn moment(&self, block: u64) -> Result<Moment, Error> {
        Ok(Moment { block, timestamp: self.header(Block::Number(block)).await?.timestamp })
    }

    /// The first block of a time, in seconds since the Unix epoch, or later; but at most so many blocks up to `last`. Reads as many
    /// headers as halving the range takes.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin(&self, time: u64, last: Moment, most_blocks: u64) -> Result<Begin, Error> {
        let lowest = (last.block + 1).saturating_sub(most_blocks);
        let (mut low, mut high) = (lowest, last.block);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.moment(middle).await?.timestamp >= time {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let since = match low.checked_sub(1) {
            None => 0,
            // Nobody looked whether earlier blocks are of that time, too.
            Some(before) if low == lowest => self.moment(before).await?.timestamp + 1,
            Some(_) => time,
        };
        Ok(Begin { first: low, since })
    }
}
