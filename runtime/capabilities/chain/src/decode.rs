//! Values as JSON-RPC writes them, read strictly. What isn't exactly a quantity, a hash or bytes is an error: `0x`, a
//! number, `null` or a missing field must never become a zero.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde::{Deserialize, Deserializer, de};

use crate::fault::Fault;

/// A quantity that fits 64 bits: `0x` and 1 to 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity(pub(crate) u64);

/// A quantity exactly as the Execution API writes it: `0x` and 1 to 64 hexadecimal digits, of which the first is 0 only if it is
/// the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) U256);

/// Bytes: `0x` and an even number of hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Data(pub(crate) Bytes);

/// 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) B256);

/// 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) Address);

impl Amount {
    /// As a number of 64 bits, as heights and counts are.
    pub(crate) fn to_u64(self) -> Result<u64, Fault> {
        u64::try_from(self.0).map_err(|_large| Fault::malformed("a number of more than 64 bits"))
    }
}

fn digits(text: &str) -> Option<&str> {
    text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn quantity(text: &str) -> Option<Quantity> {
    let digits = digits(text).filter(|digits| digits.len() <= 16)?;
    u64::from_str_radix(digits, 16).ok().map(Quantity)
}

fn amount(text: &str) -> Option<Amount> {
    let digits = digits(text).filter(|digits| (1..=64).contains(&digits.len()))?;
    let is_exact = digits == "0" || !digits.starts_with('0');
    is_exact.then(|| U256::from_str_radix(digits, 16).ok().map(Amount)).flatten()
}

fn data(text: &str) -> Option<Data> {
    hex::decode(digits(text)?).ok().map(|bytes| Data(bytes.into()))
}

fn hash(text: &str) -> Option<Hash> {
    B256::try_from(data(text)?.0.as_ref()).ok().map(Hash)
}

fn account(text: &str) -> Option<Account> {
    Address::try_from(data(text)?.0.as_ref()).ok().map(Account)
}

struct Text<T> {
    what: &'static str,
    parse: fn(&str) -> Option<T>,
}

impl<T> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| {
            let start: String = text.chars().take(80).collect();
            E::invalid_value(de::Unexpected::Str(&start), &self)
        })
    }
}

macro_rules! deserialize {
    ($type:ty, $parse:expr, $what:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text { what: $what, parse: $parse })
            }
        }
    };
}

deserialize!(Quantity, quantity, "a quantity of at most 64 bits");
deserialize!(Amount, amount, "a quantity of at most 256 bits without leading zeros");
deserialize!(Data, data, "hexadecimal bytes");
deserialize!(Hash, hash, "a hash of 32 bytes");
deserialize!(Account, account, "an address of 20 bytes");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_quantity_is_never_zero() {
        for bad in ["", "0x", "0", "1", "0x+1", "0x-1", "0xg", "0X1", " 0x1", "0x1 ", "0x1_0", "0x10000000000000000"] {
            assert_eq!(quantity(bad), None, "{bad:?}");
        }
        for bad in ["null", "0", "1", "[]", "{}", "true", "[48,120,49]"] {
            assert!(serde_json::from_str::<Quantity>(bad).is_err(), "{bad}");
        }
        assert_eq!(quantity("0x0"), Some(Quantity(0)));
        assert_eq!(quantity("0xffffffffffffffff"), Some(Quantity(u64::MAX)));
        assert_eq!(quantity("0x0010"), Some(Quantity(16)));
    }

    #[test]
    fn an_amount_is_exactly_a_quantity_of_the_execution_api() {
        let long = "f".repeat(64);
        for bad in ["", "0x", "0", "1", "0x00", "0x01", "0x+1", "0x-1", "0xg", "0X1", " 0x1", "0x1 ", "0x1_0", "1e18"] {
            assert_eq!(amount(bad), None, "{bad:?}");
        }
        assert_eq!(amount(&format!("0x{long}f")), None);
        assert_eq!(amount(&format!("0x0{}", &long[1..])), None, "a word is no quantity");
        for bad in ["null", "0", "1", "1.5", "[]", "{}", "true", r#"["0x1"]"#] {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
        }
        assert_eq!(amount("0x0"), Some(Amount(U256::ZERO)));
        assert_eq!(amount("0x10"), Some(Amount(U256::from(16))));
        assert_eq!(amount("0xdE0B6b3A7640000"), Some(Amount(U256::from(1_000_000_000_000_000_000_u64))));
        assert_eq!(amount(&format!("0x{long}")), Some(Amount(U256::MAX)));
    }

    #[test]
    fn hashes_and_addresses_have_their_length() {
        let hex = |bytes: usize| format!("0x{}", "ab".repeat(bytes));
        assert!(hash(&hex(32)).is_some() && account(&hex(20)).is_some());
        for bytes in [0, 19, 21, 31, 33] {
            assert!(hash(&hex(bytes)).is_none() && account(&hex(bytes)).is_none(), "{bytes}");
        }
        assert_eq!(data("0x"), Some(Data(Bytes::new())));
        assert_eq!(data("0xabc"), None);
    }
}
