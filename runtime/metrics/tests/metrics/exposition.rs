//! What goes over the wire: both formats to the letter, the host's own registry, and that unchanged text is
//! shared, not made.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Registry, process_collector::ProcessCollector};
use watchkeeper_metrics::{Encoding, Format, Value};

use crate::support::{
    accepts_open_metrics, accepts_text, at, declare, job, of, parse, read, sample, scrape, store, unpack,
};

const FAMILIES: &str = r#"[
    {"name": "chain_gas_used_wei_total", "type": "counter", "help": "Gas \"used\".\nIn \\wei.", "unit": "wei", "labels": ["tag"]},
    {"name": "chain_head_delay_seconds", "type": "histogram", "help": "Delay.", "unit": "seconds", "buckets": [0.5, 10]},
    {"name": "chain_height", "type": "gauge", "help": "Höhe.", "labels": ["tag"]}]"#;

fn filled() -> watchkeeper_metrics::Store {
    let store = store();
    let run = declare(&store, "a", FAMILIES);
    let samples = [
        sample(0, &["a\"b\\c\nd"], Value::Add(1.5)),
        sample(1, &[], Value::Observe(0.25)),
        sample(1, &[], Value::Observe(11.0)),
        sample(2, &["safe"], Value::Set(21_000_000.0)),
    ];
    store.commit(&run, &samples, &[sample(1, &["success"], Value::Add(0.0))], at(1));
    store
}

#[test]
fn text_is_version_0_0_4() {
    assert_eq!(
        scrape(&filled(), Format::Text, at(1)),
        r#"# HELP chain_gas_used_wei_total Gas "used".\nIn \\wei.
# TYPE chain_gas_used_wei_total counter
chain_gas_used_wei_total{job_name="a",plugin="probe",tag="a\"b\\c\nd"} 1.5
# HELP chain_head_delay_seconds Delay.
# TYPE chain_head_delay_seconds histogram
chain_head_delay_seconds_bucket{job_name="a",plugin="probe",le="0.5"} 1
chain_head_delay_seconds_bucket{job_name="a",plugin="probe",le="10.0"} 1
chain_head_delay_seconds_bucket{job_name="a",plugin="probe",le="+Inf"} 2
chain_head_delay_seconds_sum{job_name="a",plugin="probe"} 11.25
chain_head_delay_seconds_count{job_name="a",plugin="probe"} 2
# HELP chain_height Höhe.
# TYPE chain_height gauge
chain_height{job_name="a",plugin="probe",tag="safe"} 21000000
# HELP watchkeeper_job_runs_total Runs.
# TYPE watchkeeper_job_runs_total counter
watchkeeper_job_runs_total{job_name="a",plugin="probe",outcome="success"} 0
"#
    );
}

#[test]
fn open_metrics_is_version_1_0_0() {
    let text = scrape(&filled(), Format::OpenMetrics, at(1));
    let first = r#"# TYPE chain_gas_used_wei counter
# UNIT chain_gas_used_wei wei
# HELP chain_gas_used_wei Gas \"used\".\nIn \\wei.
chain_gas_used_wei_total{job_name="a",plugin="probe",tag="a\"b\\c\nd"} 1.5
# TYPE chain_head_delay_seconds histogram
"#;
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with("outcome=\"success\"} 0\n# EOF\n"), "{text}");
    accepts_open_metrics(&text);
}

#[test]
fn an_empty_store_is_a_valid_exposition() {
    let store = store();
    assert_eq!(scrape(&store, Format::Text, at(0)), "");
    assert_eq!(scrape(&store, Format::OpenMetrics, at(0)), "# EOF\n");
    declare(&store, "a", FAMILIES);
    assert_eq!(scrape(&store, Format::OpenMetrics, at(0)), "# EOF\n", "families without series don't show");
}

