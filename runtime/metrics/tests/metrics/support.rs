//! What the tests share: families and samples in short, reading an exposition back, promtool as a judge.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this module")]

mod exposition;
mod promtool;

use std::{io::Read, time::Duration};

use flate2::read::GzDecoder;
use watchkeeper_metrics::{
    Declaration, Encoding, FamilySpec, Format, JobFamilies, Limits, Sample, Store, Value, parse_families,
};
use watchkeeper_model::{JobName, PluginName};

pub(crate) use exposition::{Exposition, parse};
pub(crate) use promtool::{accepts_open_metrics, accepts_text};

pub(crate) const MAX_AGE: Duration = Duration::from_secs(300);

/// One family of each kind.
pub(crate) const MIXED: &str = r#"[
    {"name": "chain_height", "type": "gauge", "help": "Height.", "labels": ["tag"]},
    {"name": "chain_blocks_total", "type": "counter", "help": "Blocks."},
    {"name": "rpc_duration_seconds", "type": "histogram", "help": "Time.", "unit": "seconds", "buckets": [0.5, 1]}]"#;

pub(crate) fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn job(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

pub(crate) fn families(json: &str) -> Vec<FamilySpec> {
    parse_families(json).unwrap()
}

/// A job's families under the plugin `probe`.
pub(crate) fn of(name: &str, families: Vec<FamilySpec>) -> JobFamilies {
    JobFamilies {
        job: job(name),
        plugin: PluginName::new("probe").unwrap(),
        families,
        max_age: MAX_AGE,
        series: 10_000,
    }
}

/// The host's families in these tests: a time of the last run, and a counter of outcomes.
pub(crate) fn host() -> Vec<FamilySpec> {
    let spec = |json: &str| serde_json::from_str::<Vec<FamilySpec>>(json).unwrap();
    spec(
        r#"[{"name": "watchkeeper_job_last_run_timestamp_seconds", "type": "gauge", "help": "Start of the last run.",
             "unit": "seconds"},
            {"name": "watchkeeper_job_runs_total", "type": "counter", "help": "Runs.", "labels": ["outcome"]},
            {"name": "watchkeeper_job_info", "type": "gauge", "help": "What the job runs.", "labels": ["version"]}]"#,
    )
}

pub(crate) fn store() -> Store {
    Store::new(Limits::default(), host()).unwrap()
}

pub(crate) fn declare(store: &Store, name: &str, json: &str) -> Declaration {
    store.declare(&[of(name, families(json))]).unwrap().remove(0)
}

pub(crate) fn sample(family: u32, labels: &[&str], value: Value) -> Sample {
    Sample { family, labels: labels.iter().map(ToString::to_string).collect(), value }
}

/// One scrape's text, after checks that its gzip form is the same bytes in one member, and that the headers
/// fit.
pub(crate) fn scrape(store: &Store, format: Format, now: Duration) -> String {
    let plain = store.scrape(format, Encoding::Identity, now, &[]);
    let packed = store.scrape(format, Encoding::Gzip, now, &[]);
    assert_eq!((plain.content_encoding, packed.content_encoding), (None, Some("gzip")));
    assert_eq!(plain.content_type, packed.content_type);
    let (bytes, packed) = (plain.body.concat(), packed.body.concat());
    assert_eq!(plain.content_length(), bytes.len());
    assert_eq!(unpack(&packed), bytes);
    String::from_utf8(bytes).unwrap()
}

/// The text of a body that is exactly one gzip member.
pub(crate) fn unpack(packed: &[u8]) -> Vec<u8> {
    let (mut bytes, mut decoder) = (Vec::new(), GzDecoder::new(packed));
    decoder.read_to_end(&mut bytes).unwrap();
    assert!(decoder.into_inner().is_empty(), "bytes after the gzip member");
    bytes
}

/// The exposition now, after checks that both formats say the same.
pub(crate) fn read(store: &Store, now: Duration) -> Exposition {
    let text = parse(Format::Text, &scrape(store, Format::Text, now));
    let open = parse(Format::OpenMetrics, &scrape(store, Format::OpenMetrics, now));
    assert_eq!(text.series, open.series);
    text
}
