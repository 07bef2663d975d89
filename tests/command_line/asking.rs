//! Help, wrong usage, completions, and `check`.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::snapshot::transcript;
use crate::support::{Deployment, Watchkeeper};

#[test]
fn help_teaches() {
    let mut transcript = transcript();
    for command in [
        &["--help"][..],
        &["run", "--help"],
        &["check", "--help"],
        &["try", "--help"],
        &["plugin", "--help"],
        &["plugin", "new", "--help"],
        &["plugin", "build", "--help"],
        &["plugin", "inspect", "--help"],
        &["jobs", "--help"],
        &["job", "--help"],
        &["job", "run", "--help"],
        &["runs", "--help"],
        &["logs", "--help"],
        &["token", "new", "--help"],
        &["completions", "--help"],
    ] {
        let ended = transcript.call(Path::new("/"), command);
        assert_eq!(ended.code, Some(0), "{command:?}");
    }
    transcript.check("help");
}

#[test]
fn wrong_usage_exits_with_64_and_says_what_is_right() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut transcript = transcript();
    for command in [
        &[][..],
        &["frobnicate"],
        &["run", "--confg", "watchkeeper.toml"],
        &["run", "--log", "a=b=c"],
        &["try"],
        &["check", "--format", "yaml"],
        &["completions", "cobol"],
        &["plugin", "new", "My Probe"],
        &["plugin", "new", "probe", "--sdk", "nowhere"],
        &["plugin", "build", "."],
    ] {
        let ended = transcript.call(folder.path(), command);
        assert_eq!(ended.code, Some(64), "{command:?}");
    }
    transcript.check("wrong-usage");
}

#[test]
fn completions_are_there_for_each_shell_and_bash_reads_its_own() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(Watchkeeper::call(&["completions", shell]).stdout.len() > 1000, "{shell}");
    }
    let script = Watchkeeper::call(&["completions", "bash"]).stdout;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash");
    bash.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("bash reads");
    let output = bash.wait_with_output().expect("bash ends");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

const GOOD: &str = "plugin = \"steady\"\nschedule = \"*/5 * * * *\"\n[config]\nvalue = 1\n";

#[test]
fn check_says_what_a_good_configuration_will_do() {
    let deployment = Deployment::on_chain(&["http://127.0.0.1:9"]);
    deployment.plugin("steady");
    deployment.plugin("tally");
    deployment.job("good", GOOD);
    deployment.job(
        "tally",
        "plugin = \"tally\"\nevery = \"30s\"\n[config]\nvalue = 1\n[grants]\nstate = true\nchain = [\"dev\"]\n",
    );
    let mut transcript = transcript();
    let folder = deployment.path("");
    assert_eq!(transcript.call(&folder, &["check"]).code, Some(0));
    assert_eq!(transcript.call(&folder, &["check", "--format", "json"]).code, Some(0));
    transcript.check("check-good");
    assert!(!deployment.path("watchkeeper.db").exists(), "checking keeps nothing in the ledger");
}

#[test]
fn check_says_all_that_is_wrong_by_file_and_key() {
    let deployment = Deployment::new("");
    deployment.plugin("steady");
    deployment.plugin("tally");
    deployment.plugin("clash");
    deployment.plugin_bytes("broken", b"no WebAssembly");
    deployment.job("good", GOOD);
    for (name, text) in [
        ("bad-config", GOOD.replace("value = 1", "value = \"1\"")),
        ("bad-cron", GOOD.replace("*/5", "*/61")),
        ("bad-zone", GOOD.replace("[config]", "time_zone = \"Europe/Atlantis\"\n[config]")),
        ("broken-plugin", GOOD.replace("steady", "broken")),
        ("clash", GOOD.replace("steady", "clash").replace("value = 1", "")),
        ("missing-config", GOOD.replace("value = 1", "")),
        ("no-plugin", GOOD.replace("steady", "nowhere")),
        ("no-trigger", GOOD.replace("schedule", "# schedule")),
        ("not-granted", GOOD.replace("steady", "tally")),
        ("secret", GOOD.replace('1', "\"${KEY}\"")),
        ("unknown-chain", GOOD.replace("steady", "tally") + "[grants]\nstate = true\nchain = [\"dev\"]\n"),
        ("unknown-config", GOOD.to_owned() + "valeu = 2\n"),
        ("unknown-key", GOOD.replace("schedule", "shedule")),
        ("Wrong Name", GOOD.to_owned()),
    ] {
        deployment.job(name, &text);
    }
    let folder = deployment.path("");
    let mut transcript = transcript().replace(folder.display().to_string(), "FOLDER/");
    assert_eq!(transcript.call(&folder, &["check"]).code, Some(78));
    transcript.check("check-bad");
    let json = Watchkeeper::call_in(&folder, &["check", "--format", "json"]);
    assert_eq!(json.code, Some(78));
    let document: Value = serde_json::from_str(&json.stdout).expect("one JSON document");
    assert_eq!(document["jobs"].as_array().map(Vec::len), Some(1), "{document:#}");
    let problems = document["problems"].as_array().expect("a list");
    assert_eq!(problems.len(), 14, "{document:#}");
    assert!(
        problems.iter().all(|problem| problem.as_str().is_some_and(|text| text.contains("\nhint: "))),
        "{document:#}"
    );
}

#[test]
fn a_wrong_shared_configuration_exits_with_78() {
    let deployment = Deployment::new("");
    let folder = deployment.path("");
    let mut transcript = transcript().replace(folder.display().to_string(), "FOLDER/");
    for text in [
        "[chains.dev]\nendpoints = []\n",
        "[chains.dev]\nchain_id = 1\nendpoints = [\"https://x/${NOT_SET}\"]\n",
        "[serve]\n",
    ] {
        deployment.configure(text);
        for command in ["check", "run"] {
            assert_eq!(transcript.call(&folder, &[command]).code, Some(78), "{command}: {text}");
        }
    }
    assert_eq!(transcript.call(&folder, &["check", "--config", "nowhere.toml"]).code, Some(78));
    transcript.check("wrong-configuration");
}
