//! What it says of itself: in some modes, nothing good.

use watchkeeper_sdk::metrics::{Families, Family, Gauge, MetricSet};

use crate::{Config, Mode, spinning};

/// One family, of which the label is the mode's to choose.
pub(crate) struct Metrics {
    pub(crate) value: Gauge<1>,
}

impl MetricSet<Config> for Metrics {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        match config.mode {
            Mode::PanicInDescribe => spinning::panic_on_purpose(),
            Mode::EndlessDescribe => spinning::spin(),
            Mode::HugeDescribe => {
                for number in 0..100_000 {
                    families.gauge(Family::new(format!("hostile_{number}"), "One of too many."));
                }
            }
            _ => {}
        }
        Ok(Self { value: families.gauge(Family::new("hostile_value", "A value of no meaning.").labels(["name"])) })
    }
}
