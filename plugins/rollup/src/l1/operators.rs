//! What the sequencer and the aggregator hold on L1, at the block at which the contract was read.

use watchkeeper_sdk::{chain::Amount, prelude::*};

use super::{abi, contract::Snapshot, costs::Role, units};
use crate::{notes::Notes, settings::L1};

/// `balanceOf(address)` of ERC-20.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

#[derive(Metrics)]
#[metric(prefix = "rollup", labels("chain"))]
pub(crate) struct Metrics {
    /// What the sequencer or the aggregator holds on L1, in whole units of its currency.
    #[metric(unit = "native", labels("role"))]
    operator_balance_native: Gauge<2>,
    /// What the sequencer or the aggregator holds on L1, in whole fee tokens.
    #[metric(unit = "tokens", labels("role"))]
    operator_balance_tokens: Gauge<2>,
}

impl Metrics {
    /// Shows the balances of the operators that are known. `last_aggregator` is who sent the last proof.
    pub(super) async fn show(
        &self,
        rollup: &str,
        chain: &Chain,
        config: &L1,
        snapshot: &Snapshot,
        last_aggregator: Option<Address>,
        notes: &mut Notes,
    ) -> Result<()> {
        let sequencer = config.operators.sequencer.or(snapshot.sequencer);
        let aggregator = config.operators.aggregator.or(snapshot.aggregator).or(last_aggregator);
        for (role, account) in [(Role::Sequencer, sequencer), (Role::Aggregator, aggregator)] {
            let what = format!("address of the {}", role.label());
            let Some(account) = account else {
                notes.missing(chain.name(), &what, "neither config nor contract names one");
                continue;
            };
            notes.found(chain.name(), &what);
            let shown = self.one(rollup, chain, config, snapshot.head.number, role, account).await;
            match shown {
                Ok(()) => {}
                Err(error @ chain::Error::Denied(_)) => return Err(error.into()),
                Err(error) => warn!(chain = chain.name(), "no balance of the {}: {error}", role.label()),
            }
        }
        Ok(())
    }

    async fn one(
        &self,
        rollup: &str,
        chain: &Chain,
        config: &L1,
        block: u64,
        role: Role,
        account: Address,
    ) -> Result<(), chain::Error> {
        let balance: Amount = chain.request("eth_getBalance", (account, format!("{block:#x}"))).await?;
        self.operator_balance_native.set([rollup, role.label()], units(balance.0, config.decimals));
        let Some(token) = &config.fee_token else { return Ok(()) };
        let call = abi::call(token.address, BALANCE_OF, Some(account.into_word().0));
        let (_, replies) = chain.call(Block::Number(block), [call]).await?;
        let balance = match replies.as_slice() {
            [Reply::Returned(data)] => abi::words::<1>(data).map(|[word]| abi::amount(&word)),
            _ => None,
        };
        let Some(balance) = balance else {
            return Err(chain::Error::Malformed(format!("{} doesn't answer balanceOf(address)", token.address)));
        };
        self.operator_balance_tokens.set([rollup, role.label()], units(balance, token.decimals));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn the_selector_is_the_hash_of_its_signature() {
        assert_eq!(keccak256("balanceOf(address)")[..4], BALANCE_OF);
    }
}
