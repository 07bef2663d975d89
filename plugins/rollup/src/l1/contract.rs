//! What the contract says at the head of L1, all at one block.
//!
//! Sources: `PolygonRollupManager.sol` and `AgglayerManager.sol` (`rollupIDToRollupData`: the same twelve words in all
//! versions), `PolygonZkEVM.sol` and `CDKValidium.sol` of 0xPolygonHermez/zkevm-contracts.

use std::num::NonZeroU32;

use watchkeeper_sdk::prelude::*;

use super::abi::{self, Word};
use crate::{
    notes::Notes,
    settings::Contract,
    stage::{Numbers, Stage},
};

/// `rollupIDToRollupData(uint32)`
const ROLLUP_DATA: [u8; 4] = [0xf9, 0xc4, 0xc2, 0xae];
/// `lastBatchSequenced()`
const LAST_SEQUENCED: [u8; 4] = [0x42, 0x3f, 0xa8, 0x56];
/// `lastVerifiedBatch()`
const LAST_VERIFIED: [u8; 4] = [0x7f, 0xcb, 0x36, 0x53];
/// `isEmergencyState()`
const EMERGENCY: [u8; 4] = [0x15, 0x06, 0x4c, 0x96];
/// `getBatchFee()` of the manager.
const GET_BATCH_FEE: [u8; 4] = [0x47, 0x7f, 0xa2, 0x70];
/// `batchFee()` of a standalone contract.
const BATCH_FEE: [u8; 4] = [0xf8, 0xb8, 0x23, 0xe4];
/// `trustedSequencer()` of the rollup's own contract.
const SEQUENCER: [u8; 4] = [0xcf, 0xa8, 0xed, 0x47];
/// `trustedAggregator()` of a standalone contract.
const AGGREGATOR: [u8; 4] = [0x29, 0x87, 0x89, 0x83];
/// `chainID()` of a standalone contract.
const CHAIN_ID: [u8; 4] = [0xad, 0xc8, 0x79, 0xe9];

/// What the contract says at one block.
pub(super) struct Snapshot {
    pub(super) head: Header,
    /// Virtual and verified batch; empty for a rollup that proves without batches.
    pub(super) numbers: Numbers,
    pub(super) emergency: Option<bool>,
    /// In the fee token's smallest unit.
    pub(super) batch_fee: Option<U256>,
    pub(super) sequencer: Option<Address>,
    pub(super) aggregator: Option<Address>,
    /// The chain id of the rollup.
    pub(super) chain_id: Option<u64>,
}

/// Reads the contract.
///
/// # Errors
/// L1 can't be read, or there is no such contract, or no such rollup.
pub(super) async fn read(chain: &Chain, contract: &Contract, notes: &mut Notes) -> Result<Snapshot> {
    match contract {
        Contract::RollupManager { address, rollup_id } => manager(chain, *address, *rollup_id, notes).await,
        Contract::Standalone { address } => standalone(chain, *address, notes).await,
    }
}

async fn manager(chain: &Chain, manager: Address, rollup: NonZeroU32, notes: &mut Notes) -> Result<Snapshot> {
    let id = U256::from(rollup.get()).to_be_bytes();
    let calls = [
        abi::call(manager, ROLLUP_DATA, Some(id)),
        abi::call(manager, EMERGENCY, None),
        abi::call(manager, GET_BATCH_FEE, None),
    ];
    let (head, replies) = chain.call(Block::Latest, calls).await?;
    let [data, emergency, fee] = all(replies)?;
    let wrong = || not_what_it_should_be(chain, manager, "a rollup manager: rollupIDToRollupData(uint32)");
    let Reply::Returned(data) = data else { return Err(wrong()) };
    let data = RollupData::decode(&data).ok_or_else(wrong)?;
    if data.contract.is_zero() {
        return Err(Error::invalid_config(format!(
            "the rollup manager {manager} on chain `{}` has no rollup {rollup}\n\
             hint: look up `contract.rollup_id` under `[config.l1]`",
            chain.name()
        )));
    }
    let (_, replies) = chain.call(Block::Number(head.number), [abi::call(data.contract, SEQUENCER, None)]).await?;
    let [sequencer] = all(replies)?;
    let mut views = Views { chain, notes };
    let numbers = if data.proves_batches() {
        views.notes.found(chain.name(), BATCHES);
        Numbers::from([(Stage::Virtual, data.sequenced), (Stage::Verified, data.verified)])
    } else {
        views.notes.missing(chain.name(), BATCHES, "this rollup proves its state without them");
        Numbers::new()
    };
    Ok(Snapshot {
        head,
        numbers,
        emergency: views.value("emergency state", &emergency, abi::truth),
        batch_fee: views.value("batch fee", &fee, |word| Some(abi::amount(word))),
        sequencer: views.account("trusted sequencer", &sequencer),
        aggregator: None,
        chain_id: Some(data.chain_id),
    })
}

