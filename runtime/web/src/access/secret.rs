//! Hashes that only this process can make, and comparing without telling by time.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::AccessError;

/// SHA-256 of something.
pub(super) type Hash = [u8; 32];

/// 256 random bits that never leave the process.
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn random() -> Result<Self, AccessError> {
        random().map(Self)
    }

    /// A hash over the parts and their limits that nobody else can make. (The secret is hashed twice around the parts, as
    /// HMAC does, so that no hash can be continued.)
    pub(super) fn hash(&self, parts: &[&[u8]]) -> Hash {
        let mut inner = Sha256::new_with_prefix(self.0);
        for part in parts {
            // No part has 2^64 bytes.
            inner.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            inner.update(part);
        }
        Sha256::new_with_prefix(self.0).chain_update(inner.finalize()).finalize().into()
    }
}

/// 256 random bits.
///
/// # Errors
/// The system has none.
pub(super) fn random() -> Result<[u8; 32], AccessError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::Random(error.to_string()))?;
    Ok(bytes)
}

pub(super) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Whether two hashes are equal, in a time that doesn't depend on where they differ.
pub(super) fn equal(one: &Hash, other: &Hash) -> bool {
    one.ct_eq(other).into()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
