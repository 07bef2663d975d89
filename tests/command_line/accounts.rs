//! `account new`, `import` and `show`: what they make, what they say, and what they never do.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::{Deployment, Ended, Transcript, Watchkeeper, reworded};

/// A key that everybody knows, and its address.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

const CONFIGURATION: &str = r#"
[chains.zkfair]
chain_id = 42766
currency = { symbol = "USDC", decimals = 18 }
endpoints = ["http://127.0.0.1:9"]

[accounts.funder]
chain = "zkfair"
keystore = "funder.json"
password_file = "funder.password"
max_payment = "2 USDC"
max_24h = "5 USDC"
max_fee = "0.05 USDC"
min_interval = "10m"
recipients = ["0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"]

[accounts.funder.tokens.USDT]
address = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"
decimals = 6
max_payment = "100 USDT"
max_24h = "300.5 USDT"

[accounts.remote]
chain = "zkfair"
max_payment = "2 USDC"
max_24h = "5 USDC"
max_fee = "0.05 USDC"

[accounts.remote.web3signer]
url = "http://127.0.0.1:9"
address = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"
"#;

const NEW: [&str; 6] = ["account", "new", "--keystore", "funder.json", "--password-file", "funder.password"];
const IMPORT: [&str; 6] = ["account", "import", "--keystore", "funder.json", "--password-file", "funder.password"];
const SHOW: [&str; 4] = ["account", "show", "--keystore", "funder.json"];
const PROVE: [&str; 6] = ["account", "show", "--keystore", "funder.json", "--password-file", "funder.password"];

fn transcript(deployment: &Deployment) -> Transcript {
    let folder = fs::canonicalize(deployment.path("")).expect("our folder").display().to_string();
    Transcript::of("command_line", |line| reworded(line, |_| None))
        .replace(folder, "FOLDER")
        .replace(deployment.path("").display().to_string().trim_end_matches('/'), "FOLDER")
}

/// Calls the program with a text on its standard input.
fn given(folder: &Path, arguments: &[&str], text: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchkeeper"));
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("watchkeeper is built");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Calls the program on a terminal, where somebody types a line at each prompt. What it says is all in `stdout`.
fn typed(folder: &Path, arguments: &[&str], lines: &[&str]) -> Ended {
    const TERMINAL: &str = r#"
import os, pty, sys
lines = sys.stdin.read().split("\n")
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
    if part.endswith(b": ") and lines:
        os.write(terminal, lines.pop(0).encode() + b"\n")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, env!("CARGO_BIN_EXE_watchkeeper")]).args(arguments).current_dir(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 is there");
    child.stdin.take().expect("a pipe").write_all(lines.join("\n").as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::new(),
    }
}

fn read(deployment: &Deployment, name: &str) -> String {
    fs::read_to_string(deployment.path(name)).expect("it is there")
}

fn mode(deployment: &Deployment, name: &str) -> u32 {
    fs::metadata(deployment.path(name)).expect("it is there").permissions().mode() & 0o7777
}

fn set_mode(deployment: &Deployment, name: &str, mode: u32) {
    fs::set_permissions(deployment.path(name), fs::Permissions::from_mode(mode)).expect("our file");
}

