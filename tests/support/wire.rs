//! Signed transactions as they pass on their way to a node, read by a decoder that isn't ours: what was ever signed, whatever
//! anybody says of it.

use alloy_consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable};
use alloy_eips::Decodable2718;
use alloy_primitives::{Bytes, TxKind, U256, keccak256};
use serde_json::Value;

/// A transaction whose signature was checked. Addresses and hashes are `0x` and lower-case digits, as nodes write them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) hash: String,
    /// Whose signature it has.
    pub(crate) from: String,
    pub(crate) chain_id: Option<u64>,
    pub(crate) nonce: u64,
    /// Empty where it creates a contract.
    pub(crate) to: String,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    /// The most that it can cost beside its value.
    pub(crate) most_fee: U256,
}

/// Reads a signed transaction.
///
/// # Panics
/// If it is none, or something stands behind it.
#[track_caller]
pub(crate) fn read(raw: &str) -> Signed {
    let bytes = bytes(raw);
    let transaction = TxEnvelope::decode_2718_exact(&bytes).unwrap_or_else(|error| panic!("no transaction: {error}"));
    let from = transaction.recover_signer().unwrap_or_else(|error| panic!("no good signature: {error}"));
    let to = match transaction.kind() {
        TxKind::Call(to) => format!("{to:#x}"),
        TxKind::Create => String::new(),
    };
    Signed {
        hash: hash(raw),
        from: format!("{from:#x}"),
        chain_id: transaction.chain_id(),
        nonce: transaction.nonce(),
        to,
        value: transaction.value(),
        data: transaction.input().clone(),
        most_fee: U256::from(transaction.max_fee_per_gas()) * U256::from(transaction.gas_limit()),
    }
}

/// The hash of a signed transaction.
#[track_caller]
pub(crate) fn hash(raw: &str) -> String {
    keccak256(bytes(raw)).to_string()
}

/// A number of any size, as nodes write it.
#[track_caller]
pub(crate) fn number(value: &Value) -> U256 {
    let text = value.as_str().unwrap_or_else(|| panic!("no quantity: {value}"));
    text.parse().unwrap_or_else(|error| panic!("no quantity ({error}): {value}"))
}

#[track_caller]
fn bytes(raw: &str) -> Bytes {
    raw.parse().unwrap_or_else(|error| panic!("no bytes ({error}): {raw}"))
}
