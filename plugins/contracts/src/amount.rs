//! From a contract's whole numbers to a metric's value. They stay exact until the one rounding at the end.

use std::fmt::Display;

/// `whole` / 10^`decimals` as the nearest `f64`: the decimal text is read, which rounds once and correctly.
pub(crate) fn scaled(whole: impl Display, decimals: u8) -> f64 {
    format!("{whole}e-{decimals}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::{alloy_primitives::I256, prelude::U256};

    use super::*;

    #[test]
    fn a_number_is_divided_before_it_is_rounded() {
        let wei = U256::from(1_195_680_775_655_620_165_168_u128);
        assert_eq!(scaled(wei, 18), 1_195.680_775_655_620_2);
        assert_eq!(f64::from(wei) / 1e18, 1_195.680_775_655_62, "what dividing afterwards would give");
        assert_eq!(scaled(U256::from(3), 1), 0.3);
        assert_eq!(scaled(U256::MAX, 0), 2f64.powi(256));
        assert_eq!(scaled(U256::MAX, 77), 1.157_920_892_373_161_9);
        assert_eq!(scaled(U256::ZERO, 18), 0.0);
        assert_eq!(scaled(U256::from(1), 255), 1e-255);
    }

    #[test]
    fn numbers_below_zero_keep_their_sign() {
        assert_eq!(scaled(I256::MIN, 0), -2f64.powi(255));
        assert_eq!(scaled(I256::MINUS_ONE, 3), -0.001);
    }
}
