//! What gas costs now, as one endpoint says: advice, which nobody can check. Whoever pays caps it.

use alloy_primitives::U256;
use serde::Deserialize;

use super::{Money, at::amount};
use crate::{
    At, ReadError,
    decode::Amount,
    endpoint::{Answer, Asked, Node},
    fault::Fault,
    methods,
    read::{Read, params, parse},
};

/// Prices of a unit of gas, in the chain's smallest unit. Not to be trusted: one endpoint says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// What the newest block takes from each transaction (EIP-1559); none on a chain without.
    pub base_fee: Option<U256>,
    /// What its maker gets beside it, as the endpoint advises; where it gives no such advice, what its price is above the base
    /// fee. Zero on a chain without a base fee.
    pub priority_fee: U256,
    /// One price for all, as the endpoint advises.
    pub gas_price: U256,
}

impl Money {
    /// What gas costs now: the newest block's base fee and the advice of one endpoint.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`.
    pub async fn fees(&self) -> Result<Fees, ReadError> {
        self.chain.read(&ReadFees).await
    }
}

struct ReadFees;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    base_fee_per_gas: Option<Amount>,
}

impl Read for ReadFees {
    type Answer = Fees;

    async fn attempt(&self, node: Node<'_>) -> Result<Fees, Fault> {
        let none = || params(&[(); 0]);
        let asked = vec![
            Asked { method: methods::GET_BLOCK, params: params(&(At::Latest, false))? },
            Asked { method: methods::GAS_PRICE, params: none()? },
            Asked { method: methods::MAX_PRIORITY_FEE_PER_GAS, params: none()? },
        ];
        let mut answers = node.requests(asked).await?.into_iter();
        let (Some(block), Some(price), Some(priority)) = (answers.next(), answers.next(), answers.next()) else {
            return Err(Fault::malformed("a request without an answer"));
        };
        let block: Block = parse::<Option<Block>>(&block?)?.ok_or(Fault::NoBlock)?;
        fees(block.base_fee_per_gas.map(|Amount(fee)| fee), advice(price), advice(priority))
    }
}

/// A price; an error where the endpoint has none to give.
fn advice(answer: Answer) -> Result<U256, Fault> {
    amount(&answer?)
}

fn fees(base_fee: Option<U256>, price: Result<U256, Fault>, priority: Result<U256, Fault>) -> Result<Fees, Fault> {
    let Some(base) = base_fee else {
        return Ok(Fees { base_fee, priority_fee: U256::ZERO, gas_price: price? });
    };
    let (priority_fee, gas_price) = match (priority, price) {
        (Ok(priority), Ok(price)) => (priority, price),
        (Ok(priority), Err(Fault::Rpc(_))) => (priority, base.saturating_add(priority)),
        (Err(Fault::Rpc(_)), Ok(price)) => (price.saturating_sub(base), price),
        (Err(fault), _) | (_, Err(fault)) => return Err(fault),
    };
    Ok(Fees { base_fee, priority_fee, gas_price })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Result<U256, Fault> {
        Err(Fault::Rpc(serde_json::from_str(r#"{"code":-32601,"message":"method not found"}"#).unwrap()))
    }

    #[test]
    fn what_an_endpoint_has_no_advice_for_comes_from_what_it_has() {
        let number = U256::from::<u64>;
        let of = |fees: Fees| (fees.base_fee, fees.priority_fee, fees.gas_price);
        let base = Some(number(100));
        let found = fees(base, Ok(number(107)), Ok(number(5))).map(of).unwrap();
        assert_eq!(found, (base, number(5), number(107)));
        assert_eq!(of(fees(base, Ok(number(107)), missing()).unwrap()), (base, number(7), number(107)));
        assert_eq!(of(fees(base, Ok(number(90)), missing()).unwrap()), (base, U256::ZERO, number(90)));
        assert_eq!(of(fees(base, missing(), Ok(number(5))).unwrap()), (base, number(5), number(105)));
        assert_eq!(of(fees(None, Ok(number(90)), missing()).unwrap()), (None, U256::ZERO, number(90)));
        assert!(fees(base, missing(), missing()).is_err());
        assert!(fees(None, missing(), Ok(number(5))).is_err());
    }

    #[test]
    fn advice_that_makes_no_sense_is_no_missing_advice() {
        let malformed = || Err(Fault::malformed("0x"));
        let one = || Ok(U256::ONE);
        assert!(matches!(fees(Some(U256::ONE), one(), malformed()), Err(Fault::Malformed(_))));
        assert!(matches!(fees(Some(U256::ONE), malformed(), one()), Err(Fault::Malformed(_))));
    }
}
