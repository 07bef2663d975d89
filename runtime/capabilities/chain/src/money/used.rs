//! Which transaction used a nonce: the block is searched for by the counts at heights, then read with its transactions.

use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Money, at::count};
use crate::{
    At, Header, ReadError,
    decode::{Account, Amount, Hash},
    endpoint::Node,
    fault::Fault,
    methods,
    read::{Read, ReadHeader, params, parse},
};

impl Money {
    /// The transaction of `sender` that has this nonce, and its block; none if no block up to `up_to` has one. It is looked for
    /// in the blocks above `after`; counts and the block are agreed on as all else.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`: also where endpoints keep no state of so long ago, where the nonce was used at or below
    /// `after`, and where no transaction of the block shows it. Then it isn't known what used it.
    pub async fn nonce_user(
        &self,
        sender: Address,
        nonce: u64,
        after: u64,
        up_to: &Header,
    ) -> Result<Option<(B256, Header)>, ReadError> {
        if self.transaction_count(up_to, sender).await? <= nonce {
            return Ok(None);
        }
        if after >= up_to.number || self.is_used(sender, nonce, after).await? {
            return Err(self.unclear(&format!("nonce {nonce} of {sender} was used at or below block {after}")));
        }
        let (mut unused, mut used) = (after, up_to.number);
        while used - unused > 1 {
            let middle = unused + (used - unused) / 2;
            if self.is_used(sender, nonce, middle).await? {
                used = middle;
            } else {
                unused = middle;
            }
        }
        let (header, found) = self.agreed(&ReadUser { number: used, sender, nonce }).await?;
        let hash = found.ok_or_else(|| {
            self.unclear(&format!("nonce {nonce} of {sender} was used in block {used}, which has no such transaction"))
        })?;
        Ok(Some((hash, self.chain.stamped(header))))
    }

    async fn is_used(&self, sender: Address, nonce: u64, number: u64) -> Result<bool, ReadError> {
        Ok(self.agreed(&ReadCount { of: sender, number }).await? > nonce)
    }
}

/// How many transactions an address has at a height.
struct ReadCount {
    of: Address,
    number: u64,
}

impl Read for ReadCount {
    type Answer = u64;

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &u64, other: &u64) -> bool {
        one == other
    }

    async fn attempt(&self, node: Node<'_>) -> Result<u64, Fault> {
        count(&node.call(methods::GET_TRANSACTION_COUNT, params(&(self.of, At::Number(self.number)))?).await?)
    }
}

/// A block, and the hash of the transaction in it that has the nonce.
struct ReadUser {
    number: u64,
    sender: Address,
    nonce: u64,
}

#[derive(Deserialize)]
struct Full {
    transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    hash: Hash,
    from: Account,
    /// Some chains' own kinds of transactions have none.
    nonce: Option<Amount>,
}

impl Read for ReadUser {
    type Answer = (Header, Option<B256>);

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &Self::Answer, other: &Self::Answer) -> bool {
        one == other
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Self::Answer, Fault> {
        self.user(&node.call(methods::GET_BLOCK, params(&(At::Number(self.number), true))?).await?)
    }
}

impl ReadUser {
    fn user(&self, answer: &RawValue) -> Result<(Header, Option<B256>), Fault> {
        let header = ReadHeader { at: At::Number(self.number) }.header(answer)?;
        let Full { transactions } = parse(answer)?;
        let nonce = Some(Amount(U256::from(self.nonce)));
        let has_it = |transaction: &&Transaction| transaction.from.0 == self.sender && transaction.nonce == nonce;
        Ok((header, transactions.iter().find(has_it).map(|transaction| transaction.hash.0)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(transactions: Value) -> Result<Option<B256>, Fault> {
        let hash = |byte| B256::repeat_byte(byte);
        let block = json!({
            "number": "0x10", "hash": hash(0xab), "parentHash": hash(0xcd), "timestamp": "0x20", "transactions": transactions,
        });
        let read = ReadUser { number: 16, sender: Address::repeat_byte(1), nonce: 7 };
        read.user(&RawValue::from_string(block.to_string()).unwrap()).map(|(_, found)| found)
    }

    #[test]
    fn a_block_shows_who_used_a_nonce() {
        let transaction = |byte: u8, from: u8, nonce: Value| json!({ "hash": B256::repeat_byte(byte), "from": Address::repeat_byte(from), "nonce": nonce });
        let (other, earlier) = (transaction(1, 2, json!("0x7")), transaction(2, 1, json!("0x6")));
        let (own, without) = (transaction(3, 1, json!("0x7")), transaction(4, 1, Value::Null));
        assert_eq!(user(json!([other, earlier, without, own])).unwrap(), Some(B256::repeat_byte(3)));
        assert_eq!(user(json!([other, earlier, without])).unwrap(), None);
        for bad in [json!("0x"), json!(7), json!("0x07")] {
            assert!(matches!(user(json!([transaction(3, 1, bad)])), Err(Fault::Malformed(_))));
        }
        assert!(matches!(user(json!([B256::repeat_byte(3)])), Err(Fault::Malformed(_))), "hashes alone show nobody");
        assert!(matches!(user(Value::Null), Err(Fault::Malformed(_))));
    }
}
