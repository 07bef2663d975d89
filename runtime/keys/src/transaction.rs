//! A transaction before and after it is signed. Which one is right is not known here.

use std::fmt;

use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEnvelope, TxLegacy, TypedTransaction, transaction::SignerRecoverable,
};
use alloy_eips::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};

/// A transaction to sign: a call or a transfer, never the creation of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The chain's id; also of a legacy transaction, as EIP-155 has it.
    pub chain_id: u64,
    /// The account's nonce.
    pub nonce: u64,
    /// The recipient.
    pub to: Address,
    /// In the chain's smallest unit.
    pub value: U256,
    /// The call's data; empty for a plain transfer.
    pub data: Bytes,
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// What is paid for it.
    pub fees: Fees,
}

/// What is paid for a unit of gas, in the chain's smallest unit; and so which kind of transaction it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fees {
    /// EIP-1559.
    Eip1559 {
        /// The most.
        max_fee_per_gas: u128,
        /// The most above the base fee.
        max_priority_fee_per_gas: u128,
    },
    /// A legacy transaction.
    Legacy {
        /// The price.
        gas_price: u128,
    },
}

/// A signed transaction. `Debug` shows its hash alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedBytes {
    /// What `eth_sendRawTransaction` takes.
    pub raw: Bytes,
    /// By which the chain knows it.
    pub hash: B256,
}

impl fmt::Debug for SignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedBytes").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Unsigned {
    /// The transaction as the chain encodes it.
    pub(crate) fn typed(&self) -> TypedTransaction {
        let (to, input) = (TxKind::Call(self.to), self.data.clone());
        match self.fees {
            Fees::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas } => TypedTransaction::Eip1559(TxEip1559 {
                chain_id: self.chain_id,
                nonce: self.nonce,
                gas_limit: self.gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value: self.value,
                access_list: Default::default(),
                input,
            }),
            Fees::Legacy { gas_price } => TypedTransaction::Legacy(TxLegacy {
                chain_id: Some(self.chain_id),
                nonce: self.nonce,
                gas_price,
                gas_limit: self.gas_limit,
                to,
                value: self.value,
                input,
            }),
        }
    }

    /// Joins a signature to the transaction. None if the bytes that come of it don't say what was asked, or aren't from
    /// `sender`.
    pub(crate) fn seal(&self, signature: Signature, sender: Address) -> Option<SignedBytes> {
        // A chain takes only the lower of the two values of `s` that sign the same (EIP-2).
        let signed = TxEnvelope::from(self.typed().into_signed(signature.normalized_s()));
        let raw = Bytes::from(signed.encoded_2718());
        let read = TxEnvelope::decode_2718_exact(&raw).ok()?;
        let of_sender = read.recover_signer().ok()? == sender;
        let hash = *read.tx_hash();
        (of_sender && TypedTransaction::from(read) == self.typed()).then_some(SignedBytes { raw, hash })
    }
}
