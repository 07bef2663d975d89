//! Sizes in a job's config, and which size a backup usually has: pure.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::show_bytes;
use crate::artifacts::Artifact;

/// A size as operators write it: a number and a unit, as in "64MiB"; "0B" for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Size(u64);

const UNITS: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Size {
    /// So many bytes.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let problem = || {
            format!("{text:?} is no size\nhint: write a number and a unit (B, KiB, MiB, GiB or TiB), such as \"64MiB\"")
        };
        let (digits, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(problem)?);
        let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(problem)?;
        let count: u64 = digits.parse().map_err(|_| problem())?;
        count.checked_mul(unit).map(Self).ok_or_else(problem)
    }
}

impl From<Size> for String {
    fn from(Size(bytes): Size) -> Self {
        let unit = UNITS.into_iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
        let (name, unit) = unit.unwrap_or(("B", 1));
        format!("{}{name}", bytes / unit)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&show_bytes(self.0))
    }
}

/// The median of the last seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usual {
    pub(super) median: u64,
}

impl Usual {
    /// What a size may be of the median before it is worth a warning.
    pub(super) const EXPECTED: RangeInclusive<f64> = 0.5..=2.0;
    /// Fewer say nothing.
    const LEAST: usize = 3;
    const MOST: usize = 7;

    /// Of artifacts, the oldest first.
    pub(super) fn of(earlier: &[Artifact]) -> Option<Self> {
        let mut sizes: Vec<u64> = earlier.iter().rev().take(Self::MOST).map(|artifact| artifact.size).collect();
        if sizes.len() < Self::LEAST {
            return None;
        }
        sizes.sort_unstable();
        let upper = sizes.len() / 2;
        let lower = (sizes.len() - 1) / 2;
        let median = sizes.get(lower)?.midpoint(*sizes.get(upper)?);
        (median > 0).then_some(Self { median })
    }

    pub(super) fn ratio(self, size: u64) -> f64 {
        size as f64 / self.median as f64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_size_has_a_number_and_a_unit() {
        for (text, bytes) in [("0B", 0), ("100B", 100), ("1KiB", 1_024), ("64 MiB", 64 << 20), ("2TiB", 2 << 40)] {
            assert_eq!(Size::try_from(text.to_owned()), Ok(Size(bytes)));
            assert_eq!(Size::try_from(String::from(Size(bytes))), Ok(Size(bytes)), "read back");
        }
        for bad in ["", "1", "MiB", "1.5MiB", "-1B", "1XB", "99999999999999TiB", "1B "] {
            assert!(Size::try_from(bad.to_owned()).unwrap_err().contains("hint: "), "{bad}");
        }
    }

    #[test]
    fn the_usual_size_is_the_median_of_the_last_seven() {
        let usual = |sizes: &[u64]| {
            let artifact = |size: &u64| Artifact {
                path: String::new(),
                created: Duration::ZERO,
                size: *size,
                stored_size: 0,
                sha256: [0; 32],
                marks: Vec::new(),
                metadata: Vec::new(),
            };
            Usual::of(&sizes.iter().map(artifact).collect::<Vec<_>>()).map(|usual| usual.median)
        };
        assert_eq!(usual(&[10, 20]), None, "two say nothing");
        assert_eq!(usual(&[30, 10, 20]), Some(20));
        assert_eq!(usual(&[10, 20, 30, 40]), Some(25));
        assert_eq!(usual(&[1, 1, 1, 10, 20, 30, 40, 50, 60, 70]), Some(40), "the first three are too long ago");
        assert_eq!(usual(&[0, 0, 0, 5]), None, "nothing can be compared with nothing");
        assert_eq!(Usual { median: 200 }.ratio(50), 0.25);
    }
}
