//! Every submission is counted once, with what it says of itself, and no block is taken for one without submissions.

use serde_json::{Value, json};
use watchkeeper_sdk::{log::Level, testing::Run};

use super::{
    fake::{Fake, NAMESPACE, lines, result, submission},
    model::{INTERVAL, Submission, Wrong, namespace},
};

const PRIVATE: &[&str] = &["private"];
const BATCHER: &[&str] = &["private", "batcher"];
const STRANGER: &str = "celestia1njj6gjmnwqcpwk3nu6wpdlrpdfqytvj46e3ggu";

/// So many that their payments fill the rest of one row and begin another: both surely hold some by their roots.
const MANY: [u32; 20] = [3; 20];

fn sum(run: &Run, family: &str, labels: &[&str]) -> f64 {
    run.samples(family, labels).iter().sum()
}

/// What one run after another counted.
fn blobs(run: &Run) -> f64 {
    sum(run, "da_blobs_total", &["private", "batcher", "rollup"])
}

#[test]
fn a_submission_is_counted_with_its_blobs_fee_and_gas() {
    let fake = Fake::new(10);
    fake.submit(&[1_000, 30_000]);
    let height = fake.submit(&[]);
    let run = fake.run();
    assert_eq!(run.outcome, Ok(format!("head {height}, blocks counted: 2")));
    for (family, labels, value) in [
        ("da_blocks_total", PRIVATE, 2.0),
        ("da_uncounted_blocks", PRIVATE, 0.0),
        ("da_skipped_blocks_total", PRIVATE, 0.0),
        ("da_history_changes_total", PRIVATE, 0.0),
        ("da_submissions_total", BATCHER, 2.0),
        ("da_fee_native_total", BATCHER, 0.004),
        ("da_gas_total", BATCHER, 160_000.0),
        ("da_blobs_total", &["private", "batcher", "rollup"], 2.0),
        ("da_blob_bytes_total", &["private", "batcher", "rollup"], 31_000.0),
        ("da_last_submission_timestamp_seconds", BATCHER, 1_767_225_666.125),
        ("da_late_submissions_total", BATCHER, 0.0),
    ] {
        assert_eq!(sum(&run, family, labels), value, "{family}");
    }
    assert_eq!(run.samples("da_blob_size_bytes", &["private", "rollup"]), [1_000.0, 30_000.0]);
    assert_eq!(run.samples("da_submission_interval_seconds", BATCHER), [0.0; 0], "there was none before");
    assert_eq!(blobs(&fake.run()), 0.0, "each once");
}

#[test]
fn only_what_is_named_is_counted_and_what_is_not_named_doesnt_matter() {
    let other = Submission { blobs: vec![(namespace(b"elsewhere"), 5)], ..submission(0) };
    let both = Submission { blobs: vec![(namespace(b"elsewhere"), 5), (namespace(NAMESPACE), 7)], ..submission(0) };
    let stranger = Submission { signer: STRANGER.into(), ..submission(11) };
    let counted = |remove: &str| {
        let mut fake = Fake::new(10);
        fake.config.as_object_mut().unwrap().remove(remove);
        fake.model.borrow_mut().produce(vec![other.clone(), both.clone(), stranger.clone()]);
        let run = fake.run();
        let (signer, namespace) = match remove {
            "signers" => ("any", "rollup"),
            "namespaces" => ("batcher", "any"),
            _ => ("batcher", "rollup"),
        };
        let bytes = sum(&run, "da_blob_bytes_total", &["private", signer, namespace]);
        (sum(&run, "da_submissions_total", &["private", signer]), bytes)
    };
    assert_eq!(counted("neither"), (1.0, 7.0));
    assert_eq!(counted("signers"), (2.0, 18.0));
    assert_eq!(counted("namespaces"), (2.0, 17.0));

    let mut fake = Fake::new(10);
    fake.config = json!({ "url": "http://node/", "network": "private" });
    let run = fake.run();
    assert_eq!(run.outcome, Ok("head 10, no submissions are watched".into()));
    assert_eq!(run.samples("da_blocks_total", PRIVATE), [0.0; 0]);
    assert!(!fake.model.borrow().calls.iter().any(|method| method == "share.GetNamespaceData"));
}