async fn standalone(chain: &Chain, address: Address, notes: &mut Notes) -> Result<Snapshot> {
    let selectors = [LAST_SEQUENCED, LAST_VERIFIED, EMERGENCY, BATCH_FEE, SEQUENCER, AGGREGATOR, CHAIN_ID];
    let calls = selectors.map(|selector| abi::call(address, selector, None));
    let (head, replies) = chain.call(Block::Latest, calls).await?;
    let [sequenced, verified, emergency, fee, sequencer, aggregator, id] = all(replies)?;
    let batch = |reply: &Reply| match reply {
        Reply::Returned(data) => abi::words::<1>(data).and_then(|[word]| abi::number(&word)),
        Reply::Reverted(_) => None,
    };
    let (Some(sequenced), Some(verified)) = (batch(&sequenced), batch(&verified)) else {
        let what = "a standalone rollup contract: lastBatchSequenced() and lastVerifiedBatch()";
        return Err(not_what_it_should_be(chain, address, what));
    };
    let mut views = Views { chain, notes };
    Ok(Snapshot {
        head,
        numbers: Numbers::from([(Stage::Virtual, sequenced), (Stage::Verified, verified)]),
        emergency: views.value("emergency state", &emergency, abi::truth),
        batch_fee: views.value("batch fee", &fee, |word| Some(abi::amount(word))),
        sequencer: views.account("trusted sequencer", &sequencer),
        aggregator: views.account("trusted aggregator", &aggregator),
        chain_id: views.value("chain id of the contract", &id, abi::number),
    })
}

const BATCHES: &str = "batches on L1";

/// What the manager knows of a rollup.
struct RollupData {
    contract: Address,
    chain_id: u64,
    sequenced: u64,
    verified: u64,
    /// 0 for batches; others prove without them.
    verifier: u64,
}

impl RollupData {
    /// contract, chain id, verifier, fork id, exit root, last sequenced, last verified, last pending, last pending that
    /// was consolidated, last verified before the upgrade, type id, type of verifier.
    fn decode(data: &[u8]) -> Option<Self> {
        let [contract, chain, verifier, fork, _, sequenced, verified, pending, consolidated, before, kind, by] =
            abi::words::<12>(data)?;
        abi::address(&verifier)?;
        for number in [fork, pending, consolidated, before, kind] {
            abi::number(&number)?;
        }
        Some(Self {
            contract: abi::address(&contract)?,
            chain_id: abi::number(&chain)?,
            sequenced: abi::number(&sequenced)?,
            verified: abi::number(&verified)?,
            verifier: abi::number(&by)?,
        })
    }

    /// Before there were types of verifiers, the word was a number of compatibility.
    fn proves_batches(&self) -> bool {
        self.verifier == 0 || self.sequenced > 0 || self.verified > 0
    }
}

/// Views that a version of the contract may lack.
struct Views<'a> {
    chain: &'a Chain,
    notes: &'a mut Notes,
}

impl Views<'_> {
    fn value<T>(&mut self, what: &str, reply: &Reply, decode: impl FnOnce(&Word) -> Option<T>) -> Option<T> {
        let value = match reply {
            Reply::Returned(data) => abi::words::<1>(data).and_then(|[word]| decode(&word)),
            Reply::Reverted(_) => None,
        };
        match value {
            Some(_) => self.notes.found(self.chain.name(), what),
            None => self.notes.missing(self.chain.name(), what, "the contract doesn't say"),
        }
        value
    }

    fn account(&mut self, what: &str, reply: &Reply) -> Option<Address> {
        self.value(what, reply, |word| abi::address(word).filter(|account| !account.is_zero()))
    }
}

fn all<const N: usize>(replies: Vec<Reply>) -> Result<[Reply; N]> {
    replies.try_into().map_err(|replies: Vec<Reply>| Error::failed(format!("{} replies to {N} calls", replies.len())))
}

fn not_what_it_should_be(chain: &Chain, address: Address, what: &str) -> Error {
    Error::invalid_config(format!(
        "{address} on chain `{}` doesn't answer as {what}\nhint: look up `contract` under `[config.l1]`",
        chain.name()
    ))
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        for (signature, selector) in [
            ("rollupIDToRollupData(uint32)", ROLLUP_DATA),
            ("lastBatchSequenced()", LAST_SEQUENCED),
            ("lastVerifiedBatch()", LAST_VERIFIED),
            ("isEmergencyState()", EMERGENCY),
            ("getBatchFee()", GET_BATCH_FEE),
            ("batchFee()", BATCH_FEE),
            ("trustedSequencer()", SEQUENCER),
            ("trustedAggregator()", AGGREGATOR),
            ("chainID()", CHAIN_ID),
        ] {
            assert_eq!(keccak256(signature)[..4], selector, "{signature}");
        }
    }

    #[test]
    fn rollup_data_is_twelve_words_of_their_types() {
        let word = |number: u8| B256::with_last_byte(number).0;
        let words: Vec<[u8; 32]> = (1..=12).map(word).collect();
        let data = RollupData::decode(&words.concat()).unwrap();
        assert_eq!((data.contract, data.chain_id), (Address::with_last_byte(1), 2));
        assert_eq!((data.sequenced, data.verified, data.verifier), (6, 7, 12));
        assert!(RollupData::decode(&words[..11].concat()).is_none());
        assert!(RollupData::decode(&[words.clone(), vec![word(13)]].concat().concat()).is_none());
        for place in (0..12).filter(|place| *place != 4) {
            let mut wide = words.clone();
            wide[place] = [0xff; 32];
            assert!(RollupData::decode(&wide.concat()).is_none(), "{place}");
        }
    }
}
