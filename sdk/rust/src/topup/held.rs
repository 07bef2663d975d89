//! What targets have, all of one block. What can't be read is an error of that one target, and never zero.

use alloy_primitives::{Address, Bytes, U256};
use serde_json::json;

use crate::{
    chain::{Amount, Block, Call, Chain, Error, Header, Reply},
    join::join_all,
};

/// `balanceOf(address)`: of ERC-20, and of ERC-4337's EntryPoints.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

/// Where a target's amount stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The chain's currency of an address.
    Native(Address),
    /// What a contract answers to `balanceOf(address)`.
    BalanceOf {
        /// The contract.
        contract: Address,
        /// Of whom.
        of: Address,
    },
}

/// Reads all of them at the newest block.
///
/// # Errors
/// The block can't be read, or the calls as a whole. What one of them answers is in its own result.
pub async fn held(chain: &Chain, asked: &[Held]) -> Result<(Header, Vec<Result<U256, Error>>), Error> {
    let calls: Vec<Call> = asked.iter().filter_map(|held| held.call()).collect();
    let (header, replies) = match calls.is_empty() {
        true => (chain.header(Block::Latest).await?, Vec::new()),
        false => chain.call(Block::Latest, calls).await?,
    };
    let mut replies = replies.into_iter();
    let reads = asked.iter().map(|held| {
        let reply = if held.call().is_some() { replies.next() } else { None };
        held.read(chain, &header, reply)
    });
    let read = join_all(reads).await;
    Ok((header, read))
}

impl Held {
    fn call(self) -> Option<Call> {
        match self {
            Self::Native(_) => None,
            Self::BalanceOf { contract, of } => {
                let data: Bytes = [&BALANCE_OF[..], of.into_word().as_slice()].concat().into();
                Some(Call { to: contract, data })
            }
        }
    }

    async fn read(self, chain: &Chain, header: &Header, reply: Option<Reply>) -> Result<U256, Error> {
        match self {
            Self::Native(address) => {
                // By its hash (EIP-1898): another block of the same number is an error then.
                let block = json!({ "blockHash": header.hash });
                let Amount(balance) = chain.request("eth_getBalance", (address, block)).await?;
                Ok(balance)
            }
            Self::BalanceOf { contract, .. } => {
                let malformed = |what: String| Error::Malformed(format!("balanceOf of {contract} {what}"));
                match reply {
                    Some(Reply::Returned(data)) => match <[u8; 32]>::try_from(data.as_ref()) {
                        Ok(word) => Ok(U256::from_be_bytes(word)),
                        Err(_) => Err(malformed(format!("returns {} bytes", data.len()))),
                    },
                    Some(Reply::Reverted(_)) => Err(malformed("reverts".to_owned())),
                    None => Err(malformed("has no reply".to_owned())),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::BALANCE_OF;

    #[test]
    fn the_selector_is_that_of_the_function() {
        assert_eq!(BALANCE_OF, keccak256("balanceOf(address)")[..4]);
    }
}
