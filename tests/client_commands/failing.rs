//! What is said where it fails, and the exit codes that scripts go by.

use std::fs;

use super::{started, transcript::transcript};
use crate::support::Watchkeeper;

#[test]
fn errors_name_what_is_wrong_and_what_to_do() {
    let (deployment, watchkeeper) = started();
    let mut transcript = transcript(&deployment, &watchkeeper);
    for (command, code) in [
        (&["job", "show", "goood"][..], 1),
        (&["job", "run", "elsewhere"], 1),
        (&["job", "resume", "good"], 1),
        (&["job", "cancel", "good"], 1),
        (&["job", "skip-next", "bad"], 1),
        (&["job", "show", "No Name"], 64),
        (&["run", "show", "1"], 64),
        (&["run", "show", "01M3250V000000000000000002"], 1),
        (&["runs", "--since", "yesterday"], 64),
        (&["runs", "--outcome", "fine"], 64),
        (&["logs", "--limit", "0"], 64),
    ] {
        let ended = transcript.ask(&watchkeeper, command);
        assert_eq!(ended.code, Some(code), "{command:?}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.is_empty(), "errors go to standard error: {}", ended.stdout);
    }
    let wrong = deployment.path("wrong-token");
    fs::write(&wrong, "wk_wrong").expect("space on the disk");
    let url = watchkeeper.url();
    for (arguments, code) in [
        (&["jobs", "--url", url, "--token-file", wrong.to_str().expect("a path")][..], 1),
        (&["job", "pause", "good", "--url", url], 1),
        (&["jobs", "--url", "http://127.0.0.1:9"], 1),
        (&["jobs", "--url", "ftp://127.0.0.1"], 64),
        (&["jobs", "--url", url, "--token-file", "/nowhere/token"], 1),
        (&["jobs", "--config", "/nowhere/watchkeeper.toml"], 78),
    ] {
        let ended = Watchkeeper::call(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("wk_wrong"), "no token is shown: {}", ended.stderr);
        transcript.note(arguments, &ended);
    }
    transcript.check("failing");
}
