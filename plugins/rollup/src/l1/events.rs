//! The contract's events. An event of the right signature and another shape is an error: the contract isn't what the
//! config says.
//!
//! Sources: `PolygonRollupManager.sol`, `AgglayerManager.sol`, `PolygonZkEVM.sol`, `CDKValidium.sol` and
//! `EmergencyManager.sol` of 0xPolygonHermez/zkevm-contracts. A manager's events are those of all its rollups; those of
//! others are passed over.

use watchkeeper_sdk::{alloy_primitives::b256, prelude::*};

use super::abi::{self, Word};
use crate::settings::Contract;

/// `OnSequenceBatches(uint32 indexed rollupID, uint64 lastBatchSequenced)`
const MANAGER_SEQUENCED: B256 = b256!("1d9f30260051d51d70339da239ea7b080021adcaabfa71c9b0ea339a20cf9a25");
/// `VerifyBatches(uint32 indexed rollupID, uint64 numBatch, bytes32 stateRoot, bytes32 exitRoot, address indexed aggregator)`
const MANAGER_VERIFIED: B256 = b256!("aac1e7a157b259544ebacd6e8a82ae5d6c8f174e12aa48696277bcc9a661f0b4");
/// `VerifyBatchesTrustedAggregator(uint32 indexed rollupID, uint64 numBatch, bytes32 stateRoot, bytes32 exitRoot, address indexed aggregator)`
const MANAGER_VERIFIED_TRUSTED: B256 = b256!("d1ec3a1216f08b6eff72e169ceb548b782db18a6614852618d86bb19f3f9b0d3");
/// `RollbackBatches(uint32 indexed rollupID, uint64 indexed targetBatch, bytes32 accInputHashToRollback)`
const MANAGER_ROLLED_BACK: B256 = b256!("80a6d395a55aed8126079cb8247f0a6848b1440ca2cdca3b4386f250c3529402");
/// `SequenceBatches(uint64 indexed numBatch)`
const SEQUENCED: B256 = b256!("303446e6a8cb73c83dff421c0b1d5e5ce0719dab1bff13660fc254e58cc17fce");
/// `SequenceBatches(uint64 indexed numBatch, bytes32 l1InfoRoot)`
const SEQUENCED_WITH_ROOT: B256 = b256!("3e54d0825ed78523037d00a81759237eb436ce774bd546993ee67a1b67b6e766");
/// `SequenceForceBatches(uint64 indexed numBatch)`
const SEQUENCED_BY_FORCE: B256 = b256!("648a61dd2438f072f5a1960939abd30f37aea80d2e94c9792ad142d3e0a490a4");
/// `VerifyBatches(uint64 indexed numBatch, bytes32 stateRoot, address indexed aggregator)`
const VERIFIED: B256 = b256!("9c72852172521097ba7e1482e6b44b351323df0155f97f4ea18fcec28e1f5966");
/// `VerifyBatchesTrustedAggregator(uint64 indexed numBatch, bytes32 stateRoot, address indexed aggregator)`
const VERIFIED_TRUSTED: B256 = b256!("cb339b570a7f0b25afa7333371ff11192092a0aeace12b671f4c212f2815c6fe");
/// `EmergencyStateActivated()`
const EMERGENCY_BEGAN: B256 = b256!("2261efe5aef6fedc1fd1550b25facc9181745623049c7901287030b9ad1a5497");

const OF_MANAGER: [B256; 5] =
    [MANAGER_SEQUENCED, MANAGER_VERIFIED, MANAGER_VERIFIED_TRUSTED, MANAGER_ROLLED_BACK, EMERGENCY_BEGAN];
const OF_STANDALONE: [B256; 6] =
    [SEQUENCED, SEQUENCED_WITH_ROOT, SEQUENCED_BY_FORCE, VERIFIED, VERIFIED_TRUSTED, EMERGENCY_BEGAN];

/// What happened to the rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Batches up to this one were sent.
    Sequenced(u64),
    /// Batches up to this one were proved.
    Verified(u64, Prover),
    /// Batches after this one were taken back.
    RolledBack(u64),
    /// The emergency state began.
    Emergency,
}

/// Who proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prover {
    /// The aggregator that the contract trusts.
    Trusted(Address),
    /// Anybody, after a time in which the trusted one didn't.
    Other,
}

