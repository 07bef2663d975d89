//! Amounts of money. They are exact at any size, so they are text: no number of JSON and no float holds one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Text;

/// An amount of a chain's currency or of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// For people: `1.25 USDC`; or that it counts the smallest unit, where nothing that is configured tells its decimals.
    pub text: Text,
    /// The same in the asset's smallest unit, as digits; null where nothing that is configured tells the decimals of a text.
    #[schema(pattern = "^[0-9]+$")]
    pub smallest: Option<Text>,
}

impl Amount {
    /// So many (digits) of the smallest unit of an asset with these decimals.
    pub fn in_units(smallest: &str, symbol: &str, decimals: u8) -> Self {
        Self { text: format!("{} {symbol}", units(smallest, decimals)).into(), smallest: Some(smallest.into()) }
    }

    /// So many (digits) of the smallest unit of something whose decimals aren't known.
    pub fn in_smallest(smallest: &str, of: &str) -> Self {
        let text = format!("{smallest} of the smallest unit of {of}").into();
        Self { text, smallest: Some(smallest.into()) }
    }

    /// A text such as `1.25 USDC`, of an asset with these decimals.
    pub fn written(text: &str, decimals: Option<u8>) -> Self {
        let number = text.split(' ').next().unwrap_or_default();
        let smallest = decimals.and_then(|decimals| smallest(number, decimals));
        Self { text: text.into(), smallest: smallest.map(Text::from) }
    }
}

/// `1250000` with 6 decimals is `1.25`.
fn units(smallest: &str, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let padded = format!("{smallest:0>width$}", width = decimals + 1);
    let (whole, part) = padded.split_at(padded.len() - decimals);
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// The way back; none for a text that is no number, or a finer one than the decimals allow.
fn smallest(number: &str, decimals: u8) -> Option<String> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let missing = usize::from(decimals).checked_sub(part.len())?;
    let digits = format!("{whole}{part}{}", "0".repeat(missing));
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { digits.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn amounts_are_exact_in_both_directions() {
        for (smallest, decimals, text) in [
            ("1250000", 6, "1.25 USDC"),
            ("1", 18, "0.000000000000000001 USDC"),
            ("0", 18, "0 USDC"),
            ("2000000000000000000", 18, "2 USDC"),
            ("7", 0, "7 USDC"),
            ("100", 0, "100 USDC"),
            // The largest that 256 bits hold.
            (
                "115792089237316195423570985008687907853269984665640564039457584007913129639935",
                18,
                "115792089237316195423570985008687907853269984665640564039457.584007913129639935 USDC",
            ),
        ] {
            let amount = Amount::in_units(smallest, "USDC", decimals);
            assert_eq!(&*amount.text, text);
            assert_eq!(Amount::written(text, Some(decimals)), amount);
        }
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let unknown = Amount::in_smallest("1250000", "USDC");
        assert_eq!(&*unknown.text, "1250000 of the smallest unit of USDC");
        assert_eq!(unknown.smallest.as_deref(), Some("1250000"));
        for (text, decimals) in [("1.25 USDC", None), ("1.25 USDC", Some(1)), ("much", Some(6)), (".5 USDC", Some(6))] {
            let amount = Amount::written(text, decimals);
            assert_eq!((&*amount.text, amount.smallest), (text, None));
        }
    }
}
