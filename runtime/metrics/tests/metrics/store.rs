//! What becomes of samples: which series there are after a commit, and when they go.

use watchkeeper_metrics::{DropReason, JobFamilies, Limits, Store, Value};

use crate::support::{MIXED, at, declare, families, host, job, of, read, sample, store};

#[test]
fn every_series_carries_its_job_and_plugin_before_its_own_labels() {
    let store = store();
    let run = declare(&store, "mainnet", MIXED);
    let samples = [
        sample(0, &["latest"], Value::Set(7.0)),
        sample(1, &[], Value::Add(2.0)),
        sample(2, &[], Value::Observe(0.5)),
        sample(2, &[], Value::Observe(3.0)),
    ];
    let commit = store.commit(&run, &samples, &[sample(1, &["success"], Value::Add(1.0))], at(1));
    assert_eq!((commit.series, commit.dropped.total()), (7, 0));
    let page = read(&store, at(1));
    for (series, value) in [
        ("chain_height{job_name=mainnet,plugin=probe,tag=latest}", "7.0"),
        ("chain_blocks_total{job_name=mainnet,plugin=probe}", "2.0"),
        ("rpc_duration_seconds_bucket{job_name=mainnet,plugin=probe,le=0.5}", "1.0"),
        ("rpc_duration_seconds_bucket{job_name=mainnet,plugin=probe,le=1.0}", "1.0"),
        ("rpc_duration_seconds_bucket{job_name=mainnet,plugin=probe,le=+Inf}", "2.0"),
        ("rpc_duration_seconds_sum{job_name=mainnet,plugin=probe}", "3.5"),
        ("rpc_duration_seconds_count{job_name=mainnet,plugin=probe}", "2.0"),
        ("watchkeeper_job_runs_total{job_name=mainnet,plugin=probe,outcome=success}", "1.0"),
    ] {
        assert_eq!(page.value(series), Some(value), "{series}");
    }
    assert_eq!(page.series.len(), 8);
}

#[test]
fn a_run_replaces_gauges_and_adds_to_counters() {
    let store = store();
    let run = declare(&store, "a", MIXED);
    let first = [
        sample(0, &["latest"], Value::Set(1.0)),
        sample(0, &["safe"], Value::Set(1.0)),
        sample(1, &[], Value::Add(1.0)),
    ];
    store.commit(&run, &first, &[], at(1));
    let second = [
        sample(0, &["latest"], Value::Set(2.0)),
        sample(0, &["latest"], Value::Set(3.0)),
        sample(1, &[], Value::Add(1.0)),
    ];
    store.commit(&run, &second, &[], at(2));
    let page = read(&store, at(2));
    assert_eq!(page.value("chain_height{job_name=a,plugin=probe,tag=latest}"), Some("3.0"), "the last set counts");
    assert_eq!(page.count("chain_height"), 1, "a gauge that isn't set is gone");
    assert_eq!(page.value("chain_blocks_total{job_name=a,plugin=probe}"), Some("2.0"));
    store.commit(&run, &[], &[], at(3));
    let page = read(&store, at(3));
    assert_eq!((page.count("chain_height"), page.count("chain_blocks_total")), (0, 1));
}

#[test]
fn gauges_vanish_at_max_age_on_pause_and_on_removal_and_counters_only_on_removal() {
    let store = store();
    let run = declare(&store, "a", MIXED);
    let emit = |now| {
        let samples = [sample(0, &["latest"], Value::Set(1.0)), sample(1, &[], Value::Add(1.0))];
        let host = [sample(0, &[], Value::Set(now as f64)), sample(1, &["success"], Value::Add(1.0))];
        store.commit(&run, &samples, &host, at(now));
    };
    let counts = |now| {
        let page = read(&store, at(now));
        let names = ["chain_height", "chain_blocks_total", "watchkeeper_job_last_run_timestamp_seconds"];
        names.map(|name| page.count(name))
    };
    emit(1_000);
    assert_eq!(counts(1_300), [1, 1, 1], "at max_age they are still there");
    assert_eq!(counts(1_301), [0, 1, 1], "after it they are gone; when the job last ran stays");
    emit(1_400);
    assert_eq!(counts(1_400), [1, 1, 1]);
    store.pause(&job("a"));
    assert_eq!(counts(1_400), [0, 1, 1]);
    emit(1_500);
    store.remove(&job("a"));
    assert_eq!(counts(1_500), [0, 0, 0]);
    emit(1_600);
    assert_eq!(counts(1_600), [0, 0, 0], "a run that outlives its job leaves nothing");
    declare(&store, "b", &MIXED.replace("Blocks.", "Other blocks."));
}

