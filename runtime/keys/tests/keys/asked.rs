//! Transactions to sign, and what a chain makes of the signed bytes.

use alloy_consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, Bytes, U256, address, bytes};
use watchkeeper_keys::{Fees, PrivateKey, SignError, SignedBytes, Signer, Unsigned};
use watchkeeper_model::AccountName;

/// A key that everybody knows, and its address.
pub(crate) const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub(crate) const ADDRESS: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

pub(crate) fn account() -> AccountName {
    AccountName::new("funder").unwrap()
}

pub(crate) fn key() -> PrivateKey {
    PrivateKey::parse(KEY).unwrap()
}

pub(crate) fn deposit() -> Unsigned {
    Unsigned {
        chain_id: 42_766,
        nonce: 7,
        to: address!("5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"),
        value: U256::from(1_500_000_000_000_000_000_u64),
        data: bytes!("b760faf9000000000000000000000000c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"),
        gas_limit: 80_000,
        fees: Fees::Eip1559 { max_fee_per_gas: 50_000_000_000, max_priority_fee_per_gas: 1_000_000_000 },
    }
}

pub(crate) fn legacy_transfer() -> Unsigned {
    Unsigned { data: Bytes::new(), nonce: 0, fees: Fees::Legacy { gas_price: 3_000_000_000 }, ..deposit() }
}

pub(crate) fn both() -> [Unsigned; 2] {
    [deposit(), legacy_transfer()]
}

/// Has both kinds of transaction signed, and reads them as a node does.
pub(crate) async fn signs(signer: &dyn Signer) {
    for asked in both() {
        let signed = signer.sign(asked.clone()).await.unwrap();
        assert_says(&signed, &asked, signer.address());
    }
}

pub(crate) fn assert_says(signed: &SignedBytes, asked: &Unsigned, from: Address) {
    let read = TxEnvelope::decode_2718_exact(&signed.raw).unwrap();
    assert_eq!(read.recover_signer().unwrap(), from);
    assert_eq!(*read.tx_hash(), signed.hash);
    assert_eq!(alloy_primitives::keccak256(&signed.raw), signed.hash);
    assert_eq!(read.chain_id(), Some(asked.chain_id));
    assert_eq!((read.nonce(), read.gas_limit()), (asked.nonce, asked.gas_limit));
    assert_eq!((read.to(), read.value(), read.input()), (Some(asked.to), asked.value, &asked.data));
    match asked.fees {
        Fees::Eip1559 { max_fee_per_gas, max_priority_fee_per_gas } => {
            assert!(read.is_eip1559());
            assert_eq!(read.max_fee_per_gas(), max_fee_per_gas);
            assert_eq!(read.max_priority_fee_per_gas(), Some(max_priority_fee_per_gas));
        }
        Fees::Legacy { gas_price } => {
            assert!(read.is_legacy());
            assert_eq!(read.gas_price(), Some(gas_price));
        }
    }
    let shown = format!("{signed:?}");
    assert!(shown.contains(&signed.hash.to_string()) && !shown.contains(&signed.raw.to_string()), "{shown}");
}

/// What a signer's refusal says, in all the ways in which it can be shown.
pub(crate) fn told(error: &SignError) -> String {
    format!("{error} {error:?}")
}
