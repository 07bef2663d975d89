//! Payments and what comes of them, in alloy's types.

use alloy_primitives::{Address, B256, Bytes, U256};

/// Selector of `transfer(address,uint256)`, by ERC-20.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

/// What a plugin wants paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Names the effect within this job and account: the same key never pays twice. At most 200 bytes.
    pub key: String,
    /// Who the transaction goes to.
    pub to: Address,
    /// In the chain's smallest unit. The host may pay less, never more.
    pub value: U256,
    /// Empty, or a call whose function and arguments the grant names, in their canonical encoding.
    pub data: Bytes,
}

/// A payment in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its transaction.
    pub transaction_hash: B256,
    /// The block that has it.
    pub block_number: u64,
    /// What was paid, in the smallest unit of what was paid in: the chain's currency, or the token.
    pub amount: U256,
    /// What the transaction cost beside it, in the chain's smallest unit.
    pub fee: U256,
    /// Whether an earlier call with this key had paid.
    pub repeated: bool,
    /// Whether its block is as deep as the operator wants. If not, the host goes on watching it.
    pub confirmed: bool,
}

/// What the policy still lets this job spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The chain's currency or a token, by its symbol.
    pub asset: String,
    /// `payment` for each single one, or `24h`, `7d`, `lifetime` for all together.
    pub window: String,
    /// In the asset's smallest unit.
    pub left: U256,
}

impl Payment {
    /// A transfer of the chain's currency.
    pub fn transfer(key: impl Into<String>, to: Address, value: U256) -> Self {
        Self::call(key, to, value, Bytes::new())
    }

    /// A call that is paid for: selector and arguments in `data`, the chain's currency in `value`.
    pub fn call(key: impl Into<String>, to: Address, value: U256, data: impl Into<Bytes>) -> Self {
        Self { key: key.into(), to, value, data: data.into() }
    }

    /// A transfer of an ERC-20 token, in the token's smallest unit.
    pub fn token(key: impl Into<String>, token: Address, to: Address, amount: U256) -> Self {
        let data = [&TRANSFER[..], to.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat();
        Self::call(key, token, U256::ZERO, data)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{hex, keccak256};

    use super::*;

    #[test]
    fn a_tokens_transfer_is_encoded_as_the_token_reads_it() {
        assert_eq!(TRANSFER, keccak256("transfer(address,uint256)")[..4]);
        let payment = Payment::token("k", Address::repeat_byte(1), Address::repeat_byte(2), U256::from(258));
        assert_eq!((payment.to, payment.value), (Address::repeat_byte(1), U256::ZERO));
        let (recipient, amount) = ("02".repeat(20), format!("{:064x}", 258));
        assert_eq!(hex::encode(payment.data), format!("a9059cbb{}{recipient}{amount}", "0".repeat(24)));
    }

    #[test]
    fn a_plain_transfer_has_no_data() {
        let payment = Payment::transfer("k", Address::repeat_byte(1), U256::from(7));
        assert_eq!((payment.value, payment.data), (U256::from(7), Bytes::new()));
    }
}
