//! From nothing to a component: `plugin new`, `build`, `inspect`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::snapshot::transcript;
use crate::support::{Deployment, Watchkeeper};

#[test]
fn a_new_plugin_builds_as_it_is_and_tells_what_it_asks_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sdk = sources.join("sdk/rust").display().to_string();
    let mut transcript = transcript().replace(sdk.clone(), "SDK");
    assert_eq!(transcript.call(folder.path(), &["plugin", "new", "my-probe", "--sdk", &sdk]).code, Some(0));
    assert_eq!(transcript.call(folder.path(), &["plugin", "new", "my-probe"]).code, Some(64));
    // The versions that the bundled plugins are built with: what is proved doesn't change by itself.
    fs::copy(sources.join("plugins/Cargo.lock"), folder.path().join("my-probe/Cargo.lock")).expect("a lock file");

    let mut build = Command::new(env!("CARGO_BIN_EXE_watchkeeper"));
    build.args(["plugin", "build", "my-probe"]).current_dir(folder.path()).env("CARGO_TARGET_DIR", target());
    let output = build.output().expect("watchkeeper is built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let component = folder.path().join("my-probe/my_probe.wasm");
    assert!(component.is_file(), "{}", String::from_utf8_lossy(&output.stdout));

    assert_eq!(transcript.call(folder.path(), &["plugin", "inspect", "my-probe/my_probe.wasm"]).code, Some(0));
    let config = ["--config", "{\"chain\": \"main\"}"];
    let asked = [&["plugin", "inspect", "my-probe/my_probe.wasm"][..], &config].concat();
    assert_eq!(transcript.call(folder.path(), &asked).code, Some(0));
    transcript.check("plugin");

    let asked = [&asked[..], &["--format", "json"]].concat();
    let document: Value =
        serde_json::from_str(&Watchkeeper::call_in(folder.path(), &asked).stdout).expect("one JSON document");
    assert_eq!(document["name"], "my-probe");
    assert_eq!(document["metrics"][0]["name"], "head_block_number", "{document:#}");
    assert_eq!(document["config"]["required"], serde_json::json!(["chain"]));
}

#[test]
fn what_is_no_plugin_is_told_so() {
    let deployment = Deployment::new("");
    deployment.write("plugins/text.wasm", b"[package]\n");
    deployment.write("plugins/core.wasm", b"\0asm\x01\0\0\0");
    deployment.write("plugins/empty.wasm", b"\0asm\x0d\0\x01\0");
    let mut transcript = transcript();
    for name in ["text", "core", "empty", "nowhere"] {
        let file = format!("plugins/{name}.wasm");
        let ended = transcript.call(&deployment.path(""), &["plugin", "inspect", &file]);
        assert_eq!(ended.code, Some(1), "{name}");
    }
    transcript.check("inspect-fails");
}

/// A target directory that outlives the test, so that the next run needn't build the SDK again.
fn target() -> PathBuf {
    let binary = env::current_exe().expect("this program has a file");
    binary.ancestors().nth(3).expect("tests run below cargo's target directory").join("new-plugin")
}
