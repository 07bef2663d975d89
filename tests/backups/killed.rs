//! kill -9 in the middle of a backup, at many moments: no artifact appears that is not whole, what was left is cleaned away, no program
//! runs on into the next run, and retention deleted nothing that it should keep.

use std::{fs, path::PathBuf, thread, time::Duration};

use super::stage::{
    DATABASE, WRITE, artifacts, backup, files, folder_store, job, loaded, postgres_commands, script, shop, succeed,
};
use crate::support::{Deployment, Postgres, Signal, Watchkeeper, eventually};

const PATIENCE: Duration = Duration::from_secs(60);
const KILLS: u64 = 25;

#[test]
fn no_kill_leaves_a_backup_that_is_not_whole() {
    let postgres = Postgres::start();
    shop(&postgres);
    postgres.sql("shop", "CREATE TABLE bulk AS SELECT n, md5(n::text) AS text FROM generate_series(1, 400000) n");
    let deployment = Deployment::new("");
    deployment.configure(&format!("{}\n{}", folder_store(&deployment), postgres_commands(&postgres)));
    deployment.plugin("postgres-backup");
    let grants = "command = [\"pg_dump\", \"pg_dumpall\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true\nretention = { keep_last = 3 }";
    let text = job("postgres-backup", "[config]\ndatabases = [\"shop\"]\nroles = false", grants);
    // As often as it can: wherever the kill falls, a run is under way.
    deployment.job("db", &text.replace("schedule = \"0 0 1 1 *\"\ncatch_up = \"none\"", "every = \"200ms\""));
    let mut seen = 0;
    for kill in 0..KILLS {
        let mut watchkeeper = Watchkeeper::start(&deployment);
        // From the run's first moments to its last.
        thread::sleep(Duration::from_millis(300 + kill * 97));
        watchkeeper.signal(Signal::KILL);
        watchkeeper.wait();
        assert!(watchkeeper.was_killed());
        let whole = artifacts(&deployment);
        if !whole.is_empty() {
            let verified = backup(&deployment, &["verify", "db", "--content"]);
            assert_eq!(verified.code, Some(0), "after kill {kill}: {verified:?}");
        }
        assert!(whole.len() >= seen.min(2), "after kill {kill}: {} whole ones of {seen} are left", whole.len());
        seen = whole.len();
    }
    assert!(seen > 0, "some backups came through between the kills");
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("db", "success");
    drop(watchkeeper);
    // What is on its way counts as such for some minutes; its leftovers are for a later run to clean. All that is whole is listed.
    let manifests = files(&deployment.path("store")).into_iter().filter(|file| file.ends_with("manifest.json")).count();
    assert_eq!(artifacts(&deployment).len(), manifests);
}