/// Which events to ask for.
pub(super) fn filter(contract: &Contract) -> Filter {
    let kinds = match contract {
        Contract::RollupManager { .. } => OF_MANAGER.to_vec(),
        Contract::Standalone { .. } => OF_STANDALONE.to_vec(),
    };
    Filter { addresses: vec![contract.address()], topics: vec![kinds], ..Filter::default() }
}

/// Reads an event; none if it is another rollup's.
///
/// # Errors
/// It has another shape than its signature says.
pub(super) fn read(contract: &Contract, log: &Log) -> Result<Option<Event>> {
    let event = match contract {
        Contract::RollupManager { rollup_id, .. } => of_manager(rollup_id.get(), log),
        Contract::Standalone { .. } => of_standalone(log).map(Some),
    };
    event.ok_or_else(|| {
        Error::invalid_config(format!(
            "an event of {} in block {} has another shape than its signature says\n\
             hint: look up `contract` under `[config.l1]`",
            log.address, log.block_number
        ))
    })
}

/// The outer none is a wrong shape, the inner one another rollup.
fn of_manager(rollup: u32, log: &Log) -> Option<Option<Event>> {
    let (kind, rest) = log.topics.split_first()?;
    if *kind == EMERGENCY_BEGAN {
        return (rest.is_empty() && log.data.is_empty()).then_some(Some(Event::Emergency));
    }
    let (id, rest) = rest.split_first()?;
    let id = abi::number(&id.0)?;
    let event = match (*kind, rest) {
        (MANAGER_SEQUENCED, []) => {
            let [last] = abi::words::<1>(&log.data)?;
            Event::Sequenced(abi::number(&last)?)
        }
        (MANAGER_VERIFIED | MANAGER_VERIFIED_TRUSTED, [aggregator]) => {
            let [last, _state, _exit] = abi::words::<3>(&log.data)?;
            Event::Verified(abi::number(&last)?, prover(*kind == MANAGER_VERIFIED_TRUSTED, &aggregator.0)?)
        }
        (MANAGER_ROLLED_BACK, [target]) => {
            abi::words::<1>(&log.data)?;
            Event::RolledBack(abi::number(&target.0)?)
        }
        _ => return None,
    };
    Some((id == u64::from(rollup)).then_some(event))
}

fn of_standalone(log: &Log) -> Option<Event> {
    let (kind, rest) = log.topics.split_first()?;
    match (*kind, rest) {
        (EMERGENCY_BEGAN, []) => log.data.is_empty().then_some(Event::Emergency),
        (SEQUENCED | SEQUENCED_BY_FORCE, [last]) => {
            log.data.is_empty().then_some(())?;
            Some(Event::Sequenced(abi::number(&last.0)?))
        }
        (SEQUENCED_WITH_ROOT, [last]) => {
            abi::words::<1>(&log.data)?;
            Some(Event::Sequenced(abi::number(&last.0)?))
        }
        (VERIFIED | VERIFIED_TRUSTED, [last, aggregator]) => {
            abi::words::<1>(&log.data)?;
            Some(Event::Verified(abi::number(&last.0)?, prover(*kind == VERIFIED_TRUSTED, &aggregator.0)?))
        }
        _ => None,
    }
}

