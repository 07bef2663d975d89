//! Values as JSON-RPC writes them, read strictly. What isn't exactly a quantity, a hash or bytes is an error: `0x`, a
//! number, `null` or a missing field must never become a zero.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, hex};
use serde::{Deserialize, Deserializer, de};

/// A quantity that fits 64 bits: `0x` and 1 to 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quantity(pub(crate) u64);

/// Bytes: `0x` and an even number of hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Data(pub(crate) Bytes);

/// 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) B256);

/// 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) Address);

fn digits(text: &str) -> Option<&str> {
    text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn quantity(text: &str) -> Option<Quantity> {
    let digits = digits(text).filter(|digits| digits.len() <= 16)?;
    u64::from_str_radix(digits, 16).ok().map(Quantity)
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