#[test]
fn a_failed_run_tells_about_itself_and_leaves_the_plugins_series_alone() {
    let store = store();
    let run = declare(&store, "a", MIXED);
    let told = [sample(0, &[], Value::Set(1.0)), sample(2, &["1.0.0"], Value::Set(1.0))];
    store.commit(&run, &[sample(0, &["latest"], Value::Set(1.0))], &told, at(1));
    let told = [sample(1, &["timeout"], Value::Add(1.0)), sample(2, &["2.0.0"], Value::Set(1.0))];
    assert_eq!(store.commit_host(&job("a"), &told).total(), 0);
    let page = read(&store, at(2));
    assert_eq!(page.value("chain_height{job_name=a,plugin=probe,tag=latest}"), Some("1.0"));
    assert_eq!(page.value("watchkeeper_job_last_run_timestamp_seconds{job_name=a,plugin=probe}"), Some("1.0"));
    assert_eq!(page.value("watchkeeper_job_info{job_name=a,plugin=probe,version=2.0.0}"), Some("1.0"));
    assert_eq!(page.count("watchkeeper_job_info"), 1, "a gauge family that is named is replaced");
}

#[test]
fn bad_samples_cost_only_themselves_and_are_counted_by_reason() {
    let store = store();
    let run = declare(&store, "a", MIXED);
    let long = "x".repeat(1_025);
    let samples = [
        sample(0, &["good"], Value::Set(f64::NAN)),
        sample(9, &[], Value::Set(1.0)),
        sample(0, &["latest"], Value::Add(1.0)),
        sample(1, &[], Value::Set(1.0)),
        sample(0, &[], Value::Set(1.0)),
        sample(0, &["a", "b"], Value::Set(1.0)),
        sample(0, &[&long], Value::Set(1.0)),
        sample(1, &[], Value::Add(f64::NAN)),
        sample(1, &[], Value::Add(-1.0)),
        sample(1, &[], Value::Add(f64::INFINITY)),
        sample(2, &[], Value::Observe(-0.1)),
        sample(2, &[], Value::Observe(f64::NAN)),
        sample(1, &[], Value::Add(f64::MAX)),
    ];
    let commit = store.commit(&run, &samples, &[], at(1));
    let counts: Vec<u64> = commit.dropped.iter().map(|(_, count)| count).collect();
    assert_eq!(counts, [1, 2, 2, 1, 5, 0, 0]);
    assert_eq!(commit.series, 2);
    let commit = store.commit(&run, &[sample(1, &[], Value::Add(f64::MAX))], &[], at(1));
    assert_eq!(commit.dropped.get(DropReason::InvalidNumber), 1, "a counter never becomes infinite");
    let value = format!("{:?}", f64::MAX);
    assert_eq!(read(&store, at(1)).value("chain_blocks_total{job_name=a,plugin=probe}"), Some(value.as_str()));
}

#[test]
fn a_flood_of_series_ends_at_the_limits_and_existing_series_go_on() {
    let limits = Limits { series_per_family: 5, ..Limits::default() };
    let store = Store::new(limits, host()).unwrap();
    let json = r#"[
        {"name": "a", "type": "gauge", "help": "A.", "labels": ["x"]},
        {"name": "b_total", "type": "counter", "help": "B.", "labels": ["x"]},
        {"name": "c", "type": "histogram", "help": "C.", "labels": ["x"], "buckets": [1]}]"#;
    let run = store.declare(&[JobFamilies { series: 12, ..of("flood", families(json)) }]).unwrap().remove(0);
    let flood = |family, value| (0..7).map(move |n| sample(family, &[&n.to_string()], value));
    let counters: Vec<_> = flood(1, Value::Add(1.0)).collect();
    let commit = store.commit(&run, &counters, &[], at(1));
    assert_eq!((commit.series, commit.dropped.get(DropReason::FamilyFull)), (5, 2));
    let all: Vec<_> =
        flood(0, Value::Set(1.0)).chain(flood(1, Value::Add(1.0))).chain(flood(2, Value::Observe(1.0))).collect();
    let commit = store.commit(&run, &all, &[], at(2));
    let dropped = [DropReason::FamilyFull, DropReason::JobFull].map(|reason| commit.dropped.get(reason));
    assert_eq!(commit.series, 10, "5 counters, 5 gauges; a histogram of 4 series has no room");
    assert_eq!(dropped, [4, 7]);
    let page = read(&store, at(2));
    assert_eq!(page.value("b_total{job_name=flood,plugin=probe,x=0}"), Some("2.0"));
    assert_eq!([page.count("a"), page.count("b_total"), page.count("c_count")], [5, 5, 0]);
}