#[test]
fn a_new_account_is_two_files_of_the_owners_and_the_lines_to_write() {
    let deployment = Deployment::new("");
    let folder = deployment.path("");
    let ended = Watchkeeper::call_in(&folder, &[&NEW[..], &["--format", "json"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let made: Value = serde_json::from_str(&ended.stdout).expect("one JSON document");
    assert_eq!(made["new_password"], true);
    for name in ["funder.json", "funder.password"] {
        assert_eq!(mode(&deployment, name), 0o600, "{name}");
    }
    let password = read(&deployment, "funder.password");
    assert_eq!(password.trim_end().len(), 64);
    assert!(!ended.stdout.contains(password.trim_end()), "{}", ended.stdout);
    let shown = Watchkeeper::call_in(&folder, &PROVE);
    let address = made["address"].as_str().expect("an address");
    assert_eq!(shown.stdout, format!("{address} (the password opens it)\n"));

    let written = made["configuration"].as_str().expect("lines").replace("NAME", "zkfair");
    let chain = CONFIGURATION.split("\n\n").next().expect("the chain");
    deployment.configure(&format!("{chain}\n\n{written}\n"));
    let configured = Watchkeeper::call_in(&folder, &["account", "show", "funder"]);
    assert_eq!(configured.code, Some(0), "{}", configured.stderr);
    assert!(configured.stdout.contains(address), "{}", configured.stdout);
}

#[test]
fn a_key_is_taken_from_standard_input_and_nothing_is_overwritten() {
    let deployment = Deployment::new(CONFIGURATION);
    let folder = deployment.path("");
    let mut transcript = transcript(&deployment);
    for text in ["", "0x1234\n", &format!("{KEY}{KEY}"), &"f".repeat(64)] {
        assert_eq!(given(&folder, &IMPORT, text).code, Some(64), "{text}");
    }
    let not_a_key = given(&folder, &IMPORT, "s3cr3t\n");
    transcript.note(&IMPORT, &not_a_key);
    assert!(!deployment.path("funder.json").exists() && !deployment.path("funder.password").exists());

    let imported = given(&folder, &IMPORT, &format!("0x{KEY}\n"));
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    transcript.note(&IMPORT, &imported);
    let before = (read(&deployment, "funder.json"), read(&deployment, "funder.password"));
    let again = given(&folder, &IMPORT, KEY);
    assert_eq!(again.code, Some(64));
    transcript.note(&IMPORT, &again);
    assert_eq!(transcript.call(&folder, &NEW).code, Some(64));
    assert_eq!(before, (read(&deployment, "funder.json"), read(&deployment, "funder.password")));
    assert!(!before.0.contains(KEY));

    for arguments in [&SHOW[..], &PROVE, &["account", "show", "funder"], &["account", "show", "remote"]] {
        assert_eq!(transcript.call(&folder, arguments).code, Some(0), "{arguments:?}");
    }
    let one = Watchkeeper::call_in(&folder, &[&PROVE[..], &["--format", "json"]].concat());
    let one: Value = serde_json::from_str(&one.stdout).expect("one JSON document");
    assert_eq!(one, serde_json::json!({"address": ADDRESS, "proved": true}));
    let two = Watchkeeper::call_in(&folder, &["account", "show", "funder", "--format", "json"]);
    let two: Value = serde_json::from_str(&two.stdout).expect("one JSON document");
    assert_eq!((&two["address"], &two["signer"]), (&ADDRESS.into(), &"keystore".into()));
    assert_eq!(two["caps"]["max_24h"], "5 USDC");
    assert_eq!(two["tokens"]["USDT"]["caps"]["max_24h"], "300.5 USDT");

    // A second key with the password that is there.
    let second = ["account", "new", "--keystore", "second.json", "--password-file", "funder.password"];
    let ended = Watchkeeper::call_in(&folder, &second);
    assert!(ended.code == Some(0) && !ended.stdout.contains("(new)"), "{}{}", ended.stdout, ended.stderr);
    transcript.check("account");
}

#[test]
fn what_is_wrong_with_an_account_is_told_before_it_matters() {
    let deployment = Deployment::new(CONFIGURATION);
    let folder = deployment.path("");
    let mut transcript = transcript(&deployment);
    assert_eq!(transcript.call(&folder, &["check"]).code, Some(78));
    assert_eq!(given(&folder, &IMPORT, KEY).code, Some(0));
    assert_eq!(transcript.call(&folder, &["check"]).code, Some(0));

    set_mode(&deployment, "funder.json", 0o644);
    for arguments in [&["check"][..], &SHOW, &["account", "show", "funder"]] {
        assert_ne!(transcript.call(&folder, arguments).code, Some(0), "{arguments:?}");
    }
    set_mode(&deployment, "funder.json", 0o600);
    fs::write(deployment.path("funder.password"), "another password\n").expect("our file");
    for arguments in [&["check"][..], &PROVE] {
        assert_ne!(transcript.call(&folder, arguments).code, Some(0), "{arguments:?}");
    }
    assert_eq!(transcript.call(&folder, &["account", "show", "nobody"]).code, Some(78));
    assert_eq!(transcript.call(&folder, &["account", "show"]).code, Some(64));
    deployment.configure(&CONFIGURATION.replace("max_24h = \"5 USDC\"", "max_24h = \"1.5 USDC\""));
    assert_eq!(transcript.call(&folder, &["check"]).code, Some(78));
    transcript.check("account-wrong");
}

#[test]
fn without_its_folder_nothing_is_made() {
    let deployment = Deployment::new("");
    for (keystore, password) in [("keys/funder.json", "funder.password"), ("funder.json", "keys/funder.password")] {
        let arguments = ["account", "new", "--keystore", keystore, "--password-file", password];
        let ended = Watchkeeper::call_in(&deployment.path(""), &arguments);
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains("keys: is not there\nhint: mkdir -m 700 "), "{}", ended.stderr);
    }
    assert!(!deployment.path("funder.json").exists() && !deployment.path("funder.password").exists());
}

#[test]
fn neither_key_nor_password_is_an_argument() {
    let deployment = Deployment::new("");
    for arguments in [&[&IMPORT[..], &[KEY]].concat()[..], &[&IMPORT[..], &["--key", KEY]].concat()] {
        assert_eq!(Watchkeeper::call_in(&deployment.path(""), arguments).code, Some(64));
    }
    let password = ["account", "new", "--keystore", "funder.json", "--password", "s3cr3t"];
    assert_eq!(Watchkeeper::call_in(&deployment.path(""), &password).code, Some(64));
    assert!(!deployment.path("funder.json").exists());
}

#[test]
fn on_a_terminal_key_and_password_are_asked_for_and_never_shown() {
    let deployment = Deployment::new("");
    let folder = deployment.path("");
    let import = &IMPORT[..4];
    let password = "correct horse battery staple";
    for lines in [[KEY, password, "other"], [KEY, "", ""], ["s3cr3t", "", ""]] {
        let ended = typed(&folder, import, &lines);
        assert_eq!(ended.code, Some(64), "{}", ended.stdout);
        assert!(!deployment.path("funder.json").exists());
    }
    let ended = typed(&folder, import, &[KEY, password, password]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("private key: ") && ended.stdout.contains("password, again: "), "{}", ended.stdout);
    assert!(!ended.stdout.contains(KEY) && !ended.stdout.contains("horse"), "{}", ended.stdout);
    assert!(ended.stdout.contains("password = \"${FUNDER_PASSWORD}\""), "{}", ended.stdout);

    deployment.write("funder.password", password.as_bytes());
    set_mode(&deployment, "funder.password", 0o600);
    assert_eq!(Watchkeeper::call_in(&folder, &PROVE).stdout, format!("{ADDRESS} (the password opens it)\n"));
}
