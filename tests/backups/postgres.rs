//! Databases are dumped, restored and compared; and whatever goes wrong on the way, nothing is listed that isn't whole.

use super::stage::{
    DATABASE, artifacts, backup, content, fail, files, folder_store, job, loaded, postgres_commands, restored, run,
    script, shop, succeed,
};
use crate::support::{Deployment, Postgres, Watchkeeper, eventually};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
const CONFIG: &str = "[config]\ndatabases = [\"shop\"]";
const GRANTS: &str = "command = [\"pg_dump\", \"pg_dumpall\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true";

fn deployment(postgres: &Postgres) -> Deployment {
    let deployment = Deployment::new("");
    deployment.configure(&format!("{}\n{}", folder_store(&deployment), postgres_commands(postgres)));
    deployment.plugin("postgres-backup");
    deployment.job("db", &job("postgres-backup", CONFIG, GRANTS));
    deployment
}

#[test]
fn a_database_comes_back_as_it_was() {
    let postgres = Postgres::start();
    let expected = shop(&postgres);
    let deployment = deployment(&postgres);
    let watchkeeper = Watchkeeper::start(&deployment);
    let message = succeed(&watchkeeper, "db");
    assert!(message.contains("shop") && message.contains("read back"), "{message}");

    let paths = artifacts(&deployment);
    assert_eq!(paths.len(), 2, "the database and the roles: {paths:?}");
    std::fs::write(deployment.path("shop.dump"), restored(&deployment, "db/shop")).unwrap();
    postgres.create_database("back");
    let file = deployment.path("shop.dump");
    let output = postgres.run("pg_restore", &["--exit-on-error", "--dbname=back", file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(content(&postgres, "back"), expected);
    let roles = String::from_utf8(restored(&deployment, "db/roles")).unwrap();
    assert!(roles.contains("CREATE ROLE postgres"), "{roles}");

    let metrics = watchkeeper.metrics();
    let labels = [("job_name", "db"), ("backup", "shop")];
    assert!(metrics.value("backup_size_bytes", &labels).unwrap() > 15_000.0);
    assert!(metrics.value("backup_last_verified_timestamp_seconds", &labels).unwrap() > 1.7e9);
    assert_eq!(metrics.value("backup_last_restore_test_timestamp_seconds", &labels), None, "unknown is never zero");
    assert_eq!(metrics.value("backup_kept", &labels), Some(1.0));
    let passwords = [watchkeeper.log(), watchkeeper.metrics_text(), watchkeeper.api("jobs").to_string()];
    assert!(!passwords.iter().any(|text| text.contains(Postgres::PASSWORD)));
}

#[test]
fn a_backup_is_restored_on_a_schedule_and_its_content_tried() {
    let postgres = Postgres::start();
    shop(&postgres);
    let deployment = deployment(&postgres);
    deployment.plugin("backup-verify");
    deployment.job(
        "proof",
        &job(
            "backup-verify",
            "[config]\ntargets = [\"db\"]\nparts = 1\n\n[config.restore]\npath = \"db/shop\"",
            "command = [\"createdb\", \"pg_restore\", \"psql_assert\", \"dropdb\"]\n\n[grants.artifacts]\nstore = \"main\"\nread = [\"db\"]",
        ),
    );
    let watchkeeper = Watchkeeper::start(&deployment);
    succeed(&watchkeeper, "db");
    succeed(&watchkeeper, "proof");
    let databases = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate";
    assert_eq!(postgres.query("postgres", databases), "postgres shop", "the scratch database is gone");
    let shown = backup(&deployment, &["list", "db/shop"]).stdout;
    assert!(shown.contains("restored") && shown.contains("verified"), "{shown}");
    // What was proved of it shows with the next backup too.
    succeed(&watchkeeper, "db");
    let labels = [("job_name", "db"), ("backup", "shop")];
    assert!(watchkeeper.metrics().value("backup_last_restore_test_timestamp_seconds", &labels).is_some());

    // An assertion that doesn't hold fails the run, marks nothing, and drops the database all the same.
    postgres.sql("shop", "DELETE FROM orders WHERE id > 400");
    succeed(&watchkeeper, "db");
    let message = fail(&watchkeeper, "proof");
    assert!(message.contains("assert"), "{message}");
    assert_eq!(postgres.query("postgres", databases), "postgres shop");
}

#[test]
fn what_a_server_breaks_off_is_no_backup() {
    let mut postgres = Postgres::start();
    shop(&postgres);
    // More than pipes and buffers take, so that the dump is under way when the server dies.
    postgres.sql(
        "shop",
        "CREATE TABLE bulk AS SELECT n, repeat(md5(n::text), 20) AS text FROM generate_series(1, 150000) n",
    );
    let deployment = deployment(&postgres);
    // The dump waits halfway for a file, so that the moment is the same each time.
    let gate = deployment.path("gate");
    let real = postgres_commands(&postgres);
    let slow = script(
        &deployment,
        "slow",
        &format!(
            "{} --format=custom --compress=0 --no-password --dbname=shop | {{ head -c 20000000; touch {gate}; sleep 1; cat; }}; \
             exit $(cat {gate}.code 2>/dev/null || echo 0)",
            crate::support::programs::postgres("pg_dump").display(),
            gate = gate.display(),
        ),
        DATABASE,
    );
    let env = postgres.environment().map(|(name, value)| format!("{name} = {value:?}")).join(", ");
    let slow = slow.replace("PATH = ", &format!("{env}, PATH = "));
    deployment.configure(&format!("{}\n{real}\n{slow}", folder_store(&deployment)));
    let config = "[config]\ndatabases = [\"shop\"]\nroles = false\ncommand = \"slow\"";
    deployment.job("broken", &job("postgres-backup", config, &GRANTS.replace("pg_dumpall", "slow")));
    let watchkeeper = Watchkeeper::start(&deployment);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run(&watchkeeper, "broken"));
        eventually("the dump to be under way", std::time::Duration::from_secs(60), || gate.exists().then_some(()));
        postgres.kill();
        let run = run.join().expect("the run ends");
        assert_ne!(run["outcome"], "success", "a shell that hides pg_dump's failure doesn't hide the cut: {run}");
    });
    assert_eq!(artifacts(&deployment), Vec::<String>::new());
    assert_eq!(files(&deployment.path("store/broken/shop")), Vec::<std::path::PathBuf>::new(), "nothing is left of it");
    postgres.restart();
    succeed(&watchkeeper, "db");
}

