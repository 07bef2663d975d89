//! A deployment with a store in a folder, commands and trees, and what tests ask of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use crate::support::{Deployment, Ended, Postgres, Watchkeeper, eventually, programs};

/// The store `main`, in a folder of the deployment.
pub(super) fn folder_store(deployment: &Deployment) -> String {
    fs::create_dir_all(deployment.path("store")).expect("our folder");
    format!("[artifacts.main]\nurl = \"file://{}\"\n", deployment.path("store").display())
}

/// Everything that backs up and restores a PostgreSQL, as commands.
pub(super) fn postgres_commands(postgres: &Postgres) -> String {
    let env: Vec<String> = postgres.environment().iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
    let env = format!("{{ {}, PGPASSFILE = \"/dev/null\", LC_ALL = \"C\" }}", env.join(", "));
    let command = |name: &str, program: &str, args: &[&str]| {
        let program = programs::postgres(program);
        let hole = if args.iter().any(|arg| arg.contains("{database}")) {
            "holes.database = { type = \"name\" }\n"
        } else {
            ""
        };
        format!("[commands.{name}]\nprogram = {program:?}\nargs = {args:?}\n{hole}env = {env}\n\n")
    };
    [
        command("pg_dump", "pg_dump", &["--format=custom", "--compress=0", "--no-password", "--dbname={database}"]),
        command("pg_dumpall", "pg_dumpall", &["--globals-only", "--no-password"]),
        command("createdb", "createdb", &["--no-password", "{database}"]),
        command("pg_restore", "pg_restore", &["--exit-on-error", "--no-password", "--dbname={database}"]),
        command(
            "psql_assert",
            "psql",
            &[
                "-X",
                "-q",
                "-t",
                "-A",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                "{database}",
                "-c",
                "SELECT count(*) = 500 FROM orders",
            ],
        ),
        command("dropdb", "dropdb", &["--no-password", "--if-exists", "--force", "{database}"]),
    ]
    .concat()
}

/// The hole that every dump has.
pub(super) const DATABASE: &str = "args = [\"{database}\"]\nholes.database = { type = \"name\" }\n";

/// A command that is a shell script of the test's own; `holes` are its `args` and `holes`.
pub(super) fn script(deployment: &Deployment, name: &str, text: &str, holes: &str) -> String {
    let path = deployment.path(&format!("{name}.sh"));
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("space on the disk");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our file");
    format!("[commands.{name}]\nprogram = {path:?}\n{holes}env = {{ PATH = \"/usr/bin:/bin\" }}\n\n")
}

/// A job that runs when it is asked to, and never by itself.
pub(super) fn job(plugin: &str, config: &str, grants: &str) -> String {
    format!(
        "plugin = \"{plugin}\"\nschedule = \"0 0 1 1 *\"\ncatch_up = \"none\"\ntimeout = \"5m\"\n\n{config}\n\n[grants]\n{grants}\n"
    )
}

/// What every job of the plugin `mover` has: it imports all three powers, and needs something of each.
pub(super) fn nothing(deployment: &Deployment) -> String {
    fs::create_dir_all(deployment.path("nothing")).expect("our folder");
    format!(
        "{}[files.nothing]\npath = {:?}\n\n",
        script(deployment, "nothing", "exit 0", ""),
        deployment.path("nothing")
    )
}

/// A job that moves bytes as its steps say, with these commands, trees and what stands under `[grants.artifacts]`.
pub(super) fn mover(steps: &[&str], commands: &[&str], trees: &[&str], artifacts: &str) -> String {
    let config = format!("[config]\nsteps = [\n{}\n]", steps.join(",\n"));
    let (commands, trees) = ([commands, &["nothing"]].concat(), [trees, &["nothing"]].concat());
    job("mover", &config, &format!("command = {commands:?}\nfiles = {trees:?}\n\n[grants.artifacts]\n{artifacts}"))
}

/// May store in `main`.
pub(super) const WRITE: &str = "store = \"main\"\nwrite = true";

