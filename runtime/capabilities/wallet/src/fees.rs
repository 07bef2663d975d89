//! What a transaction offers for its gas: at first, and when it is replaced. Only numbers; nodes tell the chain's prices and
//! are not trusted with them: what is offered never passes the cap.

use alloy_primitives::U256;
use watchkeeper_chain::Fees;

/// The price of a unit of gas, in the chain's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// EIP-1559.
    Dynamic { max_fee: U256, priority: U256 },
    /// One price.
    Legacy { price: U256 },
}

impl Offer {
    /// The most that a unit may cost.
    pub(crate) const fn most(&self) -> U256 {
        match self {
            Self::Dynamic { max_fee, .. } => *max_fee,
            Self::Legacy { price } => *price,
        }
    }

    /// What the block's maker gets of it.
    pub(crate) const fn priority(&self) -> U256 {
        match self {
            Self::Dynamic { priority, .. } => *priority,
            Self::Legacy { price } => *price,
        }
    }
}

/// What the chain asks now, if the cap allows it; else what it asks.
pub(crate) fn first(fees: &Fees, cap: U256) -> Result<Offer, U256> {
    let (asked, wanted) = wanted(fees);
    if asked > cap { Err(asked) } else { Ok(offer(fees, wanted.min(cap), fees.priority_fee)) }
}

/// An offer that nodes take in the place of the last one: an eighth more on both counts (Geth wants a tenth), and what the chain
/// asks now if that is more. None if the cap doesn't allow it.
pub(crate) fn replacement(fees: &Fees, last: U256, last_priority: U256, cap: U256) -> Option<Offer> {
    let raised = |price: U256| price.checked_add(price.div_ceil(U256::from(8)).max(U256::from(1)));
    let (_, wanted) = wanted(fees);
    let most = raised(last)?;
    let priority = raised(last_priority)?;
    (most <= cap).then(|| offer(fees, wanted.max(most).min(cap), fees.priority_fee.max(priority)))
}

/// What a block takes now, and what it may take after the base fee has grown for six full blocks.
fn wanted(fees: &Fees) -> (U256, U256) {
    match fees.base_fee {
        Some(base) => {
            let asked = base.saturating_add(fees.priority_fee);
            (asked, asked.saturating_add(base))
        }
        None => (fees.gas_price, fees.gas_price),
    }
}

fn offer(fees: &Fees, most: U256, priority: U256) -> Offer {
    match fees.base_fee {
        Some(_) => Offer::Dynamic { max_fee: most, priority: priority.min(most) },
        None => Offer::Legacy { price: most },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fees(base: Option<u64>, priority: u64, price: u64) -> Fees {
        Fees { base_fee: base.map(U256::from), priority_fee: U256::from(priority), gas_price: U256::from(price) }
    }

    fn dynamic(max_fee: u64, priority: u64) -> Offer {
        Offer::Dynamic { max_fee: U256::from(max_fee), priority: U256::from(priority) }
    }

    #[test]
    fn the_first_offer_leaves_room_for_growth_but_never_passes_the_cap() {
        assert_eq!(first(&fees(Some(100), 2, 0), U256::from(1000)), Ok(dynamic(202, 2)));
        assert_eq!(first(&fees(Some(100), 2, 0), U256::from(150)), Ok(dynamic(150, 2)));
        assert_eq!(first(&fees(Some(100), 2, 0), U256::from(101)), Err(U256::from(102)));
        assert_eq!(first(&fees(None, 0, 70), U256::from(70)), Ok(Offer::Legacy { price: U256::from(70) }));
        assert_eq!(first(&fees(None, 0, 70), U256::from(69)), Err(U256::from(70)));
        assert!(first(&fees(Some(u64::MAX), u64::MAX, 0), U256::from(5)).is_err());
    }

    #[test]
    fn a_replacement_offers_at_least_a_tenth_more_of_both() {
        let calm = fees(Some(100), 2, 0);
        let offer = replacement(&calm, U256::from(202), U256::from(2), U256::from(1000)).unwrap();
        assert_eq!(offer, dynamic(228, 3));
        assert!(offer.most() * U256::from(10) >= U256::from(202 * 11));
        let spike = fees(Some(300), 40, 0);
        assert_eq!(replacement(&spike, U256::from(202), U256::from(2), U256::from(1000)), Some(dynamic(640, 40)));
        assert_eq!(replacement(&spike, U256::from(202), U256::from(2), U256::from(400)), Some(dynamic(400, 40)));
        assert_eq!(replacement(&spike, U256::from(202), U256::from(2), U256::from(227)), None);
        let legacy = replacement(&fees(None, 0, 70), U256::from(70), U256::from(70), U256::from(100));
        assert_eq!(legacy, Some(Offer::Legacy { price: U256::from(79) }));
    }
}
