//! What is wrong with a schedule's text, and what to write instead.

/// A text that is no schedule. Displays what is wrong; [`ScheduleError::hint`] says what to write, so that who knows
/// the file and the key can name them between the two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    message: String,
    hint: String,
}

impl ScheduleError {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// What to write instead.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}