#[test]
fn blobs_arent_fetched_and_blocks_without_payments_cost_one_request() {
    let fake = Fake::new(10);
    fake.submit(&[]);
    fake.submit(&[100]);
    fake.submit(&[]);
    fake.run();
    let count = |method: &str| fake.model.borrow().calls.iter().filter(|called| *called == method).count();
    assert_eq!((count("header.GetByHeight"), count("share.GetNamespaceData")), (2, 1), "the head is known");
}

#[test]
fn intervals_and_lateness_are_by_the_blocks_own_times_also_across_runs() {
    let mut fake = Fake::new(10);
    fake.config["expected_every"] = json!("60s");
    let first = fake.submit(&[1, 1, 1]);
    let run = fake.run();
    let time = fake.model.borrow().time(first) as f64 + 0.125;
    assert_eq!(run.samples("da_next_submission_expected_timestamp_seconds", BATCHER), [time + 60.0]);
    fake.submit(&[]);
    fake.submit(&[1]);
    let run = fake.run();
    assert_eq!(run.samples("da_submission_interval_seconds", BATCHER), [2.0 * INTERVAL as f64]);
    assert_eq!(sum(&run, "da_late_submissions_total", BATCHER), 0.0);
    fake.model.borrow_mut().produce_after(61, vec![submission(1)]);
    let run = fake.run();
    assert_eq!(run.samples("da_submission_interval_seconds", BATCHER), [61.0]);
    assert_eq!(sum(&run, "da_late_submissions_total", BATCHER), 1.0);
    let silent = fake.run();
    let last = silent.samples("da_last_submission_timestamp_seconds", BATCHER);
    assert_eq!(last, run.samples("da_last_submission_timestamp_seconds", BATCHER), "known also when nothing is new");
}

#[test]
fn a_run_counts_a_bounded_number_and_the_next_ones_the_rest() {
    let mut fake = Fake::new(10);
    fake.config["max_blocks_per_run"] = json!(10);
    fake.submit_each(25, 3);
    for (counted, left) in [(10.0, 15.0), (10.0, 5.0), (5.0, 0.0), (0.0, 0.0)] {
        let run = fake.run();
        assert_eq!((blobs(&run), sum(&run, "da_uncounted_blocks", PRIVATE)), (counted, left));
    }
}

#[test]
fn a_block_that_cannot_be_read_whole_stops_the_count_and_is_counted_later() {
    let share = |change: fn(&mut Value)| {
        let fake = Fake::new(10);
        let height = fake.submit(&MANY);
        let params = json!([height, crate::namespace::PAY_FOR_BLOB.base64()]);
        let mut rows = result(&mut fake.model.borrow_mut(), "share.GetNamespaceData", &params);
        change(&mut rows);
        ("share.GetNamespaceData", Wrong::Result(rows))
    };
    for (method, wrong) in [
        // `blob.GetAll` and its like answer so where the data can't be found.
        ("share.GetNamespaceData", Wrong::Result(Value::Null)),
        ("share.GetNamespaceData", Wrong::Result(json!([]))),
        share(|rows| rows[0]["shares"] = json!(null)),
        share(|rows| rows[0]["shares"] = json!([])),
        share(|rows| rows[1]["shares"] = json!(["AAAA"])),
        share(|rows| rows.as_array_mut().unwrap().truncate(1)),
        ("share.GetNamespaceData", Wrong::Error("share: data not found".into())),
        (
            "share.GetNamespaceData",
            Wrong::Error("missing permission to invoke 'GetNamespaceData' (need 'read')".into()),
        ),
        ("share.GetNamespaceData", Wrong::Http(429, "rate limit exceeded\n")),
        ("share.GetNamespaceData", Wrong::Http(200, "<html>welcome</html>")),
        ("header.GetByHeight", Wrong::Error("header: not found".into())),
        ("header.GetByHeight", Wrong::Result(Value::Null)),
        ("header.GetByHeight", Wrong::Result(Fake::new(10).model.borrow().header(3))),
    ] {
        let fake = Fake::new(10);
        fake.submit(&MANY);
        fake.submit(&[]);
        fake.model.borrow_mut().wrong.insert(method.into(), wrong.clone());
        for run in [fake.run(), fake.run()] {
            assert!(run.outcome.is_ok());
            assert_eq!((blobs(&run), sum(&run, "da_blocks_total", PRIVATE)), (0.0, 0.0), "{method} {wrong:?}");
            assert_eq!(sum(&run, "da_uncounted_blocks", PRIVATE), 2.0, "{method} {wrong:?}");
            assert_eq!(lines(&run, Level::Warn).len(), 1, "{method} {wrong:?}: {:?}", run.logs);
        }
        fake.model.borrow_mut().wrong.clear();
        assert_eq!(blobs(&fake.run()), 20.0, "{method} {wrong:?}");
    }
}