fn prover(trusted: bool, aggregator: &Word) -> Option<Prover> {
    let aggregator = abi::address(aggregator)?;
    Some(if trusted { Prover::Trusted(aggregator) } else { Prover::Other })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    const ADDRESS: Address = Address::repeat_byte(0xaa);
    const BY: Address = Address::repeat_byte(0xbb);

    fn manager() -> Contract {
        Contract::RollupManager { address: ADDRESS, rollup_id: NonZeroU32::new(3).unwrap() }
    }

    fn log(topics: &[B256], words: &[u64]) -> Log {
        Log {
            address: ADDRESS,
            topics: topics.to_vec(),
            data: words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect(),
            block_number: 5,
            block_hash: B256::ZERO,
            transaction_hash: B256::ZERO,
            log_index: 0,
        }
    }

    fn word(number: u64) -> B256 {
        U256::from(number).into()
    }

    #[test]
    fn topics_are_the_hashes_of_their_signatures() {
        for (signature, topic) in [
            ("OnSequenceBatches(uint32,uint64)", MANAGER_SEQUENCED),
            ("VerifyBatches(uint32,uint64,bytes32,bytes32,address)", MANAGER_VERIFIED),
            ("VerifyBatchesTrustedAggregator(uint32,uint64,bytes32,bytes32,address)", MANAGER_VERIFIED_TRUSTED),
            ("RollbackBatches(uint32,uint64,bytes32)", MANAGER_ROLLED_BACK),
            ("SequenceBatches(uint64)", SEQUENCED),
            ("SequenceBatches(uint64,bytes32)", SEQUENCED_WITH_ROOT),
            ("SequenceForceBatches(uint64)", SEQUENCED_BY_FORCE),
            ("VerifyBatches(uint64,bytes32,address)", VERIFIED),
            ("VerifyBatchesTrustedAggregator(uint64,bytes32,address)", VERIFIED_TRUSTED),
            ("EmergencyStateActivated()", EMERGENCY_BEGAN),
        ] {
            assert_eq!(keccak256(signature), topic, "{signature}");
        }
    }

    #[test]
    fn a_managers_events_are_read_and_those_of_other_rollups_passed_over() {
        let by = BY.into_word();
        for (log, event) in [
            (log(&[MANAGER_SEQUENCED, word(3)], &[7]), Event::Sequenced(7)),
            (log(&[MANAGER_VERIFIED, word(3), by], &[6, 0, 0]), Event::Verified(6, Prover::Other)),
            (log(&[MANAGER_VERIFIED_TRUSTED, word(3), by], &[6, 0, 0]), Event::Verified(6, Prover::Trusted(BY))),
            (log(&[MANAGER_ROLLED_BACK, word(3), word(5)], &[0]), Event::RolledBack(5)),
        ] {
            assert_eq!(read(&manager(), &log), Ok(Some(event)));
            let mut other = log;
            other.topics[1] = word(4);
            assert_eq!(read(&manager(), &other), Ok(None));
        }
        assert_eq!(read(&manager(), &log(&[EMERGENCY_BEGAN], &[])), Ok(Some(Event::Emergency)));
    }

    #[test]
    fn a_standalone_contracts_events_are_read() {
        let by = BY.into_word();
        for (log, event) in [
            (log(&[SEQUENCED, word(7)], &[]), Event::Sequenced(7)),
            (log(&[SEQUENCED_WITH_ROOT, word(7)], &[0]), Event::Sequenced(7)),
            (log(&[SEQUENCED_BY_FORCE, word(7)], &[]), Event::Sequenced(7)),
            (log(&[VERIFIED, word(6), by], &[0]), Event::Verified(6, Prover::Other)),
            (log(&[VERIFIED_TRUSTED, word(6), by], &[0]), Event::Verified(6, Prover::Trusted(BY))),
            (log(&[EMERGENCY_BEGAN], &[]), Event::Emergency),
        ] {
            assert_eq!(read(&Contract::Standalone { address: ADDRESS }, &log), Ok(Some(event)));
        }
    }

    #[test]
    fn an_event_of_another_shape_is_an_error_and_no_number() {
        let by = BY.into_word();
        for (contract, log) in [
            (manager(), log(&[MANAGER_SEQUENCED, word(3)], &[])),
            (manager(), log(&[MANAGER_SEQUENCED, word(3)], &[7, 7])),
            (manager(), log(&[MANAGER_SEQUENCED, word(3), word(7)], &[])),
            (manager(), log(&[MANAGER_SEQUENCED], &[3, 7])),
            (manager(), log(&[MANAGER_VERIFIED, word(3), by], &[6, 0])),
            (manager(), log(&[MANAGER_VERIFIED, word(3), B256::repeat_byte(1)], &[6, 0, 0])),
            (manager(), log(&[MANAGER_SEQUENCED, B256::repeat_byte(1)], &[7])),
            (manager(), log(&[SEQUENCED, word(3)], &[])),
            (manager(), log(&[], &[])),
            (Contract::Standalone { address: ADDRESS }, log(&[SEQUENCED], &[7])),
            (Contract::Standalone { address: ADDRESS }, log(&[VERIFIED, word(6)], &[0])),
        ] {
            assert!(matches!(read(&contract, &log), Err(Error::InvalidConfig(_))), "{log:?}");
        }
    }
}
