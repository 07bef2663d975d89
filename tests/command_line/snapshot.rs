//! What is the same on each run: times, digests, and what a build or a run cost, as words.

use crate::support::{Transcript, reworded};

/// A transcript of calls.
pub(super) fn transcript() -> Transcript {
    Transcript::of("command_line", redacted)
}

fn redacted(line: &str) -> String {
    let costs = ["KiB", " ms", "_bytes\"", "_seconds\""].iter().any(|unit| line.contains(unit));
    reworded(line, |word| (costs && word.parse::<f64>().is_ok()).then_some("NUMBER"))
}
