//! Where in its period a job starts, so that jobs with equal periods don't all start at once.

use std::time::Duration;

use sha2::{Digest, Sha256};
use watchkeeper_model::JobName;

/// A share of `window` in [0, `window`), given by the SHA-256 of the job's name: whole milliseconds, so that times stay
/// readable.
pub(crate) fn offset(job: &JobName, window: Duration) -> Duration {
    let digest: [u8; 32] = Sha256::digest(job.as_str()).into();
    let share = digest.iter().take(8).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let millis = (u128::from(share) * window.as_millis()) >> 64;
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_of_a_name_is_the_same_for_ever() {
        let offset = |name: &str| offset(&JobName::new(name).unwrap(), Duration::from_secs(60)).as_millis();
        assert_eq!([offset("head"), offset("balance"), offset("backup")], [37308, 20465, 19877]);
    }

    #[test]
    fn names_that_differ_in_one_letter_are_spread_over_the_whole_window() {
        let mut tenths = [0_u32; 10];
        for number in 0..1000 {
            let name = JobName::new(&format!("job-{number}")).unwrap();
            let offset = offset(&name, Duration::from_secs(10));
            assert!(offset < Duration::from_secs(10));
            tenths[usize::try_from(offset.as_secs()).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (70..=130).contains(count)), "{tenths:?}");
    }
}
