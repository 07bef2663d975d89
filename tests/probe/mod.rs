//! `/probe?job=&target=`: one run for one scrape, whose samples are the answer and stand nowhere else.

mod relabelled;

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Deployment, Fault, FaultProxy, Response, Watchkeeper, eventually, promtool_check_metrics, teller_job,
};

const PATIENCE: Duration = Duration::from_secs(60);
const TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

/// A running process with the job `probed`, whose targets are `a`, `b`, `slow-1` and `slow-2`. The slow ones wait for a
/// chain that never answers.
struct Probed {
    watchkeeper: Watchkeeper,
    deployment: Deployment,
    chain: FaultProxy,
}

impl Probed {
    fn start() -> Self {
        let chain = FaultProxy::start("http://127.0.0.1:9");
        chain.set(Fault::Silent);
        let deployment = Deployment::on_chain(&[&chain.url()]);
        deployment.plugin("teller");
        deployment.job("probed", &job("[\"a\", \"b\", \"slow-1\", \"slow-2\"]"));
        let watchkeeper = Watchkeeper::start(&deployment);
        eventually("it to be ready", PATIENCE, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
        Self { watchkeeper, deployment, chain }
    }

    #[track_caller]
    fn probe(&self, target: &str, seconds: &str) -> Response {
        self.watchkeeper.get(&format!("/probe?job=probed&target={target}"), &[(TIMEOUT, seconds)])
    }

    /// How many probes have ended with an outcome.
    fn counted(&self, outcome: &str) -> f64 {
        let labels = [("job_name", "probed"), ("outcome", outcome)];
        self.watchkeeper.metrics().value("watchkeeper_job_probes_total", &labels).unwrap_or(0.0)
    }
}

/// The job's file with these targets.
fn job(targets: &str) -> String {
    teller_job("", "message = \"probed\"\nlabel = \"x\"\nchain = \"dev\"", &format!("probe = {targets}"))
}

#[test]
fn a_probe_answers_with_its_own_run_s_samples_and_leaves_nothing_but_a_count() {
    let probed = Probed::start();
    for (target, count) in [("a", 1.0), ("b", 2.0)] {
        let answer = probed.probe(target, "10");
        assert_eq!(answer.status, 200, "{}", answer.text());
        promtool_check_metrics(answer.text());
        let samples = crate::support::Exposition::parse(answer.text());
        let told = samples.all("teller_told", &[]);
        assert_eq!(told.len(), 1, "of no other run: {told:?}");
        assert_eq!((told[0].labels["target"].as_str(), told[0].value), (target, 6.0));
        assert_eq!(samples.value("watchkeeper_probe_success", &[]), Some(1.0));
        assert!(samples.value("watchkeeper_probe_duration_seconds", &[]).is_some_and(|seconds| seconds > 0.0));
        assert!(
            !answer.text().contains("watchkeeper_job_") && !answer.text().contains("process_"),
            "{}",
            answer.text()
        );
        assert_eq!(probed.counted("success"), count);
    }
    let metrics = probed.watchkeeper.metrics();
    assert_eq!(metrics.all("teller_told", &[]).len(), 0, "they are on no other page");
    assert_eq!(probed.watchkeeper.runs_by_outcome("probed").len(), 0, "a probe is no run by schedule");
    assert_eq!(probed.watchkeeper.api("runs?job=probed")["runs"], serde_json::json!([]), "it has no row");
    assert_eq!(probed.watchkeeper.api("logs?after=0")["lines"], serde_json::json!([]));
}

#[test]
fn only_targets_of_the_grant_are_probed() {
    let probed = Probed::start();
    for (query, status, words) in [
        ("job=probed&target=c", 422, "may not probe this target"),
        ("job=probed&target=a%20", 422, "may not probe this target"),
        ("job=nobody&target=a", 404, "there is no job"),
        ("job=NOBODY&target=a", 404, "there is no such job"),
        ("job=probed", 400, "the parameter `target` is missing"),
        ("target=a", 400, "the parameter `job` is missing"),
        ("job=probed&target=", 400, "the parameter `target` is missing"),
    ] {
        let answer = probed.watchkeeper.get(&format!("/probe?{query}"), &[]);
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
        assert!(answer.text().contains(words), "{query}: {}", answer.text());
    }
    let refused = probed.probe("c", "10");
    assert!(refused.text().contains("hint: ") && refused.text().contains("[grants]"), "{}", refused.text());
    assert_eq!(probed.counted("success"), 0.0);
}

#[test]
fn a_slow_target_is_an_answer_within_the_scraper_s_time() {
    let probed = Probed::start();
    for seconds in ["1", "3"] {
        let limit = Duration::from_secs_f64(seconds.parse().unwrap());
        let asked = Instant::now();
        let answer = probed.probe("slow-1", seconds);
        let took = asked.elapsed();
        assert!(took < limit, "{seconds} s were granted, and it took {took:?}");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let samples = crate::support::Exposition::parse(answer.text());
        assert_eq!(samples.value("watchkeeper_probe_success", &[]), Some(0.0), "{}", answer.text());
        assert_eq!(samples.all("teller_told", &[]).len(), 0, "what a failed run says isn't told");
    }
    assert_eq!(probed.counted("timeout"), 2.0);
}

#[test]
fn equal_probes_in_flight_share_a_run_and_different_ones_overlap() {
    let probed = Probed::start();
    thread::scope(|scope| {
        for target in ["slow-1", "slow-1", "slow-1", "slow-1", "slow-2"] {
            let probed = &probed;
            scope.spawn(move || assert_eq!(probed.probe(target, "5").status, 200));
        }
        let going = || probed.watchkeeper.metrics().value("watchkeeper_runs_in_progress", &[]);
        eventually("a run for each target", PATIENCE, || (going() == Some(2.0)).then_some(()));
    });
    assert_eq!(probed.counted("timeout"), 2.0, "and no more than one");
}

#[test]
fn a_probe_in_flight_ends_with_its_job() {
    let probed = Probed::start();
    let seen = probed.chain.requests();
    thread::scope(|scope| {
        let probe = scope.spawn(|| probed.probe("slow-1", "60"));
        eventually("the probe to wait for its chain", PATIENCE, || (probed.chain.requests() > seen).then_some(()));
        let removed = Instant::now();
        probed.deployment.remove_job("probed");
        let answer = probe.join().expect("an answer");
        assert!(removed.elapsed() < Duration::from_secs(20), "it was granted a minute, and the job is gone");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let samples = crate::support::Exposition::parse(answer.text());
        assert_eq!(samples.value("watchkeeper_probe_success", &[]), Some(0.0), "{}", answer.text());
    });
    let log = probed.watchkeeper.log();
    assert!(log.contains("the job was removed"), "{log}");
}

#[test]
fn a_scraper_that_leaves_takes_its_run_along_and_it_is_counted_all_the_same() {
    let probed = Probed::start();
    let seen = probed.chain.requests();
    let address = probed.watchkeeper.address().to_owned();
    let mut scraper = std::net::TcpStream::connect(&address).expect("it listens");
    let request = format!("GET /probe?job=probed&target=slow-1 HTTP/1.1\r\nHost: {address}\r\n{TIMEOUT}: 60\r\n\r\n");
    std::io::Write::write_all(&mut scraper, request.as_bytes()).expect("it reads");
    eventually("the probe to wait for its chain", PATIENCE, || (probed.chain.requests() > seen).then_some(()));
    drop(scraper);
    eventually("the run to be over", Duration::from_secs(20), || (probed.counted("cancelled") == 1.0).then_some(()));
}
