//! Amounts as operators write and read them, exact from the first digit to the last. Only [`Currency::measure`] rounds, once, for a
//! sample.

use alloy_primitives::U256;

use crate::config;

/// A currency or token, as a job's config has it.
#[config]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Its symbol, such as "USDC": the one that the account's budgets and its amounts are written in.
    pub symbol: String,
    /// Digits behind the point of one unit: with 18, 1 of it is 10^18 of the amounts that contracts count in.
    #[schemars(range(max = 77))]
    pub decimals: u8,
}

impl Currency {
    /// Checks what serde can't.
    ///
    /// # Errors
    /// What is wrong, naming the key below the currency's own.
    pub fn check(&self) -> Result<(), String> {
        let letters = |symbol: &str| !symbol.is_empty() && !symbol.chars().any(|c| c.is_whitespace() || c.is_control());
        if !letters(&self.symbol) || self.symbol.len() > 32 {
            return Err(format!("symbol: {:?} is not a symbol: 1 to 32 letters without blanks", self.symbol));
        }
        if self.decimals > 77 {
            return Err("decimals: at most 77".to_owned());
        }
        Ok(())
    }

    /// Reads `1.5 USDC`: digits, where needed a point and no more digits than the currency has, one blank, the symbol.
    ///
    /// # Errors
    /// Anything else, and more than 256 bits.
    pub fn parse(&self, text: &str) -> Result<U256, String> {
        let symbol = &self.symbol;
        let problem =
            |what: &str| format!("{text:?} {what}\nhint: write digits and the unit, such as \"1.5 {symbol}\"");
        let (number, unit) = text.split_once(' ').ok_or_else(|| problem("is not an amount with a unit"))?;
        if unit != symbol {
            return Err(problem(&format!("is not in {symbol}")));
        }
        let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || fraction.is_some_and(|fraction| !digits(fraction)) {
            return Err(problem("is not an amount"));
        }
        let fraction = fraction.unwrap_or_default();
        let missing = usize::from(self.decimals).checked_sub(fraction.len()).ok_or_else(|| {
            problem(&format!("has more digits behind the point than the {} of {symbol}", self.decimals))
        })?;
        let all = format!("{whole}{fraction}{}", "0".repeat(missing));
        U256::from_str_radix(&all, 10).map_err(|_| problem("is more than 256 bits hold"))
    }

    /// An amount, exact and without idle zeros: `1.5 USDC`. [`Currency::parse`] reads it back.
    pub fn show(&self, amount: U256) -> String {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", amount.to_string(), width = decimals + 1);
        // Digits are ASCII, and there is one more of them than decimals.
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        match fraction.trim_end_matches('0') {
            "" => format!("{whole} {}", self.symbol),
            fraction => format!("{whole}.{fraction} {}", self.symbol),
        }
    }

    /// The number for a sample: the nearest `f64` to the amount in whole units.
    pub fn measure(&self, amount: U256) -> f64 {
        format!("{amount}e-{}", self.decimals).parse().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(symbol: &str, decimals: u8) -> Currency {
        Currency { symbol: symbol.to_owned(), decimals }
    }

    #[test]
    fn an_amount_is_a_whole_number_of_the_smallest_unit() {
        for (text, decimals, amount) in [
            ("1.5 USDC", 18, 1_500_000_000_000_000_000_u128),
            ("0.5 USDC", 6, 500_000),
            ("0.000001 USDC", 6, 1),
            ("7 USDC", 0, 7),
            ("007.50 USDC", 2, 750),
            ("0.123456789012345678 USDC", 18, 123_456_789_012_345_678),
        ] {
            assert_eq!(currency("USDC", decimals).parse(text), Ok(U256::from(amount)), "{text}");
        }
        let most = format!("{} USDC", U256::MAX);
        assert_eq!(currency("USDC", 0).parse(&most), Ok(U256::MAX));
    }

    #[test]
    fn nothing_else_is_an_amount() {
        for bad in [
            "",
            "1.5",
            "USDC",
            " USDC",
            "1.5USDC",
            "1.5  USDC",
            "1.5 USDC ",
            "1.5 usdc",
            "1.5 ETH",
            ".5 USDC",
            "1. USDC",
            "-1 USDC",
            "+1 USDC",
            "1e3 USDC",
            "0x1 USDC",
            "1_0 USDC",
            "1,0 USDC",
            "1.2.3 USDC",
            "1.1234567 USDC",
            "NaN USDC",
            "inf USDC",
        ] {
            let problem = currency("USDC", 6).parse(bad).unwrap_err();
            assert!(problem.contains("hint: ") && problem.starts_with(&format!("{bad:?}")), "{bad}: {problem}");
        }
        assert!(currency("USDC", 1).parse(&format!("{} USDC", U256::MAX)).is_err());
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let mut random = 42_u64;
        for decimals in 0..=77 {
            for shift in 0..256 {
                // Knuth's MMIX constants.
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (amount, currency) = (U256::from(random) << shift, currency("X", decimals));
                assert_eq!(currency.parse(&currency.show(amount)), Ok(amount));
            }
        }
        assert_eq!(currency("USDC", 18).show(U256::from(1_500_000_000_000_000_000_u128)), "1.5 USDC");
        assert_eq!(currency("USDT", 6).show(U256::from(1)), "0.000001 USDT");
        assert_eq!(currency("POINT", 0).show(U256::ZERO), "0 POINT");
    }

    #[test]
    fn a_sample_is_divided_before_it_is_rounded() {
        let amount = U256::from(1_195_680_775_655_620_165_168_u128);
        assert_eq!(currency("X", 18).measure(amount), 1_195.680_775_655_620_2);
        assert_eq!(currency("X", 1).measure(U256::from(3)), 0.3);
        assert_eq!(currency("X", 77).measure(U256::MAX), 1.157_920_892_373_161_9);
    }

    #[test]
    fn a_currency_has_a_symbol_and_decimals_that_256_bits_hold() {
        assert_eq!(currency("USDC.e", 6).check(), Ok(()));
        for bad in [currency("", 6), currency("US DC", 6), currency(&"X".repeat(33), 6), currency("X", 78)] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
