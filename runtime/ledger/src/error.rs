//! What can be wrong with a ledger, in words for operators. SQLite's codes are told apart here and nowhere else.

use std::{fmt, path::PathBuf, sync::Arc};

use rusqlite::ErrorCode;
use watchkeeper_model::JobName;

use crate::EntryError;

/// Why the ledger can't be opened or can't do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// A file or folder can't be made, read or locked.
    #[error("{path}: {source}\nhint: the ledger's folder must be on a local disk and belong to the user that runs watchkeeper", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: Arc<std::io::Error>,
    },
    /// Another process has it open.
    #[error("{path}: another watchkeeper has this ledger open\nhint: stop it, or give this one a ledger of its own", path = path.display())]
    InUse {
        /// The ledger's file.
        path: PathBuf,
    },
    /// Somebody else could change it.
    #[error("{path}: its permissions ({mode:03o}) let other users write\nhint: chmod go-w {path}", path = path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("{path}: not a watchkeeper ledger\nhint: name another file for the ledger, or move this one away to start with an empty one", path = path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// The file is a ledger's, but can't be trusted.
    #[error("{path}: damaged: {detail}\nhint: restore it from a backup together with its `-wal` file; moving both away starts with an empty ledger, and jobs forget what they knew", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the check found.
        detail: String,
    },
    /// A later Watchkeeper wrote the file.
    #[error("{path}: written by a later watchkeeper (schema {found}, this one knows {known})\nhint: run that version again, or restore a backup from before the upgrade", path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's schema.
        found: i64,
        /// The latest schema of this program.
        known: i64,
    },
    /// The disk has no room. The ledger goes on when there is some.
    #[error("the ledger's disk is full\nhint: make room; nothing that was recorded is lost")]
    Full,
    /// Another program holds a lock on the file.
    #[error("the ledger's file is locked by another program\nhint: close database tools and backups that hold it open")]
    Busy,
    /// The disk or SQLite refused for another reason.
    #[error("the ledger can't be used: {0}")]
    Unavailable(String),
    /// What is to be recorded is more than SQLite takes, or contradicts itself.
    #[error("the ledger can't take this: {0}")]
    Unfit(String),
    /// [`crate::Ledger::close`] was called.
    #[error("the ledger is closed")]
    Closed,
    /// The store works, and refused this one entry.
    #[error(transparent)]
    Refused(#[from] EntryError),
}

/// What is wrong with changes of a job's state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A limit would be passed.
    #[error("state of job `{job}`: {part} has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Whose state.
        job: JobName,
        /// Which limit.
        part: StatePart,
        /// How large it would be.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
}

/// What of a job's state is limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatePart {
    /// A key; here are its first characters.
    Key(String),
    /// The value of this key.
    Value(String),
    /// All keys and values of the job.
    Whole,
}

impl fmt::Display for StatePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(start) => write!(f, "key {start:?}"),
            Self::Value(key) => write!(f, "the value of {key:?}"),
            Self::Whole => f.write_str("the whole"),
        }
    }
}

impl LedgerError {
    /// The store can't be used for now: nothing may start, and what is to be recorded must be kept and brought again.
    /// Whether it was recorded is unknown; bringing it again is harmless.
    pub const fn is_store_away(&self) -> bool {
        matches!(self, Self::Full | Self::Busy | Self::Unavailable(_))
    }
}

impl From<StateError> for LedgerError {
    fn from(error: StateError) -> Self {
        Self::Refused(EntryError::State(error))
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&rusqlite::Error> for LedgerError {
    fn from(error: &rusqlite::Error) -> Self {
        if let rusqlite::Error::ToSqlConversionFailure(_) = error {
            return Self::Unfit(error.to_string());
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
                Self::Unfit(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
