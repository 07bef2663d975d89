//! Keys in files: reading them, writing them, and their passwords. The format itself is in `format`.

mod file;
mod format;
mod private_key;

pub use self::{
    file::{PASSWORD_LIMIT, random_password, read_keystore, read_password, write_private},
    format::Keystore,
    private_key::{PrivateKey, PrivateKeyError},
};

use std::{io, path::PathBuf};

use alloy_primitives::Address;
use watchkeeper_config::TrustError;

/// Why a keystore can't be read, decrypted or written.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The keystore or its password can't be read, or others could read it too.
    #[error(transparent)]
    File(#[from] TrustError),
    /// There is no keystore.
    #[error("{}: is not there\nhint: `watchkeeper account new --keystore {}` makes one", path.display(), path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It isn't a keystore.
    #[error("{}: not a keystore: {why}\nhint: a keystore is a JSON file of the Web3 Secret Storage format, version 3, as \
             `watchkeeper account new`, geth and Foundry write it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The password doesn't open it.
    #[error("{}: the password is wrong, or the file is damaged", path.display())]
    Password {
        /// The keystore.
        path: PathBuf,
    },
    /// A password that can't be one.
    #[error("{}: {why}", path.display())]
    NoPassword {
        /// The password's file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// It holds another key than it says.
    #[error("{}: says that it is of {said}, and is of {found}\nhint: the file was changed; restore it", path.display())]
    Address {
        /// The keystore.
        path: PathBuf,
        /// What it says.
        said: Address,
        /// Whose key it holds.
        found: Address,
    },
    /// There is a file already.
    #[error("{}: is there already, and is not overwritten\nhint: name another file, or move this one away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It can't be written.
    #[error("{}: can't be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Nothing was made: there are no random numbers, or the cipher failed.
    #[error("no key can be made: {0}")]
    Encryption(String),
    /// The process ends.
    #[error("the process ends")]
    Interrupted,
}
