//! What is remembered of one source's numbers between runs: pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stage::{Numbers, Stage};

/// The numbers that one source gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Track {
    marks: BTreeMap<Stage, Mark>,
    /// Whether the stages were out of order when they were seen last.
    out_of_order: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    number: u64,
    /// The time at which a number so great was first seen, in seconds since the Unix epoch.
    advanced: u64,
}

/// What a number did since it was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// It is the first, or greater.
    Advanced,
    /// It is the same.
    Stayed,
    /// It is less; this was the one before.
    Fell(u64),
}

impl Track {
    /// What was seen last.
    pub(crate) fn numbers(&self) -> Numbers {
        self.marks.iter().map(|(stage, mark)| (*stage, mark.number)).collect()
    }

    /// When a stage reached its number, as far as this track saw it.
    pub(crate) fn advanced(&self, stage: Stage) -> Option<u64> {
        self.marks.get(&stage).map(|mark| mark.advanced)
    }

    /// Takes a number that was seen at a time.
    pub(crate) fn see(&mut self, stage: Stage, number: u64, at: u64) -> Move {
        match self.marks.get_mut(&stage) {
            Some(mark) if number <= mark.number => {
                let before = std::mem::replace(&mut mark.number, number);
                if number < before { Move::Fell(before) } else { Move::Stayed }
            }
            _ => {
                self.marks.insert(stage, Mark { number, advanced: at });
                Move::Advanced
            }
        }
    }

    /// Takes whether the stages are out of order; returns whether that began now.
    pub(crate) fn order(&mut self, out_of_order: bool) -> bool {
        let before = std::mem::replace(&mut self.out_of_order, out_of_order);
        out_of_order && !before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_advance_is_that_of_the_greater_number() {
        let mut track = Track::default();
        assert_eq!(track.advanced(Stage::Virtual), None);
        assert_eq!(track.see(Stage::Virtual, 0, 100), Move::Advanced);
        assert_eq!(track.see(Stage::Virtual, 0, 110), Move::Stayed);
        assert_eq!(track.advanced(Stage::Virtual), Some(100));
        assert_eq!(track.see(Stage::Virtual, 7, 120), Move::Advanced);
        assert_eq!(track.see(Stage::Virtual, 7, 130), Move::Stayed);
        assert_eq!(track.advanced(Stage::Virtual), Some(120));
        assert_eq!(track.numbers(), Numbers::from([(Stage::Virtual, 7)]));
    }

    #[test]
    fn a_number_that_falls_is_no_advance_and_the_next_rise_is() {
        let mut track = Track::default();
        track.see(Stage::Virtual, 7, 100);
        assert_eq!(track.see(Stage::Virtual, 5, 110), Move::Fell(7));
        assert_eq!(track.advanced(Stage::Virtual), Some(100));
        assert_eq!(track.see(Stage::Virtual, 5, 120), Move::Stayed);
        assert_eq!(track.see(Stage::Virtual, 6, 130), Move::Advanced);
        assert_eq!(track.advanced(Stage::Virtual), Some(130));
    }

    #[test]
    fn a_violation_begins_once() {
        let mut track = Track::default();
        assert!(!track.order(false));
        assert!(track.order(true));
        assert!(!track.order(true));
        assert!(!track.order(false));
        assert!(track.order(true));
    }
}
