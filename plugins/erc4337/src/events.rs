//! The events of EntryPoints, the same in all versions (`IEntryPoint.sol`, `IStakeManager.sol`). An event of a known signature and
//! another shape is malformed, and no number.

use watchkeeper_sdk::{
    alloy_primitives::b256,
    chain::{self, Log},
    prelude::*,
};

use crate::{
    config::{EntryPoints, Version},
    reason::Reason,
};

/// `UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)`
pub(crate) const OPERATION: B256 = b256!("0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f");
/// `UserOperationRevertReason(bytes32,address,uint256,bytes)`
const REVERTED: B256 = b256!("0x1c4fada7374c0a9ee8841fc38afe82932dc0f8e69012e927f061a8bae611a201");
/// `PostOpRevertReason(bytes32,address,uint256,bytes)`
const POST_REVERTED: B256 = b256!("0xf62676f440ff169a3a9afdbf812e89e7f95975ee8e5c31214ffdef631c5f4792");
/// `UserOperationPrefundTooLow(bytes32,address,uint256)`
const PREFUND_TOO_LOW: B256 = b256!("0x67b4fa9642f42120bf031f3051d1824b0fe25627945b27b8a6a65d5761d5482e");
/// `AccountDeployed(bytes32,address,address,address)`
const DEPLOYED: B256 = b256!("0xd51a9c61267aa6196961883ecf5ff2da6619c37dac0fa92122513fb32c032d2d");
/// `BeforeExecution()`
const BUNDLE: B256 = b256!("0xbb47ee3e183a558b1a2ff0874b079f3fc5478b7454eacf2bfc5af2ff5878f972");
/// `Deposited(address,uint256)`
const DEPOSITED: B256 = b256!("0x2da466a7b24304f47e87fa2e1e5a81b9831ce54fec19055ce277ca2f39ba42c4");
/// `Withdrawn(address,address,uint256)`
const WITHDRAWN: B256 = b256!("0xd1c19fbcd4551a5edfb66d43d2e337c04837afda3482b42bdf569a8fccdae5fb");

/// The signatures of all events that are read here.
pub(crate) const ALL: [B256; 8] =
    [OPERATION, REVERTED, POST_REVERTED, PREFUND_TOO_LOW, DEPLOYED, BUNDLE, DEPOSITED, WITHDRAWN];

/// An event, and the EntryPoint that emitted it.
#[derive(Debug)]
pub(crate) struct Emitted {
    pub(crate) version: Version,
    pub(crate) event: Event,
}

/// What happened at an EntryPoint.
#[derive(Debug)]
pub(crate) enum Event {
    /// An operation was executed, whatever came of its call. It is the last event of its operation.
    Operation(Operation),
    /// Why the call of an operation, or the paymaster's work after it, went wrong.
    Wrong { operation: B256, what: Wrong },
    /// An operation created its account.
    Deployed { factory: Address },
    /// A bundle was validated as a whole and is executed.
    Bundle,
    /// Somebody's deposit grew; the event tells the deposit after it, and not by how much.
    Deposited { account: Address },
    /// Somebody's deposit was taken out.
    Withdrawn { account: Address, amount: U256 },
}

/// An operation that was executed and paid for.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) hash: B256,
    /// Zero if the account paid.
    pub(crate) paymaster: Address,
    pub(crate) success: bool,
    pub(crate) cost: U256,
    pub(crate) gas: U256,
}

/// What went wrong with an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    Call(Reason),
    PostOp(Reason),
    Prefund,
}

impl Emitted {
    /// Reads an event that was asked for.
    pub(crate) fn read(entry_points: &EntryPoints, log: &Log) -> Result<Self, chain::Error> {
        let malformed = || {
            let (transaction, index) = (log.transaction_hash, log.log_index);
            chain::Error::Malformed(format!("event {index}, of transaction {transaction}, isn't an EntryPoint's"))
        };
        let version = entry_points.version_of(log.address).ok_or_else(malformed)?;
        let event = Event::read(log).ok_or_else(malformed)?;
        Ok(Self { version, event })
    }
}

