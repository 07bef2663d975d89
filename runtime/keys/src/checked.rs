//! The one way to a signature, whoever makes it: build the transaction, have it signed, hold the result against what was
//! asked.

use alloy_consensus::SignableTransaction;
use alloy_primitives::{Address, B256, Signature, keccak256};
use async_trait::async_trait;
use watchkeeper_model::AccountName;

use crate::{SignError, SignFault, SignedBytes, Signer, Unsigned};

/// Who holds a key. What it answers is not taken at its word.
#[async_trait]
pub(crate) trait Holder: Send + Sync {
    const KIND: &'static str;

    fn address(&self) -> Address;

    /// Signs `payload`, of which `hash` is the Keccak-256.
    async fn signature(&self, payload: &[u8], hash: &B256) -> Result<Signature, SignFault>;
}

/// A holder whose signatures are checked.
pub(crate) struct Checked<H> {
    account: AccountName,
    holder: H,
}

impl<H: Holder> Checked<H> {
    pub(crate) fn new(account: &AccountName, holder: H) -> Self {
        Self { account: account.clone(), holder }
    }
}

#[async_trait]
impl<H: Holder> Signer for Checked<H> {
    fn address(&self) -> Address {
        self.holder.address()
    }

    fn kind(&self) -> &'static str {
        H::KIND
    }

    async fn sign(&self, transaction: Unsigned) -> Result<SignedBytes, SignError> {
        let payload = transaction.typed().encoded_for_signing();
        let signature = self.holder.signature(&payload, &keccak256(&payload)).await;
        let address = self.holder.address();
        let sealed =
            signature.and_then(|signature| transaction.seal(signature, address).ok_or(SignFault::Foreign(address)));
        sealed.map_err(|fault| SignError { account: self.account.clone(), signer: H::KIND, fault })
    }
}
