//! What was proved of an artifact, as small objects beside it. A mark counts by its name and by the store's time of it; what it holds
//! is for people.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use object_store::PutMode;
use serde_json::json;

use crate::{ArtifactPath, Store, StoreError, manifest::MANIFEST};

/// Something that was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// All that is stored was read back and is what was stored.
    Verified,
    /// Something was made to work of it.
    Restored,
}

/// A mark and when it was made, by the store's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// What was proved.
    pub mark: Mark,
    /// When.
    pub at: Timestamp,
}

/// Part `index` (from 0) of `of` parts of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    index: u32,
    of: u32,
}

impl Part {
    /// The most parts that an artifact is read in.
    pub const MOST: u32 = 999;
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Part `index`, from 0, of `of`; none where that is no part, or more than [`Part::MOST`] parts are asked for.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of && of <= Self::MOST).then_some(Self { index, of })
    }

    /// Its number, from 0.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Which of `count` blocks are in it. Each block is in exactly one of the parts.
    pub(crate) fn blocks(self, count: usize) -> std::ops::Range<usize> {
        let border = |part: u32| {
            let border = count as u128 * u128::from(part) / u128::from(self.of);
            usize::try_from(border).unwrap_or(count)
        };
        border(self.index)..border(self.index + 1)
    }

    /// The object that says that it was read.
    pub(crate) fn object(self) -> String {
        format!("mark.read.{:03}-of-{:03}", self.index, self.of)
    }

    /// What an object's name says was read.
    pub(crate) fn of_object(name: &str) -> Option<Self> {
        let (index, of) = name.strip_prefix("mark.read.")?.split_once("-of-")?;
        let part = Self::new(index.parse().ok()?, of.parse().ok()?)?;
        (part.object() == name).then_some(part)
    }
}

impl Mark {
    const ALL: [Self; 2] = [Self::Verified, Self::Restored];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Restored => "restored",
        }
    }

    pub(crate) fn object(self) -> &'static str {
        match self {
            Self::Verified => "mark.verified",
            Self::Restored => "mark.restored",
        }
    }

    pub(crate) fn of_object(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.object() == name)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mark {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|mark| mark.as_str() == text);
        found.ok_or_else(|| StoreError::Invalid("not a mark\nhint: marks are `verified` and `restored`".to_owned()))
    }
}

impl Store {
    /// Records what was proved of an artifact, over what was recorded before. `by` says who proved it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`], [`StoreError::Denied`].
    pub async fn mark(&self, path: &ArtifactPath, mark: Mark, by: &str) -> Result<(), StoreError> {
        let manifest = self.backend.find(&path.object(MANIFEST)).await?;
        if manifest.is_none() {
            return Err(StoreError::NotFound { store: self.backend.name().to_owned(), path: path.clone() });
        }
        self.write_mark(path, mark.object(), by).await
    }

    pub(crate) async fn write_mark(&self, path: &ArtifactPath, object: &str, by: &str) -> Result<(), StoreError> {
        let text = format!("{}\n", json!({ "at": Timestamp::now(), "by": by }));
        self.backend.put(&path.object(object), text.into(), PutMode::Overwrite).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_is_in_exactly_one_part() {
        for count in [0, 1, 2, 3, 7, 29, 30, 31, 1000] {
            for of in [1, 2, 3, 7, 30, 999] {
                let mut next = 0;
                for index in 0..of {
                    let blocks = Part::new(index, of).unwrap().blocks(count);
                    assert_eq!(blocks.start, next, "part {index} of {of} of {count} blocks");
                    next = blocks.end;
                }
                assert_eq!(next, count, "{of} parts of {count} blocks");
            }
        }
    }

    #[test]
    fn objects_of_marks_read_as_they_are_written() {
        let part = Part::new(4, 30).unwrap();
        assert_eq!(part.object(), "mark.read.004-of-030");
        assert_eq!(Part::of_object("mark.read.004-of-030"), Some(part));
        for bad in ["mark.read.4-of-30", "mark.read.030-of-030", "mark.read.+04-of-030", "mark.read.", "mark.verified"]
        {
            assert_eq!(Part::of_object(bad), None, "{bad}");
        }
        assert_eq!(Part::new(0, 0), None);
        assert_eq!(Mark::of_object("mark.verified"), Some(Mark::Verified));
        assert_eq!(Mark::of_object("mark.verified2"), None);
    }
}
