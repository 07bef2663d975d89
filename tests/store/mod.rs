//! The store is full, locked or gone for a while: nothing runs that can't be recorded, everybody can see why, and what
//! was under way is recorded when the store is back.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::support::{Anvil, Deployment, Exposition, Fault, FaultProxy, Watchkeeper, eventually};

const SOON: Duration = Duration::from_secs(60);
/// How long the store stays away once that was noticed.
const AWAY: SignedDuration = SignedDuration::from_secs(3);
const PERIOD: SignedDuration = SignedDuration::from_millis(250);
/// Room for the compiled plugin and a ledger of a few runs.
const DISK: u64 = 32 << 20;

/// A job that is always busy, and one that takes as long as its chain.
struct Stage {
    deployment: Deployment,
    /// What the busy job reads: each of its runs asks it once.
    quick: FaultProxy,
    slow: FaultProxy,
    _anvil: Anvil,
}

impl Stage {
    fn new() -> Self {
        let anvil = Anvil::start(&["--no-mining"]);
        let (quick, slow) = (FaultProxy::start(anvil.url()), FaultProxy::start(anvil.url()));
        let chain = |name: &str, proxy: &FaultProxy| {
            let url = proxy.url();
            format!("[chains.{name}]\nchain_id = 31337\ntimeout = \"60s\"\nendpoints = [{url:?}]\n")
        };
        let chains = chain("quick", &quick) + &chain("slow", &slow);
        let deployment = Deployment::new(&format!("[store]\npath = \"store/watchkeeper.db\"\n{chains}"));
        fs::create_dir(deployment.path("store")).expect("a new folder");
        fs::set_permissions(deployment.path("store"), Permissions::from_mode(0o700)).expect("our folder");
        deployment.plugin("tally");
        let job = |keys: &str, chain: &str| {
            let powers =
                format!("[config]\nvalue = 1\nchain = {chain:?}\n[grants]\nstate = true\nchain = [{chain:?}]\n");
            format!("plugin = \"tally\"\ntimeout = \"60s\"\n{keys}\n{powers}")
        };
        deployment.job("busy", &job("every = \"250ms\"\noverlap = \"queue\"", "quick"));
        deployment.job("long", &job("every = \"8784h\"", "slow"));
        Self { deployment, quick, slow, _anvil: anvil }
    }

