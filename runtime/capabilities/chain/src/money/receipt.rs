//! What became of a transaction in a block. A receipt counts only where its block is the one at its height, and says what the
//! sender paid for it in all.

use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    decode::{Account, Amount, Hash},
    endpoint::Node,
    fault::Fault,
    methods,
    read::{Block, Read, params, parse},
};

/// A transaction in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's hash.
    pub hash: B256,
    /// The height of its block.
    pub block_number: u64,
    /// The hash of its block.
    pub block_hash: B256,
    /// Whether it did what it should; else it was reverted, and only the fee is spent.
    pub success: bool,
    /// What it cost beside its value, in the chain's smallest unit: gas used times the price paid for it, and what a rollup
    /// takes for publishing it (`l1Fee`).
    pub fee: U256,
    /// Who sent it.
    pub from: Address,
}

pub(super) struct ReadReceipt {
    pub(super) hash: B256,
    /// The newest block that was agreed on, if one was.
    pub(super) floor: Option<u64>,
    /// Later blocks don't count.
    pub(super) up_to: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    transaction_hash: Hash,
    block_hash: Option<Hash>,
    block_number: Option<Amount>,
    status: Amount,
    from: Account,
    gas_used: Amount,
    effective_gas_price: Option<Amount>,
    l1_fee: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Priced {
    hash: Hash,
    gas_price: Amount,
}

impl Read for ReadReceipt {
    type Answer = Option<Receipt>;

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &Self::Answer, other: &Self::Answer) -> bool {
        one == other
    }

    /// Those that have seen a newer block than others may be of one mind about the one that all have.
    fn common(&self, _answers: &[&Self::Answer], _rank: usize) -> Option<Self> {
        match (self.up_to, self.floor) {
            (None, Some(floor)) => Some(Self { hash: self.hash, floor: self.floor, up_to: Some(floor) }),
            _ => None,
        }
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Self::Answer, Fault> {
        let answer = node.call(methods::GET_TRANSACTION_RECEIPT, params(&[self.hash])?).await?;
        let Some((written, block)) = self.in_a_block(&answer)? else { return Ok(None) };
        block.check(node).await?;
        let price = match written.effective_gas_price {
            Some(Amount(price)) => price,
            None => self.price(node).await?,
        };
        receipt(&written, block, price).map(Some)
    }
}

impl ReadReceipt {
    /// A receipt and its block, if it is in one that counts.
    fn in_a_block(&self, answer: &RawValue) -> Result<Option<(Written, Block)>, Fault> {
        let Some(written) = parse::<Option<Written>>(answer)? else { return Ok(None) };
        if written.transaction_hash.0 != self.hash {
            return Err(Fault::malformed("the receipt of another transaction"));
        }
        let block = match (written.block_number, written.block_hash) {
            (Some(number), Some(hash)) if !hash.0.is_zero() => Block { number: number.to_u64()?, hash: hash.0 },
            (None, None) => return Ok(None),
            _ => return Err(Fault::malformed("a receipt without its block")),
        };
        Ok(self.up_to.is_none_or(|most| block.number <= most).then_some((written, block)))
    }

    /// What was paid for a unit of gas, where the receipt doesn't say: before EIP-1559, what the transaction offers.
    async fn price(&self, node: Node<'_>) -> Result<U256, Fault> {
        let answer = node.call(methods::GET_TRANSACTION, params(&[self.hash])?).await?;
        let Priced { hash, gas_price: Amount(price) } = parse(&answer)?;
        if hash.0 == self.hash { Ok(price) } else { Err(Fault::malformed("another transaction")) }
    }
}

fn receipt(written: &Written, block: Block, price: U256) -> Result<Receipt, Fault> {
    let success = match written.status.0 {
        U256::ZERO => false,
        U256::ONE => true,
        other => return Err(Fault::malformed(format!("a receipt with status {other}"))),
    };
    let Amount(published) = written.l1_fee.unwrap_or(Amount(U256::ZERO));
    let fee = written.gas_used.0.checked_mul(price).and_then(|fee| fee.checked_add(published));
    Ok(Receipt {
        hash: written.transaction_hash.0,
        block_number: block.number,
        block_hash: block.hash,
        success,
        fee: fee.ok_or_else(|| Fault::malformed("a fee of more than 256 bits"))?,
        from: written.from.0,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HASH: B256 = B256::repeat_byte(0xaa);

    fn written() -> Value {
        json!({
            "transactionHash": HASH, "blockHash": B256::repeat_byte(0xbb), "blockNumber": "0x10", "status": "0x1",
            "from": Address::repeat_byte(0xcc), "gasUsed": "0x5208", "effectiveGasPrice": "0x3", "logs": [],
        })
    }

    fn read(up_to: Option<u64>, answer: &Value) -> Result<Option<Receipt>, Fault> {
        let read = ReadReceipt { hash: HASH, floor: None, up_to };
        let Some((written, block)) = read.in_a_block(&RawValue::from_string(answer.to_string()).unwrap())? else {
            return Ok(None);
        };
        receipt(&written, block, written.effective_gas_price.unwrap().0).map(Some)
    }

    #[test]
    fn a_receipt_says_block_outcome_and_the_whole_fee() {
        let mut answer = written();
        let found = read(None, &answer).unwrap().unwrap();
        assert_eq!((found.block_number, found.success, found.fee), (16, true, U256::from(63_000)));
        answer["status"] = json!("0x0");
        answer["l1Fee"] = json!("0x64");
        let found = read(None, &answer).unwrap().unwrap();
        assert_eq!((found.success, found.fee), (false, U256::from(63_100)));
        answer["l1Fee"] = Value::Null;
        assert_eq!(read(None, &answer).unwrap().unwrap().fee, U256::from(63_000));
    }

    #[test]
    fn what_is_in_no_block_that_counts_is_none() {
        assert_eq!(read(None, &Value::Null).unwrap(), None);
        assert_eq!(read(Some(15), &written()).unwrap(), None);
        assert!(read(Some(16), &written()).unwrap().is_some());
        let mut waiting = written();
        waiting["blockHash"] = Value::Null;
        assert!(matches!(read(None, &waiting), Err(Fault::Malformed(_))), "half a block");
        waiting["blockNumber"] = Value::Null;
        assert_eq!(read(None, &waiting).unwrap(), None);
    }

    #[test]
    fn a_receipt_with_a_field_wrong_or_missing_is_malformed() {
        for field in ["transactionHash", "status", "from", "gasUsed"] {
            let mut answer = written();
            answer.as_object_mut().unwrap().remove(field);
            assert!(matches!(read(None, &answer), Err(Fault::Malformed(_))), "no {field}");
        }
        let hash = json!(B256::repeat_byte(0xab));
        for (field, wrong) in [
            ("transactionHash", hash),
            ("blockHash", json!(B256::ZERO)),
            ("blockHash", json!("0x")),
            ("blockNumber", json!("0x")),
            ("blockNumber", json!(16)),
            ("blockNumber", json!("0x10000000000000000")),
            ("status", json!("0x2")),
            ("status", json!(1)),
            ("status", json!("0x")),
            ("status", Value::Null),
            ("gasUsed", json!("0x")),
            ("gasUsed", json!(format!("0x{}", "f".repeat(64)))),
            ("effectiveGasPrice", json!("0x")),
            ("effectiveGasPrice", json!(3)),
            ("l1Fee", json!("0x")),
            ("l1Fee", json!("100")),
        ] {
            let mut answer = written();
            answer[field] = wrong.clone();
            assert!(matches!(read(None, &answer), Err(Fault::Malformed(_))), "{field}: {wrong}");
        }
    }
}
