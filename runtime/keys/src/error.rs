//! Why an account's key can't be opened, and why a transaction isn't signed. Neither holds a secret.

use std::time::Duration;

use alloy_primitives::Address;
use watchkeeper_model::AccountName;

use crate::KeystoreError;

/// Why an account's key can't be opened. Displays without the account, which who asked for it names.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its keystore, or the password of it.
    #[error("{source}")]
    Keystore {
        /// The account.
        account: AccountName,
        /// What is wrong.
        source: KeystoreError,
    },
    /// AWS KMS said no, or nothing.
    #[error(
        "aws_kms: {why}\nhint: its key must be ECC_SECG_P256K1 for SIGN_VERIFY, and who runs \
         Watchkeeper needs kms:GetPublicKey and kms:Sign; credentials and region come from the environment as AWS's own \
         programs have them"
    )]
    AwsKms {
        /// The account.
        account: AccountName,
        /// What is wrong.
        why: SignFault,
    },
    /// A Web3Signer that can't be asked as it is configured.
    #[error("web3signer: {why}")]
    Web3Signer {
        /// The account.
        account: AccountName,
        /// What is wrong.
        why: SignFault,
    },
}

/// Why a transaction isn't signed: nothing may be done as if it had been. Displays without the account, too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{signer}: {fault}")]
pub struct SignError {
    /// The account.
    pub account: AccountName,
    /// The kind of its signer.
    pub signer: &'static str,
    /// What happened.
    pub fault: SignFault,
}

/// What a signer did wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// It didn't answer in time.
    #[error("no answer within {}s", .0.as_secs())]
    Timeout(Duration),
    /// There is no connection to it, and why, as far as that is known.
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    /// A status of HTTP that is no success.
    #[error("it answers with status {0}")]
    Status(u16),
    /// An answer of more bytes than there may be.
    #[error("its answer has more than {0} bytes")]
    TooLarge(usize),
    /// An answer that isn't one.
    #[error("its answer is not {0}")]
    Malformed(&'static str),
    /// It doesn't have the account's key.
    #[error("it has no key of {0}")]
    NoKey(Address),
    /// Its key is another account's.
    #[error("its key is of {found}, and the configuration says {wanted}")]
    OtherKey {
        /// Whose key it has.
        found: Address,
        /// The account's address.
        wanted: Address,
    },
    /// Its signature is by another key, or of something else.
    #[error("its signature of this transaction is not by {0}")]
    Foreign(Address),
    /// What it says itself.
    #[error("it says: {0}")]
    Said(String),
    /// It can't be set up as it is configured.
    #[error("{0}")]
    Setup(String),
}
