//! The one event that says what an operation cost, the same in all versions of the EntryPoint (`IEntryPoint.sol`). Another shape is
//! malformed, and no number.

use watchkeeper_sdk::{
    alloy_primitives::b256,
    chain::{Error, Log},
    prelude::*,
};

/// `UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)`
pub(super) const OPERATION: B256 = b256!("0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f");

/// An operation that was paid for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) paymaster: Address,
    pub(super) cost: U256,
}

pub(super) fn operation(log: &Log) -> Result<Operation, Error> {
    read(log).ok_or_else(|| {
        let (transaction, index) = (log.transaction_hash, log.log_index);
        Error::Malformed(format!("event {index}, of transaction {transaction}, isn't an EntryPoint's"))
    })
}

fn read(log: &Log) -> Option<Operation> {
    let [OPERATION, _hash, _sender, paymaster] = log.topics.as_slice() else { return None };
    let (words, rest) = log.data.as_chunks::<32>();
    let [_nonce, _success, cost, _gas] = words else { return None };
    let (zeros, address) = paymaster.split_first_chunk::<12>()?;
    let whole = rest.is_empty() && *zeros == [0; 12];
    whole.then(|| Operation { paymaster: Address::from_slice(address), cost: U256::from_be_bytes(*cost) })
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn an_event_of_another_shape_is_malformed() {
        let signature = "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)";
        assert_eq!(OPERATION, keccak256(signature));
        let log = |topics: usize, length: usize| Log {
            address: Address::ZERO,
            topics: [vec![OPERATION], vec![B256::ZERO; topics]].concat(),
            data: vec![0; length].into(),
            block_number: 1,
            block_hash: B256::ZERO,
            transaction_hash: B256::ZERO,
            log_index: 0,
        };
        assert!(operation(&log(3, 128)).is_ok());
        for (topics, length) in [(2, 128), (4, 128), (3, 127), (3, 129), (3, 160), (3, 0)] {
            assert!(operation(&log(topics, length)).is_err(), "{topics} {length}");
        }
        let mut no_address = log(3, 128);
        no_address.topics[3] = B256::repeat_byte(1);
        assert!(operation(&no_address).is_err());
    }
}
