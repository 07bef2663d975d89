//! Where exact numbers become floating-point samples. Only here: amounts stay exact until they are measured.

use std::time::Duration;

use alloy_primitives::U256;

/// A number that a sample can hold. A duration counts in seconds, true as 1.
pub trait Measure {
    /// The nearest `f64`.
    fn measure(self) -> f64;
}

macro_rules! measure {
    ($($number:ty),*) => {
        $(impl Measure for $number {
            fn measure(self) -> f64 {
                self as f64
            }
        })*
    };
}

measure!(f64, f32, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

impl Measure for bool {
    fn measure(self) -> f64 {
        f64::from(u8::from(self))
    }
}

impl Measure for U256 {
    fn measure(self) -> f64 {
        f64::from(self)
    }
}

impl Measure for Duration {
    fn measure(self) -> f64 {
        self.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_measure_as_themselves() {
        assert_eq!(U256::from(10).pow(U256::from(30)).measure(), 1e30);
        assert_eq!(U256::MAX.measure(), 2f64.powi(256));
        assert_eq!(u64::MAX.measure(), 2f64.powi(64));
        assert_eq!(Duration::from_millis(1500).measure(), 1.5);
        assert_eq!((true.measure(), false.measure()), (1.0, 0.0));
    }
}
