//! Commits, scrapes and reloads at once: a scrape shows whole commits, and counters never go back.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use watchkeeper_metrics::{Encoding, Format, Store, Value};

use crate::support::{Exposition, at, declare, families, of, parse, sample, store, unpack};

const JOBS: [&str; 3] = ["a", "b", "c"];
const COMMITS: u32 = 200;
/// The gauges are set to the number of the commit, the counters grow by one with each.
const FAMILIES: &str = r#"[
    {"name": "commit_a", "type": "gauge", "help": "Number of the commit.", "labels": ["x"]},
    {"name": "commits_total", "type": "counter", "help": "Commits."},
    {"name": "zone_commit", "type": "gauge", "help": "Number of the commit.", "labels": ["x"]},
    {"name": "zone_size", "type": "histogram", "help": "Commits.", "buckets": [1]}]"#;

#[test]
fn a_scrape_never_shows_half_a_commit() {
    let store = store();
    let working = AtomicUsize::new(JOBS.len());
    thread::scope(|scope| {
        for name in JOBS {
            let (store, working) = (&store, &working);
            scope.spawn(move || {
                commit_all(store, name);
                working.fetch_sub(1, Ordering::SeqCst);
            });
        }
        scope.spawn(|| {
            while working.load(Ordering::SeqCst) > 0 {
                store.refresh();
                store.declare(&[of("visitor", families(FAMILIES))]).unwrap();
                store.remove(&crate::support::job("visitor"));
            }
        });
        for format in [Format::Text, Format::OpenMetrics] {
            let (store, working) = (&store, &working);
            scope.spawn(move || {
                let mut before = HashMap::new();
                while working.load(Ordering::SeqCst) > 0 {
                    let body = store.scrape(format, Encoding::Gzip, at(1), &[]).body.concat();
                    let page = parse(format, std::str::from_utf8(&unpack(&body)).unwrap());
                    whole_commits(&page, &mut before);
                }
            });
        }
    });
    let page = crate::support::read(&store, at(1));
    let mut last = HashMap::new();
    whole_commits(&page, &mut last);
    assert_eq!(last, JOBS.map(|name| (name.to_owned(), f64::from(COMMITS))).into());
}

fn commit_all(store: &Store, name: &str) {
    let mut run = declare(store, name, FAMILIES);
    for number in 1..=COMMITS {
        if number % 20 == 0 {
            run = declare(store, name, FAMILIES);
        }
        let mut samples = vec![sample(1, &[], Value::Add(1.0)), sample(3, &[], Value::Observe(1.0))];
        for x in 0..40 {
            let value = Value::Set(f64::from(number));
            samples.extend([0, 2].map(|family| sample(family, &[&x.to_string()], value)));
        }
        store.commit(&run, &samples, &[sample(1, &["success"], Value::Add(1.0))], at(1));
    }
}

/// Every series of a job says the same number, which is not below the one of the scrape before.
fn whole_commits(page: &Exposition, before: &mut HashMap<String, f64>) {
    let mut jobs: HashMap<&str, Vec<f64>> = HashMap::new();
    for ((name, labels), value) in &page.series {
        if !name.ends_with("_bucket") {
            jobs.entry(&labels[0].1).or_default().push(value.parse().unwrap());
        }
    }
    for (job, values) in jobs {
        assert_eq!(values.len(), 84, "{job}");
        assert!(values.iter().all(|value| *value == values[0]), "{job}: {values:?}");
        let earlier = before.insert(job.to_owned(), values[0]).unwrap_or(0.0);
        assert!(values[0] >= earlier, "{job} went back");
    }
}
