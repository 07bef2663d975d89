//! Components that other toolchains built: they import WASI 0.2, which gives them no power, and run like any other.
//!
//! `outsider` is CPython with a plugin of some lines, made by componentize-py (`tests/plugins-python/outsider.py`).

use std::{fs, os::unix::fs::MetadataExt, time::Duration};

use serde_json::Value;

use crate::support::{Anvil, Deployment, Watchkeeper, eventually, programs};

/// Compiling 19 MB takes seconds on a machine with nothing else to do.
const COMPILED: Duration = Duration::from_secs(180);
const RUN: Duration = Duration::from_secs(30);

/// What is behind each way out of the sandbox, in the words of Python's standard library.
const WAYS_OUT: &str = "environment={} arguments=[] input='' \
                        root=FileNotFoundError: [Errno 44] No such file or directory: '/' \
                        file=FileNotFoundError: [Errno 44] No such file or directory: '/etc/passwd' \
                        write=FileNotFoundError: [Errno 44] No such file or directory: '/tmp/outsider' \
                        connect=PermissionError: [Errno 2] Permission denied \
                        listen=PermissionError: [Errno 2] Permission denied \
                        send=PermissionError: [Errno 2] Permission denied \
                        resolve=gaierror: [Errno -4] Non-recoverable error";

#[test]
fn a_python_plugin_with_wasi_imports_runs_finds_no_way_out_and_is_compiled_once() {
    let anvil = Anvil::start(&[]);
    anvil.mine(7);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("outsider");
    deployment.job("height", &job(&anvil));

    let mut watchkeeper = Watchkeeper::start(&deployment);
    wait_for_height(&watchkeeper, 7, COMPILED);
    anvil.mine(5);
    wait_for_height(&watchkeeper, 12, RUN);
    assert_eq!(watchkeeper.overview().last_run("height"), Some(("success", "block 12")));
    assert_eq!(ways_out(&watchkeeper), WAYS_OUT);

    deployment.job("raises", &job(&anvil).replace("[grants]", "raises = \"the sky fell\"\n[grants]"));
    let message = eventually("the exception in the run's message", RUN, || {
        let overview = watchkeeper.overview();
        let (outcome, message) = overview.last_run("raises")?;
        (outcome == "trap").then(|| message.to_owned())
    });
    assert!(message.starts_with("panicked: RuntimeError: the sky fell; "), "{message}");
    assert_eq!(watchkeeper.end(), Some(0));

    let compiled = compiled_files(&deployment);
    assert_eq!(compiled.len(), 1, "{compiled:?}");
    anvil.mine(1);
    wait_for_height(&Watchkeeper::start(&deployment), 13, RUN);
    assert_eq!(compiled_files(&deployment), compiled, "the second start uses the compiled code of the first");
}

#[test]
fn inspect_shows_that_wasi_imports_give_no_power() {
    let component = programs::component("outsider");
    let ended = Watchkeeper::call(&["plugin", "inspect", "--format", "json", &component.display().to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let inspected: Value = serde_json::from_str(&ended.stdout).expect("inspect answers with JSON");
    assert_eq!(inspected["name"], "outsider");

    let imports = inspected["imports"].as_array().expect("a list of imports");
    for package in ["cli", "clocks", "filesystem", "io", "random", "sockets"] {
        let of_package: Vec<&Value> = imports.iter().filter(|import| is_of_wasi(import, package)).collect();
        assert!(!of_package.is_empty(), "no wasi:{package}@0.2 among {imports:?}");
        for import in of_package {
            assert_eq!(import["capability"], Value::Null, "{import}");
            assert!(text(&import["power"]).starts_with("no power: "), "{import}");
        }
    }
    let powers: Vec<&str> = imports.iter().filter_map(|import| import["capability"].as_str()).collect();
    assert_eq!(powers, ["chain", "state"]);
}

/// The plugin imports all of the contract's world, and so needs a grant for all of it.
fn job(anvil: &Anvil) -> String {
    let (_, port) = anvil.url().rsplit_once(':').expect("a URL with a port");
    format!(
        "plugin = \"outsider\"\nevery = \"1s\"\n\
         [config]\nchain = \"dev\"\nport = {port}\n\
         [grants]\nchain = [\"dev\"]\nstate = true\n"
    )
}

#[track_caller]
fn wait_for_height(watchkeeper: &Watchkeeper, height: u32, deadline: Duration) {
    let labels = [("job_name", "height"), ("plugin", "outsider"), ("chain", "dev")];
    eventually(&format!("block {height} on /metrics"), deadline, || {
        let shown = watchkeeper.metrics().value("outsider_block_number", &labels)?;
        (shown == f64::from(height)).then_some(())
    });
}

/// What the plugin logged in its first run.
fn ways_out(watchkeeper: &Watchkeeper) -> String {
    let log = watchkeeper.log();
    let line = log.lines().find(|line| line.contains("looked for ways out")).expect("each run logs it");
    let line: Value = serde_json::from_str(line).expect("a log in JSON");
    text(&line["fields"]).to_owned()
}

/// Name, inode and time of each compiled file: code that is compiled again comes as another file.
fn compiled_files(deployment: &Deployment) -> Vec<(String, u64, i64)> {
    let folder = fs::read_dir(deployment.path("watchkeeper-cache")).expect("the cache is beside the configuration");
    let mut files: Vec<(String, u64, i64)> = folder
        .map(|entry| {
            let entry = entry.expect("a folder that can be read");
            let metadata = entry.metadata().expect("a file that can be read");
            (entry.file_name().to_string_lossy().into_owned(), metadata.ino(), metadata.mtime_nsec())
        })
        .collect();
    files.sort();
    files
}

fn is_of_wasi(import: &Value, package: &str) -> bool {
    let name = text(&import["name"]);
    name.starts_with(&format!("wasi:{package}/")) && name.contains("@0.2.")
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
