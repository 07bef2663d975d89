//! Why something of a store can't be done, in words for people. None of them holds a secret.

use jiff::Timestamp;
use watchkeeper_model::JobName;

use crate::{ArtifactPath, CheckError};

/// What a store, or what lies in it, denies.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Its settings can't be used.
    #[error("artifact store {store}: {why}")]
    Settings {
        /// The store's name.
        store: String,
        /// What is wrong, and a hint.
        why: String,
    },
    /// What was asked for can't be an artifact's.
    #[error("{0}")]
    Invalid(String),
    /// There is no such artifact.
    #[error("{path}: there is no such artifact in store {store}\nhint: `watchkeeper backup list` shows what there is")]
    NotFound {
        /// The store's name.
        store: String,
        /// What was asked for.
        path: ArtifactPath,
    },
    /// The store doesn't answer, or not as it should. Nothing was stored, or nothing more is known.
    #[error("artifact store {store}: {doing}: {why}")]
    Unavailable {
        /// The store's name.
        store: String,
        /// What was tried, with the object's name.
        doing: String,
        /// The store's answer.
        why: String,
    },
    /// The store refuses these credentials, or what they may not do.
    #[error(
        "artifact store {store}: {doing}: refused: {why}\nhint: its credentials must allow to put, get, list and delete"
    )]
    Denied {
        /// The store's name.
        store: String,
        /// What was tried, with the object's name.
        doing: String,
        /// The store's answer.
        why: String,
    },
    /// What is stored is not what was stored.
    #[error("{object}: {damage}")]
    Corrupt {
        /// The object at fault, below the store's prefix.
        object: String,
        /// Which of its bytes, and what is wrong with them.
        damage: Damage,
    },
    /// Written by a later version, or not by Watchkeeper.
    #[error("{object}: {why}\nhint: restore it with the version of Watchkeeper that wrote it, or a later one")]
    Unsupported {
        /// The manifest's object.
        object: String,
        /// What isn't known.
        why: String,
    },
    /// It is encrypted, and none of the identities at hand opens it.
    #[error(
        "{object}: none of the {identities} identities at hand opens it; it is encrypted to {}\n\
         hint: name the file with the age identity: `identity_file` of the store, or `--identity FILE`", .recipients.join(", ")
    )]
    Locked {
        /// The content's object.
        object: String,
        /// How many identities were tried.
        identities: usize,
        /// Whom its manifest says it is encrypted to.
        recipients: Vec<String>,
    },
    /// The content isn't what it should be: nothing was stored.
    #[error("{path}: nothing was stored: {why}")]
    Aborted {
        /// What would have been stored.
        path: ArtifactPath,
        /// What is wrong with it.
        why: Aborted,
    },
    /// Somebody else is deleting artifacts of this job.
    #[error("{job}: {holder} holds the lease for deleting until {until}\nhint: it ends by itself; try again later")]
    Leased {
        /// Whose artifacts.
        job: JobName,
        /// Who holds it.
        holder: String,
        /// Until when, by the store's clock.
        until: Timestamp,
    },
    /// The lease for deleting went to somebody else, or can't be renewed: nothing more was deleted.
    #[error("{job}: the lease for deleting is lost: {why}; nothing more was deleted")]
    Fenced {
        /// Whose artifacts.
        job: JobName,
        /// How it was lost.
        why: String,
    },
}

/// Why content is not worth storing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Aborted {
    /// Its producer failed.
    #[error("{0}")]
    Producer(String),
    /// It is not what it should be.
    #[error("{0}")]
    Check(CheckError),
    /// Too small.
    #[error("{size} bytes are less than the {minimum} that it must have")]
    TooSmall {
        /// Its size in bytes.
        size: u64,
        /// What it must have.
        minimum: u64,
    },
    /// Greater than the format can describe.
    #[error("it is too large: a manifest describes at most {0} stored bytes")]
    TooLarge(u64),
    /// Who stored it stopped waiting.
    #[error("it was given up before it was whole")]
    GivenUp,
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Some of its bytes.
    #[error("bytes {from} to {to} are not what was stored")]
    Bytes {
        /// The first byte of the range, from 0.
        from: u64,
        /// The last byte of the range.
        to: u64,
    },
    /// It ends early.
    #[error("bytes {from} to {to} are missing")]
    Missing {
        /// The first missing byte, from 0.
        from: u64,
        /// The last missing byte.
        to: u64,
    },
    /// It ends late.
    #[error("bytes {from} to {to} were not stored with it")]
    Added {
        /// The first byte too many, from 0.
        from: u64,
        /// The last byte too many.
        to: u64,
    },
    /// All of it.
    #[error("it is gone")]
    Gone,
    /// Its bytes are those that its manifest names, but they don't mean what it says.
    #[error("{0}")]
    Content(String),
}
