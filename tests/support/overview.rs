//! What `/api/v1/jobs` says of a running `watchkeeper`, at one moment.

use std::collections::BTreeMap;

use serde_json::Value;

/// The process, all jobs, and what is wrong.
#[derive(Debug)]
pub(crate) struct Overview(pub(crate) Value);

impl Overview {
    /// The jobs that can run, by name. Those whose files were never right are told of too, and are none of them.
    pub(crate) fn jobs(&self) -> BTreeMap<&str, &Value> {
        let jobs = list(&self.0["jobs"]).filter(|job| !job["plugin"].is_null());
        jobs.map(|job| (text(&job["name"]), job)).collect()
    }

    /// One of those jobs.
    pub(crate) fn job(&self, name: &str) -> Option<&Value> {
        self.jobs().remove(name)
    }

    /// The outcome and message of the run of a job that ended last.
    pub(crate) fn last_run(&self, job: &str) -> Option<(&str, &str)> {
        let run = &self.job(job)?["last_run"];
        Some((run["outcome"].as_str()?, run["message"].as_str()?))
    }

    /// How many runs of a job are going.
    pub(crate) fn running(&self, job: &str) -> usize {
        self.job(job).map_or(0, |job| list(&job["running"]).count())
    }

    /// What is wrong, by the path of the file.
    pub(crate) fn problems(&self) -> BTreeMap<&str, &str> {
        list(&self.0["problems"]).map(|file| (text(&file["path"]), text(&file["problem"]))).collect()
    }

    /// `starting`, `ready` or `draining`.
    pub(crate) fn phase(&self) -> &str {
        text(&self.0["phase"])
    }
}

#[track_caller]
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter()
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
