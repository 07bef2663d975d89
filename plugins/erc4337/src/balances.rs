//! What EntryPoints hold for paymasters: deposits and stakes, all read at one block, the head.
//!
//! An EntryPoint is there if it answers as one. Where none is, as on a chain that has only some versions, its series are absent;
//! an answer of another shape is said and shows nothing.

use std::collections::BTreeMap;

use watchkeeper_sdk::prelude::*;

use crate::{
    config::{Config, Version},
    events::{flag, words},
};

#[derive(Metrics)]
#[metric(labels("chain", "entry_point_version"))]
pub(crate) struct Metrics {
    /// Always 1; the EntryPoints that are there, with their addresses.
    #[metric(labels("address"))]
    erc4337_entry_point_info: Gauge<3>,
    /// Deposit of a paymaster, which pays for operations, in the chain's own currency.
    #[metric(unit = "native", labels("paymaster"))]
    paymaster_deposit_native: Gauge<3>,
    /// Stake of a paymaster, in the chain's own currency; it pays for nothing.
    #[metric(unit = "native", labels("paymaster"))]
    paymaster_stake_native: Gauge<3>,
    /// 1 while the stake counts, 0 once its unlocking has begun, or where there is none.
    #[metric(labels("paymaster"))]
    paymaster_staked: Gauge<3>,
    /// Seconds from the unlocking of a stake to when it may be withdrawn; absent without a stake.
    #[metric(unit = "seconds", labels("paymaster"))]
    paymaster_stake_unlock_delay_seconds: Gauge<3>,
    /// When the stake may be withdrawn, in seconds since the Unix epoch; absent while it is locked.
    #[metric(unit = "seconds", labels("paymaster"))]
    paymaster_stake_unlock_timestamp_seconds: Gauge<3>,
}

/// What the EntryPoints that are there hold.
#[derive(Debug, Default)]
pub(crate) struct Deposits(BTreeMap<Version, BTreeMap<String, U256>>);

impl Deposits {
    /// The versions that are there.
    pub(crate) fn versions(&self) -> impl Iterator<Item = Version> {
        self.0.keys().copied()
    }

    /// Each paymaster's deposit, where it is known.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Version, &str, U256)> {
        self.0.iter().flat_map(|(version, held)| held.iter().map(|(name, deposit)| (*version, name.as_str(), *deposit)))
    }
}

impl Metrics {
    /// Reads everything in one call.
    pub(crate) async fn read(&self, chain: &Chain, config: &Config) -> Result<Deposits> {
        let asked = questions(config);
        let calls = asked.iter().map(|question| Call { to: question.entry_point, data: question.data() });
        let (_, replies) = chain.call(Block::Latest, calls).await?;
        let mut deposits = Deposits::default();
        for (question, reply) in asked.into_iter().zip(replies) {
            self.answer(chain.name(), &question, &reply, &mut deposits);
        }
        if deposits.0.is_empty() {
            fail!(
                "chain `{}` has none of the EntryPoints\nhint: name those that it has in `entry_points`",
                chain.name()
            );
        }
        Ok(deposits)
    }

    fn answer(&self, chain: &str, question: &Question<'_>, reply: &Reply, deposits: &mut Deposits) {
        let (version, entry_point) = (question.version.as_str(), question.entry_point);
        let about = question.paymaster.map_or("no paymaster", |(name, _)| name);
        let info = match reply {
            Reply::Returned(data) if data.is_empty() => return,
            Reply::Returned(data) => DepositInfo::read(data),
            Reply::Reverted(_) => None,
        };
        let Some(info) = info else {
            warn!(
                chain = chain,
                entry_point_version = version,
                paymaster = about,
                "{entry_point} doesn't tell the deposit as an EntryPoint does"
            );
            return;
        };
        let held = deposits.0.entry(question.version).or_default();
        match question.paymaster {
            None => self.erc4337_entry_point_info.set([chain, version, &entry_point.to_string()], 1),
            Some((name, decimals)) => {
                held.insert(name.to_owned(), info.deposit);
                let series = [chain, version, name];
                self.paymaster_deposit_native.set(series, decimals.native(info.deposit));
                self.paymaster_stake_native.set(series, decimals.native(info.stake));
                self.paymaster_staked.set(series, info.staked);
                if !info.stake.is_zero() {
                    self.paymaster_stake_unlock_delay_seconds.set(series, info.unstake_delay);
                }
                if !info.withdraw_time.is_zero() {
                    self.paymaster_stake_unlock_timestamp_seconds.set(series, info.withdraw_time);
                }
            }
        }
    }
}

/// One `getDepositInfo(address)`: of a paymaster, or of nobody, to see whether the EntryPoint is there.
struct Question<'a> {
    version: Version,
    entry_point: Address,
    of: Address,
    paymaster: Option<(&'a str, crate::config::Decimals)>,
}

fn questions(config: &Config) -> Vec<Question<'_>> {
    let of_one = |(version, entry_point)| {
        let nobody = Question { version, entry_point, of: Address::ZERO, paymaster: None };
        let paymasters = config.paymasters.of_version(version);
        let asked = paymasters.map(move |(name, paymaster)| Question {
            version,
            entry_point,
            of: paymaster.address,
            paymaster: Some((name, config.decimals)),
        });
        std::iter::once(nobody).chain(asked)
    };
    config.entry_points.iter().flat_map(of_one).collect()
}

impl Question<'_> {
    fn data(&self) -> Bytes {
        /// `getDepositInfo(address)`
        const SELECTOR: [u8; 4] = [0x52, 0x87, 0xce, 0x12];
        [&SELECTOR[..], self.of.into_word().as_slice()].concat().into()
    }
}

/// What `getDepositInfo` returns.
#[derive(Debug, PartialEq)]
struct DepositInfo {
    deposit: U256,
    staked: bool,
    stake: U256,
    unstake_delay: U256,
    /// Zero while the stake is locked.
    withdraw_time: U256,
}

impl DepositInfo {
    /// Five words (`IStakeManager.DepositInfo`: `uint112` or `uint256`, `bool`, `uint112`, `uint32`, `uint48`).
    fn read(data: &[u8]) -> Option<Self> {
        let [deposit, staked, stake, unstake_delay, withdraw_time] = words(data)?;
        let fits = |word: U256, bits: usize| word.bit_len() <= bits;
        if !fits(stake, 112) || !fits(unstake_delay, 32) || !fits(withdraw_time, 48) {
            return None;
        }
        Some(Self { deposit, staked: flag(staked)?, stake, unstake_delay, withdraw_time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_five_words_that_fit_or_nothing() {
        let answer = |words: [U256; 5]| words.map(|word| word.to_be_bytes::<32>()).concat();
        let good = [5, 1, 7, 86_400, 0].map(U256::from);
        assert_eq!(DepositInfo::read(&answer(good)).unwrap().deposit, U256::from(5));
        for length in [0, 32, 159, 161, 192] {
            let mut data = answer(good);
            data.resize(length, 0);
            assert_eq!(DepositInfo::read(&data), None, "{length}");
        }
        for (place, word) in [(1, U256::from(2)), (2, U256::ONE << 112), (3, U256::ONE << 32), (4, U256::ONE << 48)] {
            let mut bad = good;
            bad[place] = word;
            assert_eq!(DepositInfo::read(&answer(bad)), None, "{place}");
        }
    }
}
