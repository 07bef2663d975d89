//! The jobs of a storm: between them every policy, quick and slow, good and failing. What the oracle must know of a job
//! is read off the same text that the job's file has.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Each job: its name, its chain, and the keys of its file.
const JOBS: [(&str, &str, &str); 18] = [
    ("skips", "quick", "every = '150ms'"),
    ("skips-idempotent", "quick", "every = '250ms'\nidempotent = true\nretry = { backoff = '100ms' }"),
    ("queues", "quick", "every = '300ms'\noverlap = 'queue'\ncatch_up = 'all'\nidempotent = true"),
    ("queues-slowly", "slow", "every = '400ms'\noverlap = 'queue'\ncatch_up = 'latest'"),
    ("cancels", "slow", "every = '300ms'\noverlap = 'cancel-previous'\nidempotent = true"),
    ("beside", "slow", "every = '200ms'\noverlap = 'allow'\ncatch_up = 'all'"),
    ("makes-up-for-all", "quick", "every = '350ms'\ncatch_up = 'all'"),
    ("makes-up-for-none", "quick", "every = '250ms'\ncatch_up = 'none'"),
    ("short-window", "quick", "every = '200ms'\ncatch_up = 'all'\ncatch_up_window = '1s'"),
    ("tries", "gone", "every = '900ms'\nretry = { attempts = 3, backoff = '100ms' }"),
    (
        "times-out",
        "slow",
        "every = '800ms'\ntimeout = '50ms'\nidempotent = true\nretry = { attempts = 2, backoff = '100ms' }",
    ),
    ("gives-up", "gone", "every = '300ms'\npause_after_failures = 4"),
    ("failures-only", "quick", "every = '200ms'\nhistory = 'failures'"),
    ("slow-once", "slow", "every = '500ms'"),
    ("slow-again", "slow", "every = '1s'\nidempotent = true\nretry = { backoff = '100ms' }"),
    ("minutely", "quick", "schedule = '* * * * *'\ncatch_up = 'all'\nidempotent = true"),
    ("zoned", "quick", "schedule = '*/2 * * * *'\ntime_zone = 'Europe/Berlin'"),
    ("asked", "slow", "schedule = '*/30 * * * *'\nidempotent = true\nretry = { attempts = 4, backoff = '100ms' }"),
];

/// The job whose schedule is changed between lives and during them.
pub(super) const MOVES: &str = "moves";
/// The job whose file comes and goes.
pub(super) const COMES_AND_GOES: &str = "comes-and-goes";
/// The job that its failures pause.
pub(super) const GIVES_UP: &str = "gives-up";
/// Of those, the intervals of [`MOVES`].
pub(super) const INTERVALS: [&str; 3] = ["200ms", "300ms", "450ms"];

/// What a job's file says that the oracle has to know.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Runs of it may go at the same time.
    pub(super) overlaps: bool,
    pub(super) idempotent: bool,
    /// Tries of a run in all.
    pub(super) attempts: u64,
    /// Whether each run has a row.
    pub(super) keeps_all: bool,
}

/// The names and files of all jobs.
pub(super) fn files() -> Vec<(&'static str, String)> {
    let moving = [(MOVES, interval(INTERVALS[0])), (COMES_AND_GOES, interval("250ms"))];
    JOBS.iter().map(|(name, chain, keys)| (*name, file(chain, keys))).chain(moving).collect()
}

/// The file of a job that runs on the quick chain.
pub(super) fn interval(every: &str) -> String {
    file("quick", &format!("every = '{every}'"))
}

/// What the oracle has to know, by job.
pub(super) fn rules() -> BTreeMap<&'static str, Rules> {
    files().into_iter().map(|(name, text)| (name, Rules::of(&text))).collect()
}

fn file(chain: &str, keys: &str) -> String {
    let timeout = if keys.contains("timeout") { "" } else { "timeout = '20s'\n" };
    format!(
        "plugin = 'tally'\n{timeout}{keys}\n[config]\nvalue = 1\nchain = '{chain}'\n\
         [grants]\nstate = true\nchain = ['{chain}']\n"
    )
}

impl Rules {
    fn of(text: &str) -> Self {
        let table: Table = text.parse().expect("our own file");
        let word = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default();
        let attempts = table.get("retry").and_then(|retry| retry.get("attempts")).and_then(Value::as_integer);
        Self {
            overlaps: word("overlap") == "allow",
            idempotent: table.get("idempotent").and_then(Value::as_bool).unwrap_or(false),
            attempts: attempts.map_or(1, |attempts| attempts as u64),
            keeps_all: word("history") != "failures",
        }
    }

    /// Tries in all of a run that ended so at its last try.
    pub(super) fn attempts_after(&self, outcome: &str) -> u64 {
        match outcome {
            "unavailable" => self.attempts,
            "timeout" if self.idempotent => self.attempts,
            "lost" if self.idempotent => self.attempts.max(3),
            _ => 1,
        }
    }
}
