//! How much the ledger keeps. Sizes are bytes. The figures are this project's own: state is for cursors and small
//! summaries, so that a whole job's fits in memory many times over.

use watchkeeper_model::JobName;

use crate::{StateChanges, StateError, StatePart};

/// The longest key of a job's state, in UTF-8.
pub const MAX_KEY_BYTES: usize = 256;
/// The largest value under one key.
pub const MAX_VALUE_BYTES: usize = 1 << 20;
/// The most that a job may remember: the sum of keys, values and [`STATE_ENTRY_BYTES`] for each.
pub const MAX_JOB_STATE_BYTES: usize = 16 << 20;
/// What an entry counts beside its key and value: about what its row and index entry take in the file, so that a million
/// empty values are not free.
pub const STATE_ENTRY_BYTES: usize = 64;

/// The most log lines that are kept of one run; as many as a job's file can ask for, and the line that tells of the rest.
pub const MAX_LOG_LINES: usize = 100_001;
/// The most bytes of messages, names and values that are kept of one run's log.
pub const MAX_LOG_BYTES: usize = 16 << 20;
/// The longest message of a run, note or name of who did something; longer ones are cut.
pub const MAX_TEXT_BYTES: usize = 16 << 10;
/// The longest key of a payment, as `watchkeeper:wallet` says; in UTF-8.
pub const MAX_PAYMENT_KEY_BYTES: usize = 200;
/// The most rows that one question is answered with.
pub const MAX_ROWS: usize = 1_000;

/// Checks one entry against [`MAX_KEY_BYTES`] and [`MAX_VALUE_BYTES`], so that a plugin can be told when it writes and not
/// only when its run ends.
///
/// # Errors
/// [`StateError::TooLarge`].
pub fn check_entry(job: &JobName, key: &str, value: Option<&[u8]>) -> Result<(), StateError> {
    let shown = || key.chars().take(64).collect();
    if key.len() > MAX_KEY_BYTES {
        return Err(too_large(job, StatePart::Key(shown()), key.len(), MAX_KEY_BYTES));
    }
    match value {
        Some(value) if value.len() > MAX_VALUE_BYTES => {
            Err(too_large(job, StatePart::Value(shown()), value.len(), MAX_VALUE_BYTES))
        }
        _ => Ok(()),
    }
}

/// Checks each entry, and that the changes alone don't pass [`MAX_JOB_STATE_BYTES`]: what waits for the writer is bounded.
pub(crate) fn check_changes(job: &JobName, changes: &StateChanges) -> Result<(), StateError> {
    let mut bytes = 0;
    for (key, value) in changes {
        check_entry(job, key, value.as_deref())?;
        bytes += value.as_ref().map_or(0, |value| entry_bytes(key, value));
    }
    check_whole(job, bytes)
}

/// Checks all that a job remembers.
pub(crate) fn check_whole(job: &JobName, bytes: usize) -> Result<(), StateError> {
    if bytes > MAX_JOB_STATE_BYTES {
        return Err(too_large(job, StatePart::Whole, bytes, MAX_JOB_STATE_BYTES));
    }
    Ok(())
}

/// The beginning of a text, no longer than [`MAX_TEXT_BYTES`].
pub(crate) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or(text)
}

/// What an entry counts.
pub(crate) const fn entry_bytes(key: &str, value: &[u8]) -> usize {
    key.len() + value.len() + STATE_ENTRY_BYTES
}

fn too_large(job: &JobName, part: StatePart, bytes: usize, limit: usize) -> StateError {
    StateError::TooLarge { job: job.clone(), part, bytes, limit }
}