#[test]
fn a_wrong_password_says_so_and_leaves_what_there_is() {
    let postgres = Postgres::start();
    shop(&postgres);
    let deployment = deployment(&postgres);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    succeed(&watchkeeper, "db");
    let before = artifacts(&deployment);
    watchkeeper.signal(crate::support::Signal::TERM);
    watchkeeper.wait();
    let commands = postgres_commands(&postgres).replace(Postgres::PASSWORD, "another");
    deployment.configure(&format!("{}\n{commands}", folder_store(&deployment)));
    let watchkeeper = Watchkeeper::start(&deployment);
    let message = fail(&watchkeeper, "db");
    assert!(message.contains("password authentication failed"), "{message}");
    assert!(!message.contains("another"), "{message}");
    assert_eq!(artifacts(&deployment), before);
}

/// Every way in which a pipe hides that a dump is not whole.
#[test]
fn a_dump_that_is_cut_short_behind_a_pipe_is_no_backup() {
    let postgres = Postgres::start();
    shop(&postgres);
    let deployment = deployment(&postgres);
    let dump = deployment.path("whole.dump");
    let output = postgres.run("pg_dump", &["-Fc", "-Z0", "--dbname=shop", "--file", dump.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let size = std::fs::metadata(&dump).unwrap().len();
    let dump = dump.display();
    let cuts = [
        ("empty", "exit 0".to_owned()),
        ("one-byte", format!("head -c 1 {dump}")),
        ("header", format!("head -c 60 {dump}")),
        ("contents", format!("head -c 2000 {dump}")),
        ("half", format!("head -c {} {dump}", size / 2)),
        ("last-byte", format!("head -c {} {dump}", size - 1)),
        ("last-block", format!("head -c {} {dump}", size - 9)),
        ("more", format!("cat {dump}; echo more")),
        ("plain-text", "echo 'pg_dump: error: connection refused'".to_owned()),
        ("failed-late", format!("cat {dump}; exit 1")),
        ("killed-late", format!("cat {dump}; kill -9 $$")),
        ("hidden-by-a-pipe", format!("(head -c {} {dump}; exit 1) | cat", size / 2)),
    ];
    let scripts: String = cuts.iter().map(|(name, text)| script(&deployment, name, text, DATABASE)).collect();
    deployment.configure(&format!("{}\n{}\n{scripts}", folder_store(&deployment), postgres_commands(&postgres)));
    for (name, _) in &cuts {
        let config = format!("[config]\ndatabases = [\"shop\"]\nroles = false\ncommand = \"{name}\"");
        let grants = format!("command = [\"{name}\"]\n\n[grants.artifacts]\nstore = \"main\"\nwrite = true");
        deployment.job(&format!("cut-{name}"), &job("postgres-backup", &config, &grants));
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    for (name, _) in &cuts {
        let message = fail(&watchkeeper, &format!("cut-{name}"));
        assert!(!message.contains("denied"), "{name}: {message}");
    }
    assert_eq!(artifacts(&deployment), Vec::<String>::new());
}

#[test]
fn a_full_disk_fails_the_run_and_keeps_what_is_whole() {
    let postgres = Postgres::start();
    shop(&postgres);
    let deployment = Deployment::new("");
    std::fs::create_dir(deployment.path("store")).unwrap();
    deployment.configure(&format!(
        "[store]\npath = \"store/watchkeeper.db\"\n\n[artifacts.main]\nurl = \"file://{}\"\n\n{}",
        deployment.path("store").display(),
        postgres_commands(&postgres),
    ));
    deployment.plugin("postgres-backup");
    let config = "[config]\ndatabases = [\"shop\"]\nroles = false";
    deployment.job("db", &job("postgres-backup", config, GRANTS));
    // A disk that only this Watchkeeper sees, with room for a small dump and not for a great one.
    let (watchkeeper, disk) = Watchkeeper::start_on_small_disk(&deployment, 40 << 20);
    let url = format!("file://{}", disk.display());
    let kept = || {
        let ended = Watchkeeper::call(&["backup", "verify", "db", "--url", &url]);
        (ended.code, ended.stdout.lines().filter(|line| line.starts_with("db/shop/")).count())
    };
    loaded(&watchkeeper, "db");
    asked(&watchkeeper);
    eventually("the small dump to be stored", PATIENCE, || (watchkeeper.runs("db", "success") >= 1.0).then_some(()));
    assert_eq!(kept(), (Some(0), 1));

    // 60 MiB that zstd can't make smaller.
    postgres.sql(
        "shop",
        "CREATE TABLE noise AS SELECT gen_random_uuid() a, gen_random_uuid() b FROM generate_series(1, 1500000)",
    );
    asked(&watchkeeper);
    let failed = eventually("the great one to fail", PATIENCE, || {
        let run = watchkeeper.api("runs?job=db&limit=1")["runs"][0].clone();
        (!run["outcome"].is_null() && run["outcome"] != "success").then_some(run)
    });
    assert!(failed["message"].as_str().unwrap().contains("No space left"), "{failed}");
    assert_eq!(kept(), (Some(0), 1));
    let left =
        files(&disk.join("db/shop")).into_iter().filter(|file| file.to_string_lossy().contains("content")).count();
    assert_eq!(left, 1, "nothing of it takes the disk's room");
    postgres.sql("shop", "DROP TABLE noise");
    asked(&watchkeeper);
    eventually("the next one to be stored", PATIENCE, || (watchkeeper.runs("db", "success") >= 2.0).then_some(()));
    assert_eq!(kept(), (Some(0), 2));
}

/// Asks for a run; the token lies on the small disk.
fn asked(watchkeeper: &Watchkeeper) {
    assert_eq!(watchkeeper.post("jobs/db/run", &serde_json::json!({})).status / 100, 2);
}