    /// A store that was away and came back, whatever the reason was; `why` is what people are told.
    fn outlasts(
        &self,
        watchkeeper: &mut Watchkeeper,
        why: &str,
        takes_away: impl FnOnce(),
        brings_back: impl FnOnce(),
    ) {
        eventually("two runs", SOON, || (watchkeeper.runs("busy", "success") >= 2.0).then_some(()));
        self.slow.set(Fault::Silent);
        let long = asked(watchkeeper, "long").expect("the store is there")["run"].clone();
        eventually("a run that is held", SOON, || (watchkeeper.overview().running("long") == 1).then_some(()));

        takes_away();
        eventually("it to notice", SOON, || (ledger_up(watchkeeper) == Some(0.0)).then_some(()));
        let noticed = Timestamp::now();
        self.slow.set(Fault::Pass);
        eventually("runs that go to end", SOON, || (self.calm_for(SignedDuration::from_secs(1))).then_some(()));
        let asked_before = self.quick.requests();
        eventually("time to pass", SOON, || (Timestamp::now() > noticed + AWAY).then_some(()));
        assert_eq!(self.quick.requests(), asked_before, "nothing runs that can't be recorded");
        self.is_shown_away(watchkeeper, why);
        assert_eq!(asked(watchkeeper, "busy").expect_err("it can't be recorded"), 503);

        brings_back();
        let back = Timestamp::now();
        eventually("it to notice", SOON, || (ledger_up(watchkeeper) == Some(1.0)).then_some(()));
        eventually("it to be ready", SOON, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
        assert_eq!(watchkeeper.overview().0["store"]["up"], true);
        eventually("the end of what ended meanwhile", SOON, || {
            let run = watchkeeper.api(&format!("runs/{}", long.as_str().expect("a name")))["run"].clone();
            (run["outcome"] == "success").then(|| {
                let finished: Timestamp = run["finished"].as_str().expect("a time").parse().expect("a time");
                assert!(finished < back, "it tells when it really ended: {finished}");
            })
        });
        eventually("due times since", SOON, || (cursor(watchkeeper) > back + PERIOD * 2).then_some(()));
        every_due_time_has_its_disposition(watchkeeper);
        let metrics = watchkeeper.metrics();
        let violations = metrics.all("watchkeeper_invariant_violations_total", &[]);
        assert!(!violations.is_empty() && violations.iter().all(|it| it.value == 0.0), "{violations:?}");
        assert_eq!(watchkeeper.end(), Some(0), "{}", watchkeeper.log());
    }

    /// Whether the busy job asks its chain nothing for so long.
    fn calm_for(&self, long: SignedDuration) -> bool {
        let (before, since) = (self.quick.requests(), Timestamp::now());
        eventually("a moment", SOON, || (Timestamp::now() > since + long).then_some(()));
        self.quick.requests() == before
    }

    fn is_shown_away(&self, watchkeeper: &Watchkeeper, why: &str) {
        let store = watchkeeper.overview().0["store"].clone();
        assert_eq!(store["up"], false, "{store}");
        assert!(store["problem"].as_str().is_some_and(|problem| problem.contains(why)), "{why}: {store}");
        assert!(store["away_since"].is_string(), "{store}");
        let ready = watchkeeper.get("/-/ready", &[]);
        assert_eq!(ready.status, 503, "{}", ready.text());
        assert_eq!(watchkeeper.get("/-/healthy", &[]).status, 200, "a restart would not help");
        assert!(watchkeeper.get("/", &[]).text().contains(why), "people see it too");
    }

    /// The ledger's file, where no disk of its own is in its place.
    fn ledger(&self) -> PathBuf {
        self.deployment.path("store/watchkeeper.db")
    }
}

/// A start where the store's folder is an ordinary one; its token lies beside the store.
fn start(stage: &Stage) -> Watchkeeper {
    Watchkeeper::start_beside(&stage.deployment, "store/watchkeeper.token")
}

/// Has a job run now.
fn asked(watchkeeper: &Watchkeeper, job: &str) -> Result<Value, u16> {
    let answer = watchkeeper.try_act(&format!("/api/v1/jobs/{job}/run"), &json!({})).expect("an answer");
    if answer.status < 300 { Ok(answer.json()) } else { Err(answer.status) }
}

fn ledger_up(watchkeeper: &Watchkeeper) -> Option<f64> {
    let metrics: Exposition = watchkeeper.metrics();
    metrics.value("watchkeeper_ledger_up", &[])
}

fn cursor(watchkeeper: &Watchkeeper) -> Timestamp {
    let detail = watchkeeper.api("jobs/busy");
    detail["cursor"].as_str().expect("it is in force").parse().expect("a time")
}

/// Counts the busy job's due times one by one: all runs are on one page, and skips are counted whole.
fn every_due_time_has_its_disposition(watchkeeper: &Watchkeeper) {
    let runs = watchkeeper.api("runs?job=busy&limit=500");
    let nominals = runs["runs"].as_array().expect("a list of runs").iter();
    let mut covered: Vec<Timestamp> = nominals
        .filter_map(|run| run["trigger"]["nominal"].as_str())
        .map(|text| text.parse().expect("a time"))
        .collect();
    let detail = watchkeeper.api("jobs/busy");
    for skip in detail["recent_skips"].as_array().expect("a list of skips") {
        let end = |key: &str| -> Timestamp { skip[key].as_str().expect("a time").parse().expect("a time") };
        let due = (0..).map(|number| end("first") + PERIOD * number).take_while(|due| *due <= end("last"));
        covered.extend(due);
    }
    covered.sort_unstable();
    assert!(covered.len() > 10, "{covered:?}");
    let wrong: Vec<_> = covered.windows(2).filter(|pair| pair[1] != pair[0] + PERIOD).collect();
    assert!(wrong.is_empty(), "uncovered, or covered twice, between: {wrong:?}");
}

#[test]
fn a_store_that_another_process_locks_is_waited_for() {
    let stage = Stage::new();
    let mut watchkeeper = start(&stage);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let other = Connection::open_with_flags(stage.ledger(), flags).expect("the ledger's file");
    other.busy_timeout(SOON).expect("a time");
    let lock = || other.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
    let unlock = || other.execute_batch("ROLLBACK").expect("its end");
    stage.outlasts(&mut watchkeeper, "locked", lock, unlock);
}

#[test]
fn a_store_that_was_moved_away_is_used_again_when_it_is_back() {
    let stage = Stage::new();
    let mut watchkeeper = start(&stage);
    let (here, away) = (stage.ledger(), stage.deployment.path("store/elsewhere.db"));
    let go = || fs::rename(&here, &away).expect("our file");
    let come = || fs::rename(&away, &here).expect("our file");
    stage.outlasts(&mut watchkeeper, "the file is gone", go, come);
}

#[test]
fn a_full_disk_stops_what_it_can_not_hold_until_there_is_room() {
    let stage = Stage::new();
    let (mut watchkeeper, disk) = Watchkeeper::start_on_small_disk(&stage.deployment, DISK);
    let filler = disk.join("filler");
    let fill = || {
        let mut file = File::create(&filler).expect("a new file");
        let block = [0_u8; 4096];
        while file.write_all(&block).is_ok() {}
    };
    let make_room = || fs::remove_file(&filler).expect("our file");
    stage.outlasts(&mut watchkeeper, "full", fill, make_room);
}
