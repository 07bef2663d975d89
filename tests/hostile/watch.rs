//! A Watchkeeper with one well-behaved job, to which hostile ones are added.

use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::{case::Case, component};
use crate::support::{Anvil, Deployment, Exposition, Overview, Watchkeeper, eventually, promtool_check_metrics};

const NEIGHBOUR: &str = "neighbour";
const NEIGHBOURS_PERIOD: Duration = Duration::from_millis(500);
/// How much later than promised things may happen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_CASE: Duration = Duration::from_secs(120);
const MOST_MEMORY: u64 = 1 << 30;

/// What each test runs on.
pub(super) struct Watch {
    watchkeeper: Watchkeeper,
    deployment: Deployment,
    memory_at_start: u64,
    _chain: Anvil,
    /// Takes connections and never reads from them.
    _silence: TcpListener,
}

impl Watch {
    pub(super) fn start() -> Self {
        let chain = Anvil::start(&["--block-time", "1"]);
        let silence = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let silent = silence.local_addr().expect("a bound address");
        let deployment = Deployment::new(&format!(
            "[chains.dev]\nchain_id = 31337\nendpoints = [\"{}\"]\n\
             [chains.silent]\nchain_id = 31337\nendpoints = [\"http://{silent}\"]\ntimeout = \"60s\"\n\
             [limits]\nconcurrent_runs = 16\ncompile = {{ memory = \"512MiB\", cpu = \"5s\", wall = \"60s\" }}\n",
            chain.url()
        ));
        deployment.plugin("minimal");
        let job = format!(
            "plugin = \"minimal\"\nevery = \"{}ms\"\n[config]\nchain = \"dev\"\n[grants]\nchain = [\"dev\"]\n",
            NEIGHBOURS_PERIOD.as_millis()
        );
        deployment.job(NEIGHBOUR, &job);
        let watchkeeper = Watchkeeper::start(&deployment);
        eventually("the neighbour's first run", Duration::from_secs(60), || {
            (runs(&watchkeeper.metrics(), NEIGHBOUR, "success") > 0.0).then_some(())
        });
        let memory_at_start = memory(&watchkeeper, "VmRSS:");
        Self { watchkeeper, deployment, memory_at_start, _chain: chain, _silence: silence }
    }

    /// Runs cases at once until each has come to its end; returns what was wrong, by case.
    pub(super) fn run(&self, cases: &[Case]) -> Vec<String> {
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        eprintln!("{}", names.join(", "));
        let (begun, before) = (Instant::now(), runs(&self.watchkeeper.metrics(), NEIGHBOUR, "success"));
        for case in cases {
            self.deployment.plugin_bytes(&case.plugin(), &component::of(case));
            self.deployment.job(&case.name, &case.job);
        }
        let mut failures = Vec::new();
        let mut open: Vec<&Case> = cases.iter().collect();
        while !open.is_empty() && begun.elapsed() < LONGEST_CASE {
            let scrape = self.look();
            let overview = self.watchkeeper.overview();
            open.retain(|case| match self.judge(case, &scrape, &overview) {
                Verdict::Open => true,
                Verdict::AsExpected => false,
                Verdict::Wrong(reason) => {
                    failures.push(format!("{}: {reason}", case.name));
                    false
                }
            });
        }
        failures.extend(open.iter().map(|case| {
            let (overview, name) = (self.watchkeeper.overview(), &case.name);
            let (job, problems) = (overview.job(name), problems(&overview, name));
            format!("{name}: not over within {LONGEST_CASE:?}: {job:?} {problems:?}")
        }));
        failures.extend(self.neighbours_miss(begun, before).map(|miss| format!("{}: {miss}", names.join(", "))));
        failures.extend(self.excess().map(|excess| format!("{}: {excess}", names.join(", "))));
        self.clear(&names);
        failures
    }

