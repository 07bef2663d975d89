//! What people say of a job's due times: blackouts, skip-next, cancel.

use jiff::Timestamp;
use serde_json::json;

use super::{SOON, Stage, act, metric, millis, no_invariant_is_violated, run_now, runs, skips, successes};
use crate::support::{Fault, eventually};

#[test]
fn in_a_blackout_nothing_runs_but_what_a_person_asks_for() {
    // One of the two covers any time of any hour.
    let blackouts = "blackouts = [{ start = \"*/20 * * * *\", length = \"15m\" }, { start = \"10-59/20 * * * *\", length = \"15m\" }]";
    let stage = Stage::new(&[("dark", &format!("every = \"200ms\"\n{blackouts}"))]);
    let watchkeeper = stage.start();
    eventually("three skips", SOON, || {
        let skips = skips(&watchkeeper, "dark", "blackout");
        (skips.iter().map(|skip| skip.count).sum::<u64>() >= 3).then_some(())
    });
    assert!(metric(&watchkeeper, "watchkeeper_job_runs_skipped_total", "dark", &[("reason", "blackout")]) >= 3.0);
    let asked = run_now(&watchkeeper, "dark");
    assert!(super::ended(&watchkeeper, "dark", &asked).ended("success"));
    let of_it = runs(&watchkeeper, "dark");
    assert!(of_it.iter().all(|run| run.nominal.is_none()), "{of_it:#?}");
    no_invariant_is_violated(&watchkeeper);
}

#[test]
fn skip_next_leaves_out_so_many_due_times_and_no_more() {
    let stage = Stage::new(&[("skips", "every = \"400ms\"\noverlap = \"queue\"")]);
    let watchkeeper = stage.start();
    successes(&watchkeeper, "skips", Timestamp::MIN, 1);
    let acted = act(&watchkeeper, "jobs/skips/skip-next", &json!({"count": 3, "note": "maintenance"})).json();
    assert!(acted["job"]["skip_next"].as_u64() <= Some(3), "{acted}");
    let after = Timestamp::now();
    let skipped = eventually("the skip of three", SOON, || {
        let skipped = skips(&watchkeeper, "skips", "skip_next");
        (skipped.iter().map(|skip| skip.count).sum::<u64>() == 3).then_some(skipped)
    });
    let next = successes(&watchkeeper, "skips", after, 2);
    let next = next.iter().find(|run| run.nominal > Some(skipped[0].first)).expect("it goes on");
    assert_eq!(next.nominal, Some(skipped[skipped.len() - 1].last + millis(400)), "the fourth runs");
    assert_eq!(skips(&watchkeeper, "skips", "skip_next").iter().map(|skip| skip.count).sum::<u64>(), 3);
    let actions = watchkeeper.api("actions")["actions"].clone();
    assert_eq!((&actions[0]["verb"], &actions[0]["note"]), (&json!("skip-next"), &json!("maintenance")));
    no_invariant_is_violated(&watchkeeper);
}

#[test]
fn a_cancelled_run_says_by_whom_and_the_ledger_why() {
    let stage = Stage::new(&[("long", "every = \"24h\"\npause_after_failures = 1")]);
    stage.proxy.set(Fault::Silent);
    let watchkeeper = stage.start();
    let run = run_now(&watchkeeper, "long");
    eventually("the run is held", SOON, || (watchkeeper.overview().running("long") == 1).then_some(()));
    let again = watchkeeper.try_act("/api/v1/jobs/long/run", &json!({})).expect("an answer");
    assert_eq!(again.status, 409, "it goes already: {}", again.text());
    act(&watchkeeper, &format!("runs/{run}/cancel"), &json!({"note": "wrong endpoint"}));
    let cancelled = super::ended(&watchkeeper, "long", &run);
    assert!(cancelled.ended("cancelled") && cancelled.message == "cancelled by local token", "{cancelled:?}");
    let action = watchkeeper.api("actions")["actions"][0].clone();
    assert_eq!((&action["verb"], &action["run"]), (&json!("cancel"), &json!(run)));
    assert_eq!((&action["by"], &action["note"]), (&json!("local token"), &json!("wrong endpoint")));
    assert!(watchkeeper.overview().job("long").expect("it is there")["pause"].is_null(), "a cancel is no failure");
    assert_eq!(metric(&watchkeeper, "watchkeeper_job_runs_total", "long", &[("outcome", "cancelled")]), 1.0);
    let late = watchkeeper.try_act(&format!("/api/v1/runs/{run}/cancel"), &json!({})).expect("an answer");
    assert_eq!(late.status, 409, "it is over: {}", late.text());
    no_invariant_is_violated(&watchkeeper);
}
