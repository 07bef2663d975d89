//! Heights and amounts as a node writes them: decimal digits, within a header or a coin as a text, elsewhere as a JSON number.
//! Both forms are read everywhere, because they can't be mistaken for one another; anything else is an error and never zero.

use serde::{Deserialize, Deserializer, de::Error};

/// A height or a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Plain(number) => Ok(Self(number)),
            Form::Text(text) => parse(&text).map(Self).map_err(D::Error::custom),
        }
    }
}

/// An amount of the smallest unit of a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) u128);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A number of decimal digits without sign, spaces or leading zeros.
pub(crate) fn parse<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    let shown = || text.chars().take(80).collect::<String>();
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) || (text.len() > 1 && text.starts_with('0'))
    {
        return Err(format!("`{}` is not a decimal number", shown()));
    }
    text.parse().map_err(|_| format!("`{}` is too large", shown()))
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a decimal number, as a JSON number or as a text")]
enum Form {
    Plain(u64),
    Text(String),
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_height_is_a_text_or_a_number_of_decimal_digits() {
        for good in [json!("67374"), json!(67374)] {
            assert_eq!(from_value::<Number>(good).unwrap(), Number(67374));
        }
        assert_eq!(from_value::<Number>(json!(u64::MAX.to_string())).unwrap(), Number(u64::MAX));
        assert_eq!(from_value::<Number>(json!("0")).unwrap(), Number(0));
        assert_eq!(from_value::<Amount>(json!(u128::MAX.to_string())).unwrap(), Amount(u128::MAX));
    }

    #[test]
    fn anything_else_is_an_error_and_never_zero() {
        let wide = format!("1{}", "0".repeat(40));
        for bad in ["", " 1", "01", "+1", "-1", "0x1", "1.0", "1e3", "ten", &wide] {
            assert!(from_value::<Number>(json!(bad)).is_err(), "{bad}");
            assert!(from_value::<Amount>(json!(bad)).is_err(), "{bad}");
        }
        for bad in [json!(null), json!(1.5), json!(-1), json!(true), json!([]), json!({})] {
            assert!(from_value::<Number>(bad.clone()).is_err(), "{bad}");
            assert!(from_value::<Amount>(bad.clone()).is_err(), "{bad}");
        }
        assert!(from_value::<Amount>(json!(1)).is_err(), "a coin's amount is a text");
    }
}