/// A database `shop` with 500 orders and a large object, and what its content comes to.
pub(super) fn shop(postgres: &Postgres) -> String {
    postgres.create_database("shop");
    postgres.sql("shop", "CREATE TABLE orders (id int PRIMARY KEY, note text)");
    postgres.sql("shop", "INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 500) n");
    postgres.sql("shop", "CREATE TABLE nothing (id int)");
    postgres.sql("shop", "SELECT lo_from_bytea(4242, decode(repeat('abcdef', 5000), 'hex'))");
    content(postgres, "shop")
}

/// What the content of such a database comes to.
pub(super) fn content(postgres: &Postgres, database: &str) -> String {
    postgres
        .query(database, "SELECT count(*), md5(string_agg(id || note, ',' ORDER BY id)), md5(lo_get(4242)) FROM orders")
}

/// Runs a job now, to its end; its run as the API shows it.
#[track_caller]
pub(super) fn run(watchkeeper: &Watchkeeper, job: &str) -> Value {
    loaded(watchkeeper, job);
    let ended = watchkeeper.ask(&["job", "run", job]);
    let runs = watchkeeper.api(&format!("runs?job={job}&limit=1"));
    let run = runs["runs"][0].clone();
    assert!(!run["outcome"].is_null(), "{job} has no run that ended: {ended:?}");
    run
}

/// Waits until a job is in force.
#[track_caller]
pub(super) fn loaded(watchkeeper: &Watchkeeper, job: &str) {
    eventually(&format!("{job} to be in force"), Duration::from_secs(60), || {
        let overview = watchkeeper.overview();
        let job = overview.job(job)?;
        assert!(job["problem"].is_null(), "{}", job["problem"]);
        Some(())
    });
}

/// Runs a job, which must succeed.
#[track_caller]
pub(super) fn succeed(watchkeeper: &Watchkeeper, job: &str) -> String {
    let run = run(watchkeeper, job);
    let message = run["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(run["outcome"], "success", "{message}\n{}", watchkeeper.log());
    message
}

/// Runs a job, which must not succeed; its message.
#[track_caller]
pub(super) fn fail(watchkeeper: &Watchkeeper, job: &str) -> String {
    let run = run(watchkeeper, job);
    let message = run["message"].as_str().unwrap_or_default().to_owned();
    assert_ne!(run["outcome"], "success", "{message}");
    message
}

/// What the steps of a `mover` job came to, in order.
#[track_caller]
pub(super) fn steps(watchkeeper: &Watchkeeper, job: &str) -> Vec<String> {
    let run = run(watchkeeper, job);
    let id = run["id"].as_str().expect("a run has an id");
    let detail = watchkeeper.api(&format!("runs/{id}"));
    let logs = detail["logs"].as_array().cloned().unwrap_or_default();
    let lines = logs.iter().filter_map(|line| line["message"].as_str());
    let steps: Vec<String> = lines
        .filter_map(|line| line.strip_prefix("step ")?.split_once(": ").map(|(_, text)| text.to_owned()))
        .collect();
    assert!(!steps.is_empty(), "{run}\n{detail}");
    steps
}

/// `watchkeeper backup …` on a deployment, without a running instance.
pub(super) fn backup(deployment: &Deployment, arguments: &[&str]) -> Ended {
    let configuration = deployment.configuration();
    let configuration = configuration.to_str().expect("a temporary folder");
    Watchkeeper::call(&[&["backup"], arguments, &["--config", configuration]].concat())
}

/// The paths of all artifacts, the oldest first.
#[track_caller]
pub(super) fn artifacts(deployment: &Deployment) -> Vec<String> {
    let ended = backup(deployment, &["list", "--store", "main", "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let list: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let list = list.as_array().or_else(|| list["artifacts"].as_array()).expect("a list").clone();
    list.iter().map(|artifact| artifact["path"].as_str().expect("a path").to_owned()).collect()
}

/// Restores an artifact to a file.
#[track_caller]
pub(super) fn restored(deployment: &Deployment, artifact: &str) -> Vec<u8> {
    let file = deployment.path("restored");
    let ended = backup(
        deployment,
        &["restore", artifact, "--store", "main", "--overwrite", "--to", file.to_str().expect("a path")],
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    fs::read(file).expect("it was restored")
}

/// All files below a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}