impl Event {
    fn read(log: &Log) -> Option<Self> {
        let (signature, indexed) = log.topics.split_first()?;
        match (*signature, indexed) {
            (OPERATION, [hash, _sender, paymaster]) => {
                let [_nonce, success, cost, gas] = words(&log.data)?;
                let (paymaster, success) = (account(paymaster)?, flag(success)?);
                Some(Self::Operation(Operation { hash: *hash, paymaster, success, cost, gas }))
            }
            (REVERTED, [operation, _sender]) => {
                Some(Self::Wrong { operation: *operation, what: Wrong::Call(reason(&log.data)?) })
            }
            (POST_REVERTED, [operation, _sender]) => {
                Some(Self::Wrong { operation: *operation, what: Wrong::PostOp(reason(&log.data)?) })
            }
            (PREFUND_TOO_LOW, [operation, _sender]) => {
                let [_nonce] = words(&log.data)?;
                Some(Self::Wrong { operation: *operation, what: Wrong::Prefund })
            }
            (DEPLOYED, [_operation, _sender]) => {
                let [factory, _paymaster] = words(&log.data)?;
                Some(Self::Deployed { factory: account(&B256::from(factory))? })
            }
            (BUNDLE, []) if log.data.is_empty() => Some(Self::Bundle),
            (DEPOSITED, [account_]) => {
                let [_total] = words(&log.data)?;
                Some(Self::Deposited { account: account(account_)? })
            }
            (WITHDRAWN, [account_]) => {
                let [_to, amount] = words(&log.data)?;
                Some(Self::Withdrawn { account: account(account_)?, amount })
            }
            _ => None,
        }
    }
}

/// Exactly so many words.
pub(crate) fn words<const N: usize>(data: &[u8]) -> Option<[U256; N]> {
    let (words, rest) = data.as_chunks::<32>();
    let words: &[[u8; 32]; N] = words.try_into().ok()?;
    rest.is_empty().then(|| words.map(U256::from_be_bytes))
}

/// A word that is an address.
fn account(word: &B256) -> Option<Address> {
    let (zeros, address) = word.split_first_chunk::<12>()?;
    (*zeros == [0; 12]).then(|| Address::from_slice(address))
}

/// A word that is a truth value.
pub(crate) fn flag(word: U256) -> Option<bool> {
    match word {
        U256::ZERO => Some(false),
        U256::ONE => Some(true),
        _ => None,
    }
}

/// The reason in the data `(uint256 nonce, bytes reason)`.
fn reason(data: &[u8]) -> Option<Reason> {
    Some(Reason::read(crate::reason::bytes_at(data, 1)?))
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn the_signatures_are_those_of_the_events() {
        let signatures = [
            "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)",
            "UserOperationRevertReason(bytes32,address,uint256,bytes)",
            "PostOpRevertReason(bytes32,address,uint256,bytes)",
            "UserOperationPrefundTooLow(bytes32,address,uint256)",
            "AccountDeployed(bytes32,address,address,address)",
            "BeforeExecution()",
            "Deposited(address,uint256)",
            "Withdrawn(address,address,uint256)",
        ];
        assert_eq!(signatures.map(keccak256), ALL);
    }

    #[test]
    fn an_event_of_another_shape_is_malformed() {
        let log = |topics: usize, data: Vec<u8>| Log {
            address: Address::ZERO,
            topics: [vec![OPERATION], vec![B256::ZERO; topics]].concat(),
            data: data.into(),
            block_number: 1,
            block_hash: B256::ZERO,
            transaction_hash: B256::ZERO,
            log_index: 0,
        };
        assert!(Event::read(&log(3, vec![0; 128])).is_some());
        for (topics, length) in [(2, 128), (4, 128), (3, 127), (3, 129), (3, 160), (3, 0)] {
            assert!(Event::read(&log(topics, vec![0; length])).is_none(), "{topics} {length}");
        }
        let no_truth = [vec![0; 32], vec![2; 32], vec![0; 64]].concat();
        assert!(Event::read(&log(3, no_truth)).is_none());
        let mut no_address = log(3, vec![0; 128]);
        no_address.topics[3] = B256::repeat_byte(1);
        assert!(Event::read(&no_address).is_none());
    }
}
