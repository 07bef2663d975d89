//! How well an endpoint serves, as a grade from 0 (well) to 3: one for errors, one for slowness, one for a head that lags. Pure.
//! Endpoints are asked by grade, and by the operator's order where grades are equal: a grade is coarse, so that the order is
//! what the operator wrote unless something is clearly wrong.

use std::time::Duration;

/// How much the newest request counts in the averages.
const WEIGHT: f64 = 0.1;
/// The share of errors that costs a grade.
const ERRORS: f64 = 0.2;
/// Slower than the fastest by this factor, and by this much, costs a grade.
const SLOWER: f64 = 3.0;
const SLOWER_BY: f64 = 0.25;
/// More blocks behind the best head than these cost a grade.
const LAG: u64 = 3;

/// Moving averages over an endpoint's requests.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Score {
    /// Seconds; none before the first answer.
    latency: Option<f64>,
    /// From 0 to 1.
    errors: f64,
}

impl Score {
    /// A request was answered.
    pub(crate) fn answered(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        self.latency = Some(self.latency.map_or(seconds, |before| before + WEIGHT * (seconds - before)));
        self.errors -= WEIGHT * self.errors;
    }

    /// A request failed by the endpoint's fault.
    pub(crate) fn failed(&mut self) {
        self.errors += WEIGHT * (1.0 - self.errors);
    }

    /// The average time to an answer, in seconds.
    pub(crate) fn latency(&self) -> Option<f64> {
        self.latency
    }

    /// The grade, beside the fastest of all endpoints and with a lag in blocks.
    pub(crate) fn grade(&self, fastest: Option<f64>, lag: Option<u64>) -> u8 {
        let slow = match (self.latency, fastest) {
            (Some(ours), Some(fastest)) => ours > SLOWER * fastest && ours > fastest + SLOWER_BY,
            _ => false,
        };
        u8::from(self.errors > ERRORS) + u8::from(slow) + u8::from(lag.is_some_and(|lag| lag > LAG))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fast() -> Score {
        let mut score = Score::default();
        (0..20).for_each(|_| score.answered(Duration::from_millis(20)));
        score
    }

    #[test]
    fn what_is_not_known_costs_nothing() {
        assert_eq!(Score::default().grade(None, None), 0);
        assert_eq!(Score::default().grade(Some(0.01), None), 0);
    }

    #[test]
    fn a_few_errors_in_a_row_cost_a_grade_and_answers_give_it_back() {
        let mut score = fast();
        score.failed();
        assert_eq!(score.grade(Some(0.02), None), 0, "one is nothing");
        score.failed();
        score.failed();
        assert_eq!(score.grade(Some(0.02), None), 1);
        (0..20).for_each(|_| score.answered(Duration::from_millis(20)));
        assert_eq!(score.grade(Some(0.02), None), 0);
    }

    #[test]
    fn slowness_counts_only_where_somebody_would_notice() {
        let mut score = Score::default();
        score.answered(Duration::from_millis(40));
        assert_eq!(score.grade(Some(0.002), None), 0, "twenty times slower, and fast all the same");
        score = Score::default();
        score.answered(Duration::from_millis(900));
        assert_eq!(score.grade(Some(0.02), None), 1);
    }

    #[test]
    fn a_head_that_lags_costs_a_grade_from_the_fourth_block_on() {
        assert_eq!(fast().grade(Some(0.02), Some(3)), 0);
        assert_eq!(fast().grade(Some(0.02), Some(4)), 1);
    }
}
