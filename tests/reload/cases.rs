//! Every case of `tests/cases/reload`, against the real binary. Beside each, a bystander runs that must not notice.

use std::{
    collections::BTreeMap,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use super::case::Case;
use crate::support::{Deployment, Exposition, Overview, Watchkeeper, eventually};

/// Less than the half minute after which all files are looked at anyway: what is found by then was noticed.
const NOTICED: Duration = Duration::from_secs(20);
const AT_ONCE: usize = 3;
const BYSTANDER: &str = "bystander";
const BYSTANDER_PERIOD_MS: i64 = 200;

#[test]
fn what_is_right_replaces_what_runs_and_what_is_wrong_shows_and_changes_nothing() {
    let only = env::var("CASE").ok();
    let cases: Vec<Case> =
        Case::all().into_iter().filter(|case| only.as_ref().is_none_or(|only| case.name == *only)).collect();
    assert!(!cases.is_empty(), "no cases");
    let (waiting, failed) = (Mutex::new(cases), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = waiting.lock().expect("no panic inside").pop() else { return };
                    if catch_unwind(AssertUnwindSafe(|| prove(&case))).is_err() {
                        failed.lock().expect("no panic inside").push(case.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic inside");
    assert!(failed.is_empty(), "failed, each explained above: {failed:?}");
}

fn prove(case: &Case) {
    let deployment = Deployment::new("");
    deployment.plugin_as("bystander", "steady");
    deployment.job(BYSTANDER, "plugin = \"bystander\"\nevery = \"200ms\"\n[config]\nvalue = 42\n");
    case.apply("before", &deployment);
    let watchkeeper = Watchkeeper::start(&deployment);
    let before = eventually(&format!("{}: every job has run", case.name), Duration::from_secs(60), || {
        let ready = watchkeeper.get("/-/ready", &[]).status == 200;
        let seen = Seen::now(&watchkeeper, &deployment);
        (ready && seen.overview.jobs().values().all(|job| !job["last_run"].is_null())).then_some(seen)
    });
    let asked = unix_seconds();
    case.apply("change", &deployment);
    let after = wait(case, &before, &watchkeeper, &deployment);
    compare_messages(case, &after);
    check_logs(case, &watchkeeper, &after);
    check_jobs(case, &before, &after);
    check_bystander(case, &before, &watchkeeper, &deployment);
    check_reload_on_demand(case, &watchkeeper, asked);
}

/// Looks until all is as expected; on the way there the bystander's series never go.
fn wait(case: &Case, before: &Seen, watchkeeper: &Watchkeeper, deployment: &Deployment) -> Seen {
    let name = &case.name;
    let start = Instant::now();
    loop {
        let seen = Seen::now(watchkeeper, deployment);
        assert_eq!(seen.gauge(BYSTANDER), Some(42.0), "{name}: the bystander's gauge");
        if case.expected.quiet {
            assert_eq!(seen.refused(), BTreeMap::new(), "{name}: shown on the way");
        }
        let Some(difference) = seen.differs(case, before) else { return seen };
        assert!(start.elapsed() < NOTICED, "{name}: {}: {difference}\n{:#}", case.expected.about, seen.overview.0);
        thread::sleep(Duration::from_millis(50));
    }
}

/// What one look sees.
struct Seen {
    overview: Overview,
    digests: BTreeMap<String, String>,
    metrics: Exposition,
    folder: String,
}

impl Seen {
    fn now(watchkeeper: &Watchkeeper, deployment: &Deployment) -> Self {
        let folder = deployment.path("").display().to_string().trim_end_matches('/').to_owned();
        let (overview, digests) = (watchkeeper.overview(), watchkeeper.digests());
        Self { overview, digests, metrics: watchkeeper.metrics(), folder }
    }

    /// What is wrong, by file relative to the deployment; the deployment's own folder reads FOLDER.
    fn refused(&self) -> BTreeMap<String, String> {
        let problems = self.overview.problems().into_iter();
        problems
            .map(|(path, problem)| {
                let relative = path.strip_prefix(&format!("{}/", self.folder)).expect("below the deployment");
                (relative.to_owned(), problem.replace(&self.folder, "FOLDER"))
            })
            .collect()
    }

    fn gauge(&self, job: &str) -> Option<f64> {
        ["steady_value", "tally_value"].iter().find_map(|name| self.metrics.value(name, &[("job_name", job)]))
    }

    fn successes(&self, job: &str) -> f64 {
        let labels = [("job_name", job), ("outcome", "success")];
        self.metrics.value("watchkeeper_job_runs_total", &labels).unwrap_or(-1.0)
    }

    /// What isn't as expected yet.
    fn differs(&self, case: &Case, before: &Self) -> Option<String> {
        let expected = &case.expected;
        let refused: Vec<String> = self.refused().into_keys().collect();
        if refused != expected.refused {
            return Some(format!("refused are {refused:?}"));
        }
        let successful = f64::from(u8::from(expected.refused.is_empty()));
        if self.metrics.value("watchkeeper_config_last_reload_successful", &[]) != Some(successful) {
            return Some("watchkeeper_config_last_reload_successful says otherwise".to_owned());
        }
        let jobs = self.overview.jobs();
        for name in &expected.gone {
            if jobs.contains_key(name.as_str())
                || !self.metrics.all("watchkeeper_job_runs_total", &[("job_name", name)]).is_empty()
                || self.gauge(name).is_some()
            {
                return Some(format!("{name} is still there"));
            }
        }
        expected.jobs.iter().find_map(|(name, expected)| {
            let Some(job) = jobs.get(name.as_str()) else { return Some(format!("{name} is missing")) };
            let schedule = expected.schedule.as_deref();
            if schedule.is_some_and(|schedule| job["schedule"]["written"] != schedule) {
                return Some(format!("{name} has the schedule {}", job["schedule"]));
            }
            let (old, new) = (before.digests.get(name), self.digests.get(name));
            if old.zip(expected.swapped).is_some_and(|(old, swapped)| (new != Some(old)) != swapped) {
                return Some(format!("{name} runs {new:?}"));
            }
            if expected.value.is_some() && self.gauge(name) != expected.value {
                return Some(format!("{name} shows {:?}", self.gauge(name)));
            }
            (job["last_run"].is_null()).then(|| format!("{name} has not run"))
        })
    }
}

/// The texts that the operator reads, as `messages.txt`; `BLESS=1` writes them.
fn compare_messages(case: &Case, after: &Seen) {
    let shown: String = after.refused().iter().map(|(file, error)| format!("{file}\n{error}\n\n")).collect();
    let file = case.folder.join("messages.txt");
    if env::var_os("BLESS").is_some() {
        let done = if shown.is_empty() { fs::remove_file(&file).or(Ok(())) } else { fs::write(&file, &shown) };
        done.expect("our folder");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(shown, expected, "{}: BLESS=1 writes what is shown now", case.name);
}

/// Each reason stands in a log line of its own, once, and with its file.
fn check_logs(case: &Case, watchkeeper: &Watchkeeper, after: &Seen) {
    for (file, error) in after.refused() {
        let reason = error.replace("FOLDER", &after.folder);
        let path = format!("{}/{file}", after.folder);
        let told = eventually(&format!("{}: a log line of {path}", case.name), NOTICED, || {
            let log = watchkeeper.log();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let told = lines.filter(|line| line["path"] == path && line["reason"] == reason).count();
            (told > 0).then_some(told)
        });
        assert_eq!(told, 1, "{}: log lines of {path}", case.name);
    }
}

fn check_jobs(case: &Case, before: &Seen, after: &Seen) {
    for name in case.expected.jobs.keys() {
        assert!(after.successes(name) >= before.successes(name), "{}: {name}'s counters go on", case.name);
    }
}

/// Its counters went on, its due times stayed where they were, none was missed, and it runs on.
fn check_bystander(case: &Case, before: &Seen, watchkeeper: &Watchkeeper, deployment: &Deployment) {
    let name = &case.name;
    let enough = before.successes(BYSTANDER) + 3.0;
    let after = eventually(&format!("{name}: the bystander runs on"), NOTICED, || {
        let seen = Seen::now(watchkeeper, deployment);
        (seen.successes(BYSTANDER) >= enough).then_some(seen)
    });
    let next = |seen: &Seen| {
        let text = seen.overview.jobs()[BYSTANDER]["next_run"].as_str().expect("a time").to_owned();
        text.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
    };
    let shift = (next(&after) - next(before)) % BYSTANDER_PERIOD_MS;
    assert_eq!(shift, 0, "{name}: the bystander's due times moved by {shift} ms");
    let runs = watchkeeper.runs_by_outcome(BYSTANDER);
    assert_eq!(runs.keys().collect::<Vec<_>>(), ["success"], "{name}: the bystander's runs {runs:?}");
    let own = after.metrics.value("steady_runs_total", &[("job_name", BYSTANDER)]).expect("its own counter");
    assert!((own - after.successes(BYSTANDER)).abs() < 0.5, "{name}: its own counter agrees with the host's");
}

/// Asking for it answers what is wrong, and the time of the last success tells the truth.
fn check_reload_on_demand(case: &Case, watchkeeper: &Watchkeeper, asked: f64) {
    let right = case.expected.refused.is_empty();
    let answer = watchkeeper.act("/-/reload", &[]);
    assert_eq!(answer.status == 200, right, "{}: {}", case.name, answer.text());
    let time = "watchkeeper_config_last_reload_success_timestamp_seconds";
    let last = watchkeeper.metrics().value(time, &[]).expect("a time");
    assert_eq!(last > asked, right, "{}: {time} is {last}, the change came at {asked}", case.name);
}

fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}
