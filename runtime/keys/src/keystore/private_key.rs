//! A private key in memory: zeroed when it is dropped, and never shown.

use std::fmt;

use alloy_primitives::{Address, B256, Signature, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use async_trait::async_trait;
use zeroize::Zeroizing;

use super::KeystoreError;
use crate::{SignFault, checked::Holder};

/// A private key of secp256k1, and the address that it is for.
#[derive(Clone)]
pub struct PrivateKey(PrivateKeySigner);

/// Why a text isn't a private key. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a private key\nhint: write 64 hexadecimal digits, with or without 0x before them")]
pub struct PrivateKeyError;

impl PrivateKey {
    /// A new one, from the system's random numbers.
    ///
    /// # Errors
    /// [`KeystoreError::Encryption`].
    pub fn random() -> Result<Self, KeystoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            random(bytes.as_mut_slice())?;
            // 0 and what is beyond the group's order are none: one in 2^127.
            if let Some(key) = Self::from_bytes(&bytes) {
                return Ok(key);
            }
        }
    }

    /// Reads 64 hexadecimal digits, with or without `0x`, blanks around them left aside.
    ///
    /// # Errors
    /// Any other text, and numbers that are no key.
    pub fn parse(text: &str) -> Result<Self, PrivateKeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim_ascii(), bytes.as_mut_slice()).map_err(|_| PrivateKeyError)?;
        Self::from_bytes(&bytes).ok_or(PrivateKeyError)
    }

    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        PrivateKeySigner::from_slice(bytes).ok().map(Self)
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().0)
    }

    /// The key's address.
    pub fn address(&self) -> Address {
        self.0.address()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("address", &self.address()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Holder for PrivateKey {
    const KIND: &'static str = "keystore";

    fn address(&self) -> Address {
        self.0.address()
    }

    async fn signature(&self, _payload: &[u8], hash: &B256) -> Result<Signature, SignFault> {
        self.0.sign_hash_sync(hash).map_err(|_| SignFault::Malformed("a signature"))
    }
}

/// Fills bytes from the system.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), KeystoreError> {
    getrandom::fill(bytes).map_err(|error| KeystoreError::Encryption(error.to_string()))
}
