//! Amounts of money as operators write them, in whole numbers from the first digit on: no float, no rounding, no guess at a
//! unit.

use alloy_primitives::U256;

use crate::Currency;

/// Ten to the power of this is how many of the smallest unit `gwei` stands for, whatever the currency.
const GWEI: u8 = 9;

/// The words of amounts, such as `1.5 USDC`. Has no values of its own: an amount is a number of the smallest unit.
#[derive(Debug)]
pub enum Amount {}

/// A text that isn't what it should be. Displays as the message, and a line `hint: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}\nhint: {hint}")]
pub struct Misread {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl Amount {
    /// Reads `1.5 USDC`: digits, a point and at most the currency's decimals of digits where there are any, one blank, and
    /// the currency's symbol as it is written there, or `gwei` (10^9 of the smallest unit) or `wei` (the smallest unit).
    /// Nothing else is an amount: no sign, no exponent, no separators of thousands, no number without a unit.
    ///
    /// # Errors
    /// Any other text, more digits behind the point than the unit has, and more than 256 bits of the smallest unit.
    pub fn parse(text: &str, currency: &Currency) -> Result<U256, Misread> {
        let hint = || format!("write digits and the unit, such as \"1.5 {}\"", currency.symbol);
        let misread = |message: String| Misread { message, hint: hint() };
        let (number, unit) = match text.split_once(' ') {
            Some((number, unit)) if !unit.is_empty() => (number, unit),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                return Err(misread(format!("the amount {text:?} has no unit")));
            }
            _ => return Err(misread(format!("{text:?} is not an amount"))),
        };
        let decimals = match unit {
            unit if unit == currency.symbol => currency.decimals,
            "gwei" => GWEI,
            "wei" => 0,
            _ => return Err(misread(format!("{text:?} is not in {}", currency.symbol))),
        };
        let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || fraction.is_some_and(|fraction| !digits(fraction)) {
            return Err(misread(format!("{text:?} is not an amount")));
        }
        let fraction = fraction.unwrap_or_default();
        let missing = usize::from(decimals).checked_sub(fraction.len()).ok_or_else(|| {
            misread(format!("{text:?} is finer than {unit}, which has {decimals} digits behind the point"))
        })?;
        let mut places = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing));
        let shift =
            |sum: U256, digit: u8| sum.checked_mul(U256::from(10))?.checked_add(U256::from(digit.saturating_sub(b'0')));
        places.try_fold(U256::ZERO, shift).ok_or_else(|| misread(format!("{text:?} is more than 256 bits hold")))
    }
}

