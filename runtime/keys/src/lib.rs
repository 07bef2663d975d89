//! Who signs for an account: a keystore on this machine, AWS KMS, or a Web3Signer, behind one trait.
//!
//! What is signed is decided elsewhere; here it is only built, signed, and held against what was asked: a remote signer is not
//! trusted. No key, password, secret URL or signed byte stands in an error, in `Debug` output or in a log line.

mod checked;
mod error;
mod http;
mod keystore;
mod kms;
mod transaction;
mod web3signer;

use std::sync::Arc;

use alloy_primitives::Address;
use async_trait::async_trait;
use watchkeeper_config::KeySource;
use watchkeeper_model::AccountName;

use self::{checked::Checked, kms::Kms, web3signer::Remote};
pub use self::{
    error::{KeyError, SignError, SignFault},
    keystore::{
        Keystore, KeystoreError, PASSWORD_LIMIT, PrivateKey, PrivateKeyError, random_password, read_keystore,
        read_password, write_private,
    },
    transaction::{Fees, SignedBytes, Unsigned},
};

/// Signs transactions of one account.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The account's address.
    fn address(&self) -> Address;

    /// `keystore`, `aws_kms` or `web3signer`.
    fn kind(&self) -> &'static str;

    /// Signs a transaction: what comes back is from this account's address and says what was asked, and nothing else.
    ///
    /// # Errors
    /// [`SignError`]: nothing was signed, or what was signed is something else and is thrown away.
    async fn sign(&self, transaction: Unsigned) -> Result<SignedBytes, SignError>;
}

/// Opens an account's key. A keystore is decrypted once, here, on a thread of its own, which takes about a second of
/// processor time and 256 MiB; AWS KMS is asked for its public key; a Web3Signer is asked for nothing before the first
/// transaction.
///
/// # Errors
/// [`KeyError`]: names the file or the service at fault.
pub async fn open(account: &AccountName, key: &KeySource) -> Result<Arc<dyn Signer>, KeyError> {
    match key {
        KeySource::Keystore { path, password } => {
            let (path, password) = (path.clone(), password.clone());
            let opened = tokio::task::spawn_blocking(move || {
                let keystore = read_keystore(&path)?;
                keystore.decrypt(&read_password(&password)?)
            });
            let opened = opened.await.unwrap_or(Err(KeystoreError::Interrupted));
            let key = opened.map_err(|source| KeyError::Keystore { account: account.clone(), source })?;
            Ok(Arc::new(Checked::new(account, key)))
        }
        KeySource::AwsKms(settings) => {
            let kms = Kms::open(settings).await;
            let kms = kms.map_err(|why| KeyError::AwsKms { account: account.clone(), why })?;
            Ok(Arc::new(Checked::new(account, kms)))
        }
        KeySource::Web3Signer(settings) => {
            let remote = Remote::open(settings);
            let remote = remote.map_err(|why| KeyError::Web3Signer { account: account.clone(), why })?;
            Ok(Arc::new(Checked::new(account, remote)))
        }
    }
}
