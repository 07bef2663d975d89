//! Runs of jobs, one by one, and what they came to.

use std::time::Duration;

use serde_json::{Value, json};

use super::House;
use crate::support::{Watchkeeper, eventually};

/// The longest that a run may take here.
const SOON: Duration = Duration::from_secs(60);

/// How a run ended, and what `payer` said in it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: String,
    pub(crate) message: String,
    /// Key, outcome and text of what it asked, without repetitions.
    pub(crate) said: Vec<(String, String, String)>,
}

/// Runs of jobs, one by one.
pub(crate) trait Runs {
    /// Has a job run to its end, and makes a block whenever a transaction waits for one.
    fn ran(&self, house: &House, job: &str) -> Ran;
    /// The same, doing something else over and over meanwhile.
    fn ran_while(&self, job: &str, meanwhile: impl FnMut()) -> Ran;
}

impl Runs for Watchkeeper {
    #[track_caller]
    fn ran(&self, house: &House, job: &str) -> Ran {
        self.ran_while(job, || house.mine_what_waits())
    }

    #[track_caller]
    fn ran_while(&self, job: &str, mut meanwhile: impl FnMut()) -> Ran {
        let answer = self.post(&format!("jobs/{job}/run"), &json!({}));
        assert!(answer.status < 300, "{job}: {}", answer.text());
        let run = answer.json()["run"].as_str().expect("a run").to_owned();
        let detail = eventually(&format!("a run of {job} to end"), SOON, || {
            meanwhile();
            // It isn't listed before it is taken.
            let answer = self.get(&format!("/api/v1/runs/{run}"), &[]);
            let detail = (answer.status == 200).then(|| answer.json())?;
            detail["run"]["outcome"].is_string().then_some(detail)
        });
        Ran::read(&detail)
    }
}

impl Ran {
    fn read(detail: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let field = |line: &Value, name: &str| {
            let fields = line["fields"].as_array().cloned().unwrap_or_default();
            fields.iter().find(|field| field["name"] == name).map(|field| text(&field["value"]))
        };
        let lines = detail["logs"].as_array().cloned().unwrap_or_default();
        let said = lines
            .iter()
            .filter_map(|line| Some((field(line, "key")?, field(line, "outcome")?, text(&line["message"]))));
        Self {
            outcome: text(&detail["run"]["outcome"]),
            message: text(&detail["run"]["message"]),
            said: said.collect(),
        }
    }

    /// The outcome and text of the only thing that it asked.
    #[track_caller]
    pub(crate) fn only(&self) -> (&str, &str) {
        let [(_, outcome, text)] = &self.said[..] else { panic!("not one answer: {self:#?}") };
        (outcome, text)
    }

    /// The outcomes of what it asked, in their order, without repetitions.
    pub(crate) fn outcomes(&self) -> Vec<&str> {
        self.said.iter().map(|(_, outcome, _)| outcome.as_str()).collect()
    }
}
