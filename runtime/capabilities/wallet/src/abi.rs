//! The little of Solidity's call encoding that a payment needs: functions of addresses and 256-bit numbers, whose arguments
//! are one word each. Everything else is refused where a grant names it.

use alloy_primitives::{Address, Bytes, U256, keccak256};

const WORD: usize = 32;
const SELECTOR: usize = 4;

/// A function by its signature, as `depositTo(address)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    signature: String,
    arguments: Vec<Kind>,
    selector: [u8; SELECTOR],
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Address,
    Number,
}

impl Function {
    /// Reads a signature without names and blanks.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(signature: &str) -> Result<Self, String> {
        let shape = || format!("{signature:?} is not a function's signature, such as \"depositTo(address)\"");
        let (name, rest) = signature.split_once('(').ok_or_else(shape)?;
        let list = rest.strip_suffix(')').ok_or_else(shape)?;
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(letters) {
            return Err(shape());
        }
        let kind = |word: &str| match word {
            "address" => Ok(Kind::Address),
            "uint256" => Ok(Kind::Number),
            other => Err(format!("an argument of type {other:?}: only address and uint256 can be held to a policy")),
        };
        let words = if list.is_empty() { Vec::new() } else { list.split(',').collect() };
        let arguments = words.into_iter().map(kind).collect::<Result<_, _>>()?;
        let [a, b, c, d, ..] = keccak256(signature).0;
        Ok(Self { signature: signature.to_owned(), arguments, selector: [a, b, c, d] })
    }

    pub(crate) fn signature(&self) -> &str {
        &self.signature
    }

    pub(crate) fn kinds(&self) -> &[Kind] {
        &self.arguments
    }

    /// A call with these words.
    pub(crate) fn encode(&self, words: impl IntoIterator<Item = [u8; WORD]>) -> Bytes {
        let mut data = self.selector.to_vec();
        data.extend(words.into_iter().flatten());
        data.into()
    }

    /// The words of a call of this function, if that is exactly what `data` is.
    pub(crate) fn decode<'a>(&self, data: &'a [u8]) -> Option<&'a [[u8; WORD]]> {
        let (words, rest) = data.strip_prefix(&self.selector)?.as_chunks::<WORD>();
        (rest.is_empty() && words.len() == self.arguments.len()).then_some(words)
    }
}

/// An address as an argument: twelve zero bytes before it.
pub(crate) fn address_word(address: Address) -> [u8; WORD] {
    address.into_word().0
}

/// A number as an argument.
pub(crate) fn number_word(number: U256) -> [u8; WORD] {
    number.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, hex};

    use super::*;

    #[test]
    fn calls_are_encoded_as_solidity_does() {
        let deposit = Function::parse("depositTo(address)").unwrap();
        let who = address!("0x00000000219ab540356cBB839Cbe05303d7705Fa");
        let data = deposit.encode([address_word(who)]);
        let expected = "b760faf900000000000000000000000000000000219ab540356cbb839cbe05303d7705fa";
        assert_eq!(hex::encode(&data), expected);
        assert_eq!(deposit.decode(&data), Some([address_word(who)].as_slice()));
        let transfer = Function::parse("transfer(address,uint256)").unwrap();
        assert_eq!(hex::encode(&transfer.encode([address_word(who), number_word(U256::from(258))])[..4]), "a9059cbb");
        assert_eq!(transfer.kinds(), [Kind::Address, Kind::Number]);
    }

    #[test]
    fn only_the_exact_call_is_one() {
        let deposit = Function::parse("depositTo(address)").unwrap();
        let good = deposit.encode([[0; 32]]).to_vec();
        let longer = [good.as_slice(), &[0]].concat();
        let shorter = &good[..good.len() - 1];
        let other = [&[0xb7, 0x60, 0xfa, 0xf8], &good[4..]].concat();
        for data in [longer.as_slice(), shorter, &other, &good[..4], &good[..3], &[]] {
            assert_eq!(deposit.decode(data), None, "{data:?}");
        }
    }

    #[test]
    fn what_a_policy_can_not_hold_is_no_function_here() {
        for bad in ["", "f", "f(", "f)", "(address)", "f(address", "1f()", "f(address, uint256)", "f(bytes)", "f(uint)"]
        {
            assert!(Function::parse(bad).is_err(), "{bad}");
        }
        assert!(Function::parse("f()").unwrap().kinds().is_empty());
    }
}
