//! What may be declared beside what, and what a new declaration keeps.

use watchkeeper_metrics::{DeclareError, DropReason, FamilySpec, JobFamilies, Limits, Owner, Store, Value};
use watchkeeper_model::PluginName;

use crate::support::{MIXED, at, declare, families, host, of, read, sample, store};

const HEIGHT: &str = r#"[{"name": "chain_height", "type": "gauge", "help": "Height.", "labels": ["tag"]}]"#;

#[test]
fn too_much_at_once_is_refused_at_declaration() {
    let store = store();
    let many: Vec<String> =
        (0..129).map(|n| format!(r#"{{"name": "a_{n}", "type": "gauge", "help": "A."}}"#)).collect();
    let labels: Vec<String> = (0..31).map(|n| format!("\"l{n}\"")).collect();
    let long = "l".repeat(129);
    for (json, says) in [
        (format!("[{}]", many.join(",")), "129 metric families, more than the limit of 128"),
        (
            format!(r#"[{{"name": "a", "type": "gauge", "help": "A.", "labels": [{}]}}]"#, labels.join(",")),
            "31 labels of a family, more than the limit of 30",
        ),
        (
            format!(r#"[{{"name": "a", "type": "gauge", "help": "A.", "labels": ["{long}"]}}]"#),
            "129 bytes in a label's name, more than the limit of 128",
        ),
    ] {
        let error = store.check(&[of("greedy", families(&json))]).unwrap_err();
        assert!(error.to_string().starts_with(&format!("job `greedy`: {says}\nhint: ")), "{error}");
    }
}

#[test]
fn a_clash_is_the_newcomers_error_and_names_the_other_job() {
    let store = store();
    declare(&store, "first", MIXED);
    declare(&store, "equal", MIXED);
    let gauge = |name: &str, rest: &str| format!(r#"[{{"name": "{name}", "type": "gauge", "help": "Height."{rest}}}]"#);
    for (json, difference) in [
        (MIXED.replace("Height.", "The height."), "help"),
        (MIXED.replace(r#""tag""#, r#""label""#), "list of labels"),
        (MIXED.replace("[0.5, 1]", "[0.5, 2]"), "list of buckets"),
        (MIXED.replace(r#""unit": "seconds", "#, ""), "unit"),
        (gauge("rpc_duration_seconds", ""), "type"),
    ] {
        match store.declare(&[of("newcomer", families(&json))]).unwrap_err() {
            DeclareError::Clash { job, difference: found, other, .. } => {
                assert_eq!((job.as_str(), found), ("newcomer", difference));
                assert_eq!(other, Owner::Job(crate::support::job("equal")));
            }
            other => panic!("{other}"),
        }
    }
    for (json, name) in [
        (gauge("chain_blocks", ""), "chain_blocks"),
        (MIXED.replace("rpc_duration_seconds", "chain_blocks").replace(r#""unit": "seconds", "#, ""), "chain_blocks"),
    ] {
        match store.declare(&[of("newcomer", families(&json))]).unwrap_err() {
            DeclareError::Name { name: found, .. } => assert_eq!(found, name),
            other => panic!("{other}"),
        }
    }
    let twice = HEIGHT.replace("}]", r#"}, {"name": "chain_height", "type": "gauge", "help": "Height."}]"#);
    let error = store.check(&[of("newcomer", families(&twice))]).unwrap_err();
    assert!(error.to_string().starts_with("job `newcomer`: metric family `chain_height` is there twice"), "{error}");
    let page = read(&store, at(0));
    assert!(page.series.is_empty(), "a refused declaration changes nothing");
}

#[test]
fn derived_names_clash_whoever_comes_first() {
    let histogram = r#"[{"name": "h", "type": "histogram", "help": "H."}]"#;
    let counter = r#"[{"name": "h_bucket_total", "type": "counter", "help": "H."}]"#;
    for (first, second) in [(histogram, counter), (counter, histogram)] {
        let store = store();
        declare(&store, "first", first);
        let error = store.check(&[of("second", families(second))]).unwrap_err();
        assert!(error.to_string().contains("both take the name `h_bucket`"), "{error}");
        let error = store.check(&[of("third", [families(first), families(second)].concat())]).unwrap_err();
        assert!(matches!(error, DeclareError::Name { .. }), "{error}");
    }
}

#[test]
fn a_new_version_keeps_what_it_declares_unchanged_and_forgets_the_rest() {
    let store = store();
    let run = declare(&store, "a", MIXED);
    let samples =
        [sample(0, &["latest"], Value::Set(1.0)), sample(1, &[], Value::Add(5.0)), sample(2, &[], Value::Observe(1.0))];
    store.commit(&run, &samples, &[sample(1, &["success"], Value::Add(1.0))], at(1));
    let next = MIXED.replace("Blocks.", "Blocks seen.").replace("[0.5, 1]", "[0.5, 2]");
    let next_run = declare(&store, "a", &next);
    let page = read(&store, at(1));
    assert_eq!(page.value("chain_blocks_total{job_name=a,plugin=probe}"), Some("5.0"));
    assert_eq!(page.families["chain_blocks_total"].help, "Blocks seen.");
    assert_eq!(
        page.value("chain_height{job_name=a,plugin=probe,tag=latest}"),
        Some("1.0"),
        "no gap until the next run"
    );
    assert_eq!(page.count("rpc_duration_seconds_count"), 0, "other buckets, another histogram");
    assert_eq!(page.count("watchkeeper_job_runs_total"), 1);

    let commit = store.commit(&run, &samples, &[], at(2));
    assert_eq!(commit.dropped.get(DropReason::UnknownFamily), 1, "a run of the old version gives what still fits");
    assert_eq!(read(&store, at(2)).value("chain_blocks_total{job_name=a,plugin=probe}"), Some("10.0"));
    store.commit(&next_run, &samples, &[], at(3));
    assert_eq!(read(&store, at(3)).value("rpc_duration_seconds_count{job_name=a,plugin=probe}"), Some("1.0"));

    declare(&store, "a", "[]");
    assert_eq!(read(&store, at(3)).series.len(), 1, "only the host's are left");
    declare(&store, "b", r#"[{"name": "chain_blocks", "type": "gauge", "help": "Free again."}]"#);
}

#[test]
fn a_name_that_passes_to_another_family_stays_taken() {
    let store = store();
    let counter = r#"[{"name": "peers_total", "type": "counter", "help": "Peers."}]"#;
    declare(&store, "a", counter);
    declare(&store, "a", r#"[{"name": "peers", "type": "gauge", "help": "Peers."}]"#);
    let error = store.check(&[of("b", families(counter))]).unwrap_err();
    assert!(matches!(&error, DeclareError::Name { name, .. } if name == "peers"), "{error}");
    declare(&store, "a", "[]");
    declare(&store, "b", counter);
}

#[test]
fn a_plugins_new_version_may_change_a_family_for_all_its_jobs_at_once() {
    let store = store();
    let jobs = |json: &str| [of("a", families(json)), of("b", families(json))];
    let runs = store.declare(&jobs(MIXED)).unwrap();
    for run in &runs {
        store.commit(run, &[sample(0, &["latest"], Value::Set(1.0)), sample(1, &[], Value::Add(1.0))], &[], at(1));
    }
    let changed =
        MIXED.replace(r#""gauge", "help": "Height.", "labels": ["tag"]"#, r#""histogram", "help": "Heights.""#);
    let alone = store.check(&[of("a", families(&changed))]).unwrap_err();
    assert!(matches!(alone, DeclareError::Clash { other: Owner::Job(_), difference: "type", .. }), "{alone}");
    let runs = store.declare(&jobs(&changed)).unwrap();
    let page = read(&store, at(1));
    assert_eq!((page.count("chain_height"), page.count("chain_blocks_total")), (0, 2));
    store.commit(&runs[0], &[sample(0, &[], Value::Observe(1.0))], &[], at(2));
    assert_eq!(read(&store, at(2)).families["chain_height"].kind, "histogram");

    let mut halves = jobs(&changed);
    halves[1].families[0] = FamilySpec { help: "Other heights.".into(), ..halves[1].families[0].clone() };
    let error = store.declare(&halves).unwrap_err();
    assert!(matches!(&error, DeclareError::Clash { job, .. } if job.as_str() == "b"), "{error}");
    assert_eq!(read(&store, at(2)).families["chain_height"].help, "Heights.", "all or none");
}

#[test]
fn another_plugin_under_a_job_begins_anew_and_the_host_goes_on() {
    let store = store();
    let run = declare(&store, "a", MIXED);
    store.commit(&run, &[sample(1, &[], Value::Add(1.0))], &[sample(1, &["success"], Value::Add(3.0))], at(1));
    let other = PluginName::new("other").unwrap();
    store.declare(&[JobFamilies { plugin: other, ..of("a", families(MIXED)) }]).unwrap();
    let page = read(&store, at(1));
    assert_eq!(page.value("watchkeeper_job_runs_total{job_name=a,plugin=other,outcome=success}"), Some("3.0"));
    assert_eq!(page.series.len(), 1);
}

#[test]
fn a_family_of_the_host_bears_its_name() {
    let wrong = FamilySpec { name: "job_runs_total".into(), ..host().remove(1) };
    let error = Store::new(Limits::default(), vec![wrong]).err().unwrap();
    assert_eq!(error.to_string(), "metric family `job_runs_total`: a family of the host begins with `watchkeeper_`");
}
