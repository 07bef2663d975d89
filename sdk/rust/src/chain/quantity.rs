//! JSON-RPC quantities: `0x` and the fewest hexadecimal digits, zero as `0x0` (Ethereum's execution API, schema `uint`;
//! the `zkevm_` methods of cdk-erigon and zkevm-node write them so too). Anything else is an error, so that no sloppy
//! answer reads as a number that the node didn't mean: alloy's own types read `0x` as zero.

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, de::Error};

/// A quantity of up to 256 bits: an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub U256);

/// A quantity of up to 64 bits: a height, a batch, a time in seconds, an amount of gas, a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub u64);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_number(&text).map(Self).map_err(D::Error::custom)
    }
}

fn parse_number(text: &str) -> Result<u64, String> {
    u64::try_from(parse(text)?).map_err(|_| format!("`{text}` is more than 64 bits"))
}

fn parse(text: &str) -> Result<U256, String> {
    let shown = || text.chars().take(80).collect::<String>();
    let digits = text.strip_prefix("0x").ok_or_else(|| format!("`{}` doesn't begin with `0x`", shown()))?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!("`{}` is not a hexadecimal number", shown()));
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(format!("`{}` has leading zeros", shown()));
    }
    U256::from_str_radix(digits, 16).map_err(|_| format!("`{}` is more than 256 bits", shown()))
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn quantities_are_minimal_hexadecimal_numbers() {
        for (text, number) in [("0x0", 0), ("0x1", 1), ("0xff", 255), ("0xFF", 255), ("0xffffffffffffffff", u64::MAX)] {
            assert_eq!(from_value::<Number>(json!(text)).unwrap(), Number(number));
        }
        assert_eq!(from_value::<Amount>(json!(format!("{:#x}", U256::MAX))).unwrap(), Amount(U256::MAX));
    }

    #[test]
    fn anything_else_is_an_error_and_never_zero() {
        let wide = format!("0x1{}", "0".repeat(64));
        for bad in
            ["", "0", "0x", "0X1", "0x00", "0x01", "x1", "1", "-0x1", "0x-1", "0x+1", "0x_1", " 0x1", "0xg", &wide]
        {
            assert!(from_value::<Amount>(json!(bad)).is_err(), "{bad}");
            assert!(from_value::<Number>(json!(bad)).is_err(), "{bad}");
        }
        for bad in [json!(null), json!(1), json!(1.5), json!(-1), json!(true), json!([]), json!({})] {
            assert!(from_value::<Amount>(bad.clone()).is_err(), "{bad}");
            assert!(from_value::<Number>(bad.clone()).is_err(), "{bad}");
        }
        assert!(from_value::<Number>(json!("0x10000000000000000")).is_err());
    }
}