    /// Scrapes as Prometheus does: answered soon, valid, and the neighbour is well.
    fn look(&self) -> Exposition {
        let asked = Instant::now();
        let text = self.watchkeeper.metrics_text();
        assert!(asked.elapsed() < PATIENCE, "a scrape took {:?}", asked.elapsed());
        promtool_check_metrics(&text);
        let scrape = Exposition::parse(&text);
        let last = scrape.value("watchkeeper_job_last_success_timestamp_seconds", &[("job_name", NEIGHBOUR)]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs_f64();
        let age = now - last.expect("the neighbour has succeeded");
        assert!(age < (NEIGHBOURS_PERIOD + PATIENCE).as_secs_f64(), "the neighbour's last success is {age} s old");
        let of_neighbour = scrape.all("watchkeeper_job_runs_total", &[("job_name", NEIGHBOUR)]);
        let failed = of_neighbour.iter().find(|runs| runs.value > 0.0 && runs.labels["outcome"] != "success");
        assert!(failed.is_none(), "the neighbour failed: {failed:?} {:?}", self.watchkeeper.overview().job(NEIGHBOUR));
        scrape
    }

    fn judge(&self, case: &Case, scrape: &Exposition, overview: &Overview) -> Verdict {
        let expected = &case.expected;
        let Some(outcome) = &expected.outcome else { return refusal(case, scrape, overview) };
        let Some(end) = overview.job(&case.name).map(|job| &job["last_run"]) else { return Verdict::Open };
        if end.is_null() || runs(scrape, &case.name, end["outcome"].as_str().unwrap_or_default()) < 1.0 {
            return Verdict::Open;
        }
        let message = end["message"].as_str().unwrap_or_default();
        let (log, took) = (self.watchkeeper.log(), end["duration_seconds"].as_f64().unwrap_or(f64::INFINITY));
        let of_job = [("job_name", case.name.as_str())];
        let dropped = |reason: &str| {
            scrape.value("watchkeeper_job_samples_dropped_total", &[of_job[0], ("reason", reason)]).unwrap_or(0.0)
        };
        let holds = [
            end["outcome"] == **outcome,
            expected.message.iter().all(|fragment| message.contains(fragment)),
            message.chars().count() < 1_500,
            took < (case.timeout() + PATIENCE).as_secs_f64(),
            expected.logged.iter().all(|fragment| log.contains(fragment)),
            expected.unsaid.as_ref().is_none_or(|words| !log.contains(words)),
            expected.series.is_none_or(|series| scrape.value("watchkeeper_job_series", &of_job) == Some(series)),
            expected.dropped.iter().all(|(reason, count)| dropped(reason) >= *count),
        ];
        match holds.iter().position(|holds| !holds) {
            None => Verdict::AsExpected,
            Some(which) => Verdict::Wrong(format!("expectation {which} does not hold: {end:#}")),
        }
    }

    fn neighbours_miss(&self, begun: Instant, before: f64) -> Option<String> {
        let due = begun.elapsed().as_secs_f64() / NEIGHBOURS_PERIOD.as_secs_f64();
        let ran = runs(&self.watchkeeper.metrics(), NEIGHBOUR, "success") - before;
        (ran < due / 2.0 - 2.0).then(|| format!("the neighbour was due {due:.0} times and ran {ran} times"))
    }

    fn excess(&self) -> Option<String> {
        let most = memory(&self.watchkeeper, "VmHWM:").saturating_sub(self.memory_at_start);
        (most > MOST_MEMORY).then(|| format!("the host held {} MiB more than at its start", most >> 20))
    }

    fn clear(&self, names: &[&str]) {
        names.iter().for_each(|name| self.deployment.remove_job(name));
        eventually("the end of all hostile jobs", Duration::from_secs(30), || {
            let overview = self.watchkeeper.overview();
            names.iter().all(|name| overview.job(name).is_none()).then_some(())
        });
    }
}

enum Verdict {
    Open,
    AsExpected,
    Wrong(String),
}

fn refusal(case: &Case, scrape: &Exposition, overview: &Overview) -> Verdict {
    let problems = problems(overview, &case.name);
    let is_told = problems.iter().any(|problem| case.expected.refused.iter().all(|part| problem.contains(part)));
    let is_counted = scrape.value("watchkeeper_config_last_reload_successful", &[]) == Some(0.0);
    match overview.job(&case.name).is_none() {
        false => Verdict::Wrong("it was loaded".to_owned()),
        true if is_told && is_counted => Verdict::AsExpected,
        true => Verdict::Open,
    }
}

/// What is said to be wrong with the case's job file and plugin file.
fn problems(overview: &Overview, name: &str) -> Vec<String> {
    let is_of_case = |path: &str| ["toml", "wasm"].iter().any(|kind| path.ends_with(&format!("/{name}.{kind}")));
    let problems = overview.problems().into_iter().filter(|(path, _)| is_of_case(path));
    problems.map(|(_, problem)| problem.to_owned()).collect()
}

fn runs(scrape: &Exposition, job: &str, outcome: &str) -> f64 {
    scrape.value("watchkeeper_job_runs_total", &[("job_name", job), ("outcome", outcome)]).unwrap_or(0.0)
}

/// A line of `/proc/PID/status`, in bytes. Other systems have no such file: there, nothing is judged by it.
fn memory(watchkeeper: &Watchkeeper, line: &str) -> u64 {
    if cfg!(not(target_os = "linux")) {
        return 0;
    }
    let status = fs::read_to_string(format!("/proc/{}/status", watchkeeper.id())).expect("the process lives");
    let found = status.lines().find_map(|found| found.strip_prefix(line)).expect("Linux tells");
    let kibibytes: u64 = found.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes << 10
}
