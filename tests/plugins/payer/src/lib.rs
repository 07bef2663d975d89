//! Asks for whatever payments its config says, and tells what became of each: what a policy doesn't allow must be refused,
//! whoever asks and however it is written. Meets the contract by its bindings, so that addresses and numbers may have any
//! length.

mod ask;
mod bytes;

use std::collections::BTreeMap;

use ask::{Ask, Outcome};
use futures_util::future::join_all;
use watchkeeper_sdk::{
    context::{self, Trigger},
    prelude::*,
};

#[config]
struct Config {
    /// What is asked, one after the other.
    asks: Vec<Ask>,
    /// Asks for all of it at once.
    #[serde(default)]
    together: bool,
    /// `{period}` in keys and values is the number of the period that the run falls due in.
    #[serde(default = "hour")]
    period_seconds: u64,
}

const fn hour() -> u64 {
    3600
}

#[derive(Metrics)]
struct Metrics {
    /// Questions by what was answered.
    #[metric(labels("outcome"))]
    payer_outcomes_total: Counter<1>,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let period = period(config.period_seconds.max(1));
    let each = config.asks.iter().flat_map(|ask| ask.each(period).map(move |key| (ask, key)));
    let asked = each.map(|(ask, key)| async move { (ask, ask.put(key, period).await) });
    let answers = if config.together {
        join_all(asked).await
    } else {
        let mut answers = Vec::new();
        for asked in asked {
            answers.push(asked.await);
        }
        answers
    };
    Ok(tell(&answers, metrics))
}

/// Logs what was answered, but for repetitions of one question's answer, and counts all of it.
fn tell(answers: &[(&Ask, Outcome)], metrics: &Metrics) -> String {
    let mut counts = BTreeMap::new();
    let mut last = None;
    for (ask, outcome) in answers {
        *counts.entry(outcome.kind.as_str()).or_insert(0_u64) += 1;
        let brief = (std::ptr::from_ref(*ask), outcome.kind.as_str(), outcome.text.as_str());
        if last.replace(brief) != Some(brief) {
            info!(key = outcome.key, outcome = outcome.kind, "{}", outcome.text);
        }
    }
    for (kind, count) in &counts {
        metrics.payer_outcomes_total.add([kind], *count);
    }
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
    counts.join(", ")
}

/// The number of the period of the run's due time; of one without a due time, that of its deadline.
fn period(seconds: u64) -> u64 {
    let at = match context::trigger() {
        Trigger::Schedule(nominal) => nominal,
        _ => context::deadline(),
    };
    at.as_secs() / seconds
}
