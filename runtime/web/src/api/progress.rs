//! How far a run that is going is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Text;

/// How far a run is, by what was last said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgressInfo {
    /// What it is doing.
    pub stage: Text,
    /// Done so far.
    pub done: u64,
    /// Of how much; none where that isn't known.
    pub total: Option<u64>,
    /// What is counted; none where only the plugin knows.
    pub unit: Option<ProgressUnit>,
    /// How much is done in a second, on average since the stage began; none in its first moments.
    pub rate_per_second: Option<f64>,
    /// 0 to 100; none where the total isn't known.
    pub percent: Option<f64>,
}

/// What a progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressUnit {
    /// Bytes that the host moved.
    Bytes,
}

impl ProgressInfo {
    /// What [`ProgressInfo::percent`] has to be: never more than 100, and 100 only where all is done.
    pub fn percent(done: u64, total: Option<u64>) -> Option<f64> {
        let total = total.filter(|total| *total > 0)?;
        Some(if done >= total { 100.0 } else { (done as f64 / total as f64 * 100.0).min(99.9) })
    }
}

#[cfg(test)]
mod tests {
    use super::ProgressInfo;

    #[test]
    fn all_is_done_only_when_it_is() {
        let percent = ProgressInfo::percent;
        assert_eq!([percent(0, None), percent(5, Some(0)), percent(0, Some(5))], [None, None, Some(0.0)]);
        assert_eq!([percent(1, Some(4)), percent(4, Some(4)), percent(9, Some(4))], [25.0, 100.0, 100.0].map(Some));
        assert_eq!(percent(u64::MAX - 1, Some(u64::MAX)), Some(99.9));
    }
}