#[test]
fn the_hosts_registry_shows_in_both_formats_and_never_twice_a_name() {
    let registry = Registry::new();
    let ticks = IntCounter::new("watchkeeper_ticks_total", "Ticks of the \"keeper\".").unwrap();
    let plain = IntCounter::new("watchkeeper_odd", "A counter without its suffix.").unwrap();
    let reload = Histogram::with_opts(HistogramOpts::new("watchkeeper_reload_seconds", "Reloads.")).unwrap();
    let clash = IntGauge::new("chain_height", "Not this one.").unwrap();
    let derived = IntGauge::new("chain_head_delay_seconds_sum", "Nor this one.").unwrap();
    let own = IntGauge::new("watchkeeper_reload_seconds_sum", "Nor this one.").unwrap();
    ticks.inc_by(3);
    reload.observe(0.2);
    registry.register(Box::new(ticks)).unwrap();
    registry.register(Box::new(reload)).unwrap();
    registry.register(Box::new(clash)).unwrap();
    registry.register(Box::new(derived)).unwrap();
    registry.register(Box::new(own)).unwrap();
    registry.register(Box::new(ProcessCollector::for_self())).unwrap();
    let store = filled();
    let page = |format, families: &[_]| {
        let gzip = store.scrape(format, Encoding::Gzip, at(1), families);
        String::from_utf8(unpack(&gzip.body.concat())).unwrap()
    };
    let text = page(Format::Text, &registry.gather());
    accepts_text(&text);
    registry.register(Box::new(plain)).unwrap();
    let open = page(Format::OpenMetrics, &registry.gather());
    accepts_open_metrics(&open);
    let (text, open) = (parse(Format::Text, &text), parse(Format::OpenMetrics, &open));
    assert_eq!(text.value("watchkeeper_ticks_total{}"), Some("3.0"));
    assert_eq!(text.value("watchkeeper_reload_seconds_count{}"), Some("1.0"));
    assert_eq!(text.count("process_resident_memory_bytes"), 1);
    assert_eq!(open.families["watchkeeper_ticks"].help, "Ticks of the \"keeper\".");
    assert_eq!(open.families["watchkeeper_odd"].kind, "unknown");
    assert_eq!(open.families["chain_height"].help, "Höhe.", "the store's family stands");
    for derived in ["chain_head_delay_seconds_sum", "watchkeeper_reload_seconds_sum"] {
        assert!(!open.families.contains_key(derived), "{derived}");
    }
}

#[test]
fn prometheus_takes_every_character_that_a_label_can_hold() {
    let store = store();
    let run = declare(&store, "a", FAMILIES);
    let all: String = (0..=0xffff).filter_map(char::from_u32).collect();
    let pieces: Vec<String> = all.chars().collect::<Vec<_>>().chunks(200).map(|piece| piece.iter().collect()).collect();
    let samples: Vec<_> = pieces.iter().map(|piece| sample(2, &[piece], Value::Set(1.0))).collect();
    assert_eq!(store.commit(&run, &samples, &[], at(1)).dropped.total(), 0);
    accepts_text(&scrape(&store, Format::Text, at(1)));
    accepts_open_metrics(&scrape(&store, Format::OpenMetrics, at(1)));
    let page = read(&store, at(1));
    let read: String = page.series.keys().map(|(_, labels)| labels[2].1.as_str()).collect();
    assert_eq!(read.chars().collect::<std::collections::BTreeSet<_>>(), all.chars().collect());
}

#[test]
fn unchanged_text_is_shared_between_scrapes_and_a_change_costs_its_own_chunk() {
    let store = store();
    let runs: Vec<_> = ["a", "b", "c"].map(|name| declare(&store, name, FAMILIES)).into();
    let emit = |place: usize, value| {
        let samples: Vec<_> = (0..2_000).map(|n| sample(2, &[&n.to_string()], Value::Set(value))).collect();
        store.commit(&runs[place], &samples, &[], at(1));
    };
    (0..3).for_each(|place| emit(place, 1.0));
    let parts = || {
        let body = store.scrape(Format::Text, Encoding::Identity, at(1), &[]).body;
        let large = body.iter().filter(|part| part.len() > 50_000);
        large.map(|part| part.as_ptr()).collect::<Vec<_>>()
    };
    let before = parts();
    assert_eq!(before.len(), 3);
    assert_eq!(parts(), before, "nothing changed, nothing made");
    emit(1, 1.0);
    assert_eq!(parts(), before, "the same values again are no change");
    emit(1, 2.0);
    store.refresh();
    let after = parts();
    assert_eq!((after[0], after[2]), (before[0], before[2]));
    assert_ne!(after[1], before[1]);
}

#[test]
fn ten_thousand_jobs_make_few_pieces() {
    let store = store();
    let jobs: Vec<_> = (0..10_000).map(|n| of(&format!("job-{n}"), vec![])).collect();
    store.declare(&jobs).unwrap();
    for n in 0..10_000 {
        let host = [sample(0, &[], Value::Set(1.0)), sample(1, &["success"], Value::Add(1.0))];
        store.commit_host(&job(&format!("job-{n}")), &host);
    }
    let scrape = store.scrape(Format::Text, Encoding::Identity, at(1), &[]);
    assert!(scrape.body.len() <= 13, "{} parts", scrape.body.len());
    assert_eq!(parse(Format::Text, std::str::from_utf8(&scrape.body.concat()).unwrap()).series.len(), 20_000);
}
