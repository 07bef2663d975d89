//! kill -9 in the middle of a backup, at many moments: no artifact appears that is not whole, what was left is cleaned away, no program
//! runs on into the next run, and retention deleted nothing that it should keep.

use std::{fs, thread, time::Duration};

use super::stage::{
    DATABASE, artifacts, backup, files, folder_store, job, loaded, postgres_commands, script, shop, succeed,
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

/// Whether a process is there and not only waits for init to look at its end.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn no_program_of_a_killed_watchkeeper_runs_into_the_next_run() {
    let deployment = Deployment::new("");
    let mark = deployment.path("mark");
    // Ignores what asks it to end, and has a child of the same mind that holds its output open.
    let stubborn = script(
        &deployment,
        "stubborn",
        &format!(
            "trap '' TERM HUP INT\n(trap '' TERM HUP INT; while :; do sleep 0.1; done) &\necho $$ $! > {}\nwhile :; do sleep 0.1; done",
            mark.display()
        ),
        DATABASE,
    );
    deployment.configure(&format!("{}\n{stubborn}", folder_store(&deployment)));
    deployment.plugin("postgres-backup");
    let config = "[config]\ndatabases = [\"shop\"]\nroles = false\ncommand = \"stubborn\"";
    let grants = "command = [\"stubborn\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true";
    deployment.job("db", &job("postgres-backup", config, grants).replace("timeout = \"5m\"", "timeout = \"20s\""));
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
    let mark = deployment.path("mark");
    let stubborn = script(
        &deployment,
        "stubborn",
        &format!(
            "trap '' TERM\n(trap '' TERM; while :; do sleep 0.1; done) &\necho $$ $! > {}\nwhile :; do sleep 0.1; done",
            mark.display()
        ),
        DATABASE,
    );
    let postgres = Postgres::start();
    shop(&postgres);
    deployment.configure(&format!("{}\n{}\n{stubborn}", folder_store(&deployment), postgres_commands(&postgres)));
    deployment.plugin("postgres-backup");
    let config = "[config]\ndatabases = [\"shop\"]\nroles = false\ncommand = \"stubborn\"";
    let grants = "command = [\"stubborn\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true";
    deployment.job("db", &job("postgres-backup", config, grants).replace("timeout = \"5m\"", "timeout = \"1s\""));
    let config = "[config]\ndatabases = [\"shop\"]\nroles = false";
    deployment.job("good", &job("postgres-backup", config, &grants.replace("stubborn", "pg_dump")));
    let watchkeeper = Watchkeeper::start(&deployment);
    let run = super::stage::run(&watchkeeper, "db");
    assert_eq!(run["outcome"], "timeout", "{run}");
    let text = fs::read_to_string(&mark).unwrap();
    for pid in text.split_whitespace() {
        assert!(!runs(pid.parse().unwrap()), "the run is over, and process {pid} isn't");
    }
    succeed(&watchkeeper, "good");
}