#[test]
fn blocks_that_the_node_dropped_are_left_out_and_counted_as_such() {
    let fake = Fake::new(10);
    fake.submit(&[1]);
    assert_eq!(blobs(&fake.run()), 1.0);
    fake.submit_each(9, 1);
    fake.model.borrow_mut().prune(17);
    let run = fake.run();
    assert_eq!((sum(&run, "da_skipped_blocks_total", PRIVATE), blobs(&run)), (5.0, 4.0));
    assert_eq!(run.samples("da_submission_interval_seconds", BATCHER).len(), 3, "not across what was left out");
    assert!(lines(&run, Level::Warn)[0].contains("blocks 12 to 16 are left out"), "{:?}", run.logs);
    assert_eq!(sum(&fake.run(), "da_skipped_blocks_total", PRIVATE), 0.0);
}

#[test]
fn a_job_that_was_away_for_too_long_goes_on_near_the_head() {
    let mut fake = Fake::new(10);
    fake.config["max_blocks_behind"] = json!(4);
    fake.submit_each(10, 1);
    let run = fake.run();
    assert_eq!((sum(&run, "da_skipped_blocks_total", PRIVATE), blobs(&run)), (6.0, 4.0));
}

#[test]
fn a_node_that_is_behind_is_waited_for_and_a_network_that_began_anew_is_followed() {
    let fake = Fake::new(10);
    fake.submit_each(5, 1);
    assert_eq!(blobs(&fake.run()), 5.0);
    fake.model.borrow_mut().behind = 3;
    let run = fake.run();
    assert_eq!((blobs(&run), sum(&run, "da_history_changes_total", PRIVATE)), (0.0, 0.0));
    assert!(lines(&run, Level::Warn)[0].contains("nothing is counted until it is beyond block 15"), "{:?}", run.logs);
    fake.model.borrow_mut().behind = 0;
    fake.submit(&[1]);
    assert_eq!(blobs(&fake.run()), 1.0);

    fake.model.borrow_mut().begin(1, 30);
    let run = fake.run();
    assert_eq!((blobs(&run), sum(&run, "da_history_changes_total", PRIVATE)), (0.0, 1.0));
    fake.submit(&[1]);
    let run = fake.run();
    assert_eq!((blobs(&run), sum(&run, "da_history_changes_total", PRIVATE)), (1.0, 0.0));
    assert_eq!(sum(&run, "da_blocks_total", PRIVATE), 2.0, "the head of then, and the new one");
}

#[test]
fn the_first_run_counts_the_head_unless_a_start_is_named() {
    let mut fake = Fake::new(10);
    fake.config.as_object_mut().unwrap().remove("start_height");
    fake.submit_each(3, 1);
    assert_eq!(blobs(&fake.run()), 1.0);

    let mut fake = Fake::new(10);
    fake.config["start_height"] = json!(12);
    fake.submit_each(3, 1);
    assert_eq!(blobs(&fake.run()), 2.0);
}