/// An amount in the currency, exact and without idle zeros: `1.5 USDC`. [`Amount::parse`] reads it back.
pub fn show_amount(amount: U256, currency: &Currency) -> String {
    let digits = amount.to_string();
    let decimals = usize::from(currency.decimals);
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    // Digits are ASCII, and there is one more of them than decimals.
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    match fraction.trim_end_matches('0') {
        "" => format!("{whole} {}", currency.symbol),
        fraction => format!("{whole}.{fraction} {}", currency.symbol),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(symbol: &str, decimals: u8) -> Currency {
        Currency { symbol: symbol.to_owned(), decimals }
    }

    fn parse(text: &str) -> Result<U256, String> {
        Amount::parse(text, &currency("USDC", 18)).map_err(|error| error.message)
    }

    #[test]
    fn an_amount_is_a_number_of_the_smallest_unit() {
        for (text, amount) in [
            ("1.5 USDC", 1_500_000_000_000_000_000_u128),
            ("1 USDC", 1_000_000_000_000_000_000),
            ("0 USDC", 0),
            ("007.50 USDC", 7_500_000_000_000_000_000),
            ("0.000000000000000001 USDC", 1),
            ("50 gwei", 50_000_000_000),
            ("0.000000001 gwei", 1),
            ("3 wei", 3),
        ] {
            assert_eq!(parse(text), Ok(U256::from(amount)), "{text}");
        }
        let most = format!("{} wei", U256::MAX);
        assert_eq!(parse(&most), Ok(U256::MAX));
        assert_eq!(Amount::parse("2 POINT", &currency("POINT", 0)), Ok(U256::from(2)));
    }

    #[test]
    fn nothing_else_is_an_amount() {
        let above = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        for (text, message) in [
            ("", "\"\" is not an amount"),
            ("1.5", "the amount \"1.5\" has no unit"),
            ("1.5USDC", "\"1.5USDC\" is not an amount"),
            ("1.5 usdc", "\"1.5 usdc\" is not in USDC"),
            ("1.5  USDC", "\"1.5  USDC\" is not in USDC"),
            ("1.5 USDC ", "\"1.5 USDC \" is not in USDC"),
            (" 1.5 USDC", "\" 1.5 USDC\" is not in USDC"),
            ("1.5\u{a0}USDC", "\"1.5\\u{a0}USDC\" is not an amount"),
            ("1.5 ETH", "\"1.5 ETH\" is not in USDC"),
            ("1.5 Gwei", "\"1.5 Gwei\" is not in USDC"),
            (".5 USDC", "\".5 USDC\" is not an amount"),
            ("1. USDC", "\"1. USDC\" is not an amount"),
            ("1.5.0 USDC", "\"1.5.0 USDC\" is not an amount"),
            ("-1 USDC", "\"-1 USDC\" is not an amount"),
            ("+1 USDC", "\"+1 USDC\" is not an amount"),
            ("1e3 USDC", "\"1e3 USDC\" is not an amount"),
            ("0x10 USDC", "\"0x10 USDC\" is not an amount"),
            ("1,000 USDC", "\"1,000 USDC\" is not an amount"),
            ("1_000 USDC", "\"1_000 USDC\" is not an amount"),
            ("١ USDC", "\"١ USDC\" is not an amount"),
            ("NaN USDC", "\"NaN USDC\" is not an amount"),
            ("1.5 wei", "\"1.5 wei\" is finer than wei, which has 0 digits behind the point"),
            (
                "0.0000000000000000010 USDC",
                "\"0.0000000000000000010 USDC\" is finer than USDC, which has 18 digits behind the point",
            ),
        ] {
            assert_eq!(parse(text), Err(message.to_owned()), "{text}");
        }
        let too_much = format!("{above} wei");
        assert_eq!(parse(&too_much), Err(format!("{too_much:?} is more than 256 bits hold")));
        assert!(Amount::parse(&format!("{} USDC", U256::MAX), &currency("USDC", 77)).is_err());
    }

    #[test]
    fn an_amount_is_shown_exactly() {
        for (amount, decimals, shown) in [
            (0_u128, 18, "0 X"),
            (1, 18, "0.000000000000000001 X"),
            (1_500_000, 6, "1.5 X"),
            (1_000_000, 6, "1 X"),
            (10, 0, "10 X"),
            (u128::MAX, 38, "3.40282366920938463463374607431768211455 X"),
        ] {
            assert_eq!(show_amount(U256::from(amount), &currency("X", decimals)), shown);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(limbs: [u64; 4], decimals in 0_u8..=77) {
            let (amount, currency) = (U256::from_limbs(limbs), currency("USDC", decimals));
            prop_assert_eq!(Amount::parse(&show_amount(amount, &currency), &currency), Ok(amount));
        }

        #[test]
        fn small_amounts_are_read_back(amount: u16, decimals in 0_u8..=77) {
            let (amount, currency) = (U256::from(amount), currency("USDC", decimals));
            prop_assert_eq!(Amount::parse(&show_amount(amount, &currency), &currency), Ok(amount));
        }

        #[test]
        fn arbitrary_text_never_panics_and_what_is_read_means_the_same_again(text in "[0-9.]{0,90} ?(USDC|gwei|wei|.{0,9})") {
            let currency = currency("USDC", 18);
            if let Ok(amount) = Amount::parse(&text, &currency) {
                prop_assert_eq!(Amount::parse(&show_amount(amount, &currency), &currency), Ok(amount));
            }
        }
    }
}