/// What a kill in the middle left in the store goes with a later run of the job, once nobody can be at it any more.
#[test]
fn what_a_kill_left_in_the_store_is_cleaned_away() {
    let postgres = Postgres::start();
    shop(&postgres);
    let deployment = Deployment::new("");
    // The beginning of a dump, and then nothing: the kill falls into the middle of it.
    let dump = deployment.path("dump");
    let made = postgres.run("pg_dump", &["-Fc", "-Z0", "--dbname=shop", "--file", dump.to_str().unwrap()]);
    assert!(made.status.success(), "{made:?}");
    let endless = script(&deployment, "endless", &format!("head -c 9000 {}; sleep 60", dump.display()), DATABASE);
    deployment.configure(&format!("{}\n{}\n{endless}", folder_store(&deployment), postgres_commands(&postgres)));
    deployment.plugin("postgres-backup");
    deployment.job("db", &dump_by("endless"));
    let mut watchkeeper = Watchkeeper::start(&deployment);
    loaded(&watchkeeper, "db");
    assert_eq!(watchkeeper.post("jobs/db/run", &serde_json::json!({})).status / 100, 2);
    let store = deployment.path("store/db/shop");
    let record = eventually("an upload under way", PATIENCE, || {
        files(&store).into_iter().find(|file| file.ends_with("upload.json"))
    });
    watchkeeper.signal(Signal::KILL);
    watchkeeper.wait();
    assert!(watchkeeper.was_killed());
    drop(watchkeeper);
    assert!(record.is_file() && artifacts(&deployment).is_empty(), "it is no artifact");

    // Time passes: the upload's lease is over.
    let text = fs::read_to_string(&record).unwrap();
    let mut upload: serde_json::Value = serde_json::from_str(&text).unwrap();
    upload["lease_until"] = "2020-01-01T00:00:00Z".into();
    fs::write(&record, upload.to_string()).unwrap();
    deployment.job("db", &dump_by("pg_dump"));
    let watchkeeper = Watchkeeper::start(&deployment);
    succeed(&watchkeeper, "db");
    let whole = artifacts(&deployment);
    assert_eq!(whole.len(), 1);
    let left = files(&store).into_iter().filter(|file| !file.to_string_lossy().contains(&whole[0]));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

/// A job that backs the database up by a command.
fn dump_by(command: &str) -> String {
    let config = format!("[config]\ndatabases = [\"shop\"]\nroles = false\ncommand = \"{command}\"");
    job("postgres-backup", &config, &format!("command = [\"{command}\"]\n\n[grants.artifacts]\n{WRITE}"))
}

/// A command that ignores what asks it to end, with a child of the same mind that holds its output open; and the file in which
/// both say who they are.
fn stubborn(deployment: &Deployment) -> (String, PathBuf) {
    let mark = deployment.path("mark");
    let deaf = "trap '' TERM HUP INT";
    let text = format!(
        "{deaf}\n({deaf}; while :; do sleep 0.1; done) &\necho $$ $! > {}\nwhile :; do sleep 0.1; done",
        mark.display()
    );
    (script(deployment, "stubborn", &text, DATABASE), mark)
}

/// Whether a process is there and not only waits for init to look at its end.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn no_program_of_a_killed_watchkeeper_runs_into_the_next_run() {
    let deployment = Deployment::new("");
    let (stubborn, mark) = stubborn(&deployment);
    deployment.configure(&format!("{}\n{stubborn}", folder_store(&deployment)));
    deployment.plugin("postgres-backup");
    deployment.job("db", &dump_by("stubborn").replace("timeout = \"5m\"", "timeout = \"20s\""));
    let mut watchkeeper = Watchkeeper::start(&deployment);
    loaded(&watchkeeper, "db");
    assert_eq!(watchkeeper.post("jobs/db/run", &serde_json::json!({})).status / 100, 2);
    let pids = eventually("the program to run", PATIENCE, || {
        let text = fs::read_to_string(&mark).ok()?;
        let pids: Vec<u32> = text.split_whitespace().map(|pid| pid.parse().expect("a number")).collect();
        (pids.len() == 2).then_some(pids)
    });
    assert!(pids.iter().all(|pid| runs(*pid)));
    watchkeeper.signal(Signal::KILL);
    watchkeeper.wait();
    assert!(watchkeeper.was_killed());
    drop(watchkeeper);
    let _next = Watchkeeper::start(&deployment);
    eventually("the whole group to be gone", PATIENCE, || (!pids.iter().any(|pid| runs(*pid))).then_some(()));
}

#[test]
fn a_program_ends_with_its_run_and_its_whole_group() {
    let deployment = Deployment::new("");
    let (stubborn, mark) = stubborn(&deployment);
    let postgres = Postgres::start();
    shop(&postgres);
    deployment.configure(&format!("{}\n{}\n{stubborn}", folder_store(&deployment), postgres_commands(&postgres)));
    deployment.plugin("postgres-backup");
    deployment.job("db", &dump_by("stubborn").replace("timeout = \"5m\"", "timeout = \"1s\""));
    deployment.job("good", &dump_by("pg_dump"));
    let watchkeeper = Watchkeeper::start(&deployment);
    let run = super::stage::run(&watchkeeper, "db");
    assert_eq!(run["outcome"], "timeout", "{run}");
    let text = fs::read_to_string(&mark).unwrap();
    for pid in text.split_whitespace() {
        assert!(!runs(pid.parse().unwrap()), "the run is over, and process {pid} isn't");
    }
    succeed(&watchkeeper, "good");
}
