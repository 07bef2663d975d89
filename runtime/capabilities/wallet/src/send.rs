//! Signing and handing out: the journal has the bytes before anybody else does. The caller is the account's owner.

use alloy_primitives::U256;
use watchkeeper_keys::{Fees as Price, Unsigned};
use watchkeeper_ledger::{Payment, PaymentEvent, SignedTransaction};

use crate::{PayError, account::Account, fail_point, fees::Offer};

/// How a payment's next transaction looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) nonce: u64,
    pub(crate) gas_limit: u64,
    pub(crate) offer: Offer,
}

impl Account {
    /// Signs what was reserved, and keeps it. Nobody has seen it yet.
    pub(crate) async fn sign(&self, payment: &Payment, shape: Shape) -> Result<Payment, PayError> {
        let reserved = payment
            .reserved
            .as_ref()
            .ok_or_else(|| PayError::Unavailable(format!("payment {}: nothing is reserved for it", payment.id)))?;
        let cost = shape.offer.most().checked_mul(U256::from(shape.gas_limit));
        if cost.is_none_or(|cost| cost > reserved.max_fee) {
            return Err(PayError::OverBudget(format!("payment {}: its fee could pass what is reserved", payment.id)));
        }
        let unsigned = Unsigned {
            chain_id: self.sender.chain_id,
            nonce: shape.nonce,
            to: reserved.to,
            value: reserved.value,
            data: reserved.data.clone(),
            gas_limit: shape.gas_limit,
            fees: match shape.offer {
                Offer::Dynamic { max_fee, priority } => {
                    Price::Eip1559 { max_fee_per_gas: price(max_fee)?, max_priority_fee_per_gas: price(priority)? }
                }
                Offer::Legacy { price: offered } => Price::Legacy { gas_price: price(offered)? },
            },
        };
        fail_point::pass("signer.before");
        let signed = self.signer().await?.sign(unsigned).await;
        fail_point::pass("signer.after");
        let signed = signed.map_err(|error| self.unsigned(&error))?;
        let transaction = SignedTransaction {
            nonce: shape.nonce,
            hash: signed.hash,
            raw: signed.raw,
            max_fee_per_gas: shape.offer.most(),
            priority_fee_per_gas: shape.offer.priority(),
            gas_limit: shape.gas_limit,
            at: self.clock.now(),
        };
        fail_point::pass("sign.before");
        let payment = self.ledger.sign(payment.id, transaction).await?;
        fail_point::pass("sign.after");
        self.moved(&payment);
        Ok(payment)
    }

    /// Hands the payment's last transaction to the endpoints. What they answer decides nothing: only a block does.
    pub(crate) async fn send(&self, payment: &Payment) -> Result<(), PayError> {
        self.stop().await?;
        let transactions = self.ledger.payment_transactions(payment.id).await?;
        let Some(last) = transactions.last() else {
            return Err(PayError::Unavailable(format!("payment {}: it has no transaction", payment.id)));
        };
        fail_point::pass("send.before");
        let sent = self.money.broadcast(&last.raw).await;
        fail_point::pass("send.after");
        for sent in &sent {
            tracing::info!(
                account = %self.name, payment = payment.id, hash = %last.hash, nonce = last.nonce,
                endpoint = sent.endpoint, answer = ?sent.answer, "payment sent"
            );
        }
        self.note(payment.id, PaymentEvent::Broadcast).await?;
        Ok(())
    }
}

/// A price as transactions hold it.
fn price(offered: U256) -> Result<u128, PayError> {
    u128::try_from(offered).map_err(|_| PayError::OverBudget("a price for gas that no transaction can hold".to_owned()))
}
