//! Where it listens decides who may read without being asked.

use std::os::unix::fs::PermissionsExt;

use super::{bearer, deployment, ready};
use crate::support::{Watchkeeper, send};

#[test]
fn on_the_loopback_address_reading_is_open_and_acting_takes_the_owner_s_token() {
    let deployment = deployment("");
    let watchkeeper = Watchkeeper::start(&deployment);
    ready(&watchkeeper, &[]);
    for path in ["/", "/runs", "/metrics", "/api/v1/jobs", "/api/v1/logs", "/api/v1/actions"] {
        assert_eq!(watchkeeper.get(path, &[]).status, 200, "{path}");
    }
    for path in ["/api/v1/jobs/hourly/run", "/api/v1/jobs/hourly/pause", "/-/reload"] {
        assert_eq!(watchkeeper.send("POST", path, &[]).status, 401, "{path}");
        let reversed: String = watchkeeper.token().chars().rev().collect();
        assert_eq!(watchkeeper.send("POST", path, &[("authorization", &bearer(&reversed))]).status, 401, "{path}");
    }
    let file = deployment.path("watchkeeper.token");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(watchkeeper.act("/api/v1/jobs/hourly/pause", &[]).status, 200);
    let log = watchkeeper.log();
    assert!(log.contains(file.to_str().unwrap()), "the file is named: {log}");
    assert!(!log.contains(&watchkeeper.token()), "the token isn't");
}

#[test]
fn a_token_file_that_others_can_read_keeps_it_from_starting() {
    let deployment = deployment("");
    let token = "0123456789abcdef".repeat(4);
    deployment.write("watchkeeper.token", token.as_bytes());
    let ended = Watchkeeper::call(&["run", "--config", deployment.configuration().to_str().unwrap()]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("can be read or written by others\nhint: delete the file"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(&token), "{}", ended.stderr);
}

#[test]
fn an_address_that_others_reach_is_refused_without_authentication_unless_asked_for_in_words() {
    let unguarded = deployment("");
    let everywhere = |text: &str| {
        let written = std::fs::read_to_string(unguarded.configuration()).unwrap();
        let written = written.replace("listen = \"127.0.0.1:0\"\n", &format!("listen = \"0.0.0.0:0\"\n{text}"));
        unguarded.write("watchkeeper.toml", written.as_bytes());
    };
    everywhere("");
    for command in ["run", "check"] {
        let ended = Watchkeeper::call(&[command, "--config", unguarded.configuration().to_str().unwrap()]);
        assert_eq!(ended.code, Some(78), "{command}: {}", ended.stderr);
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains("0.0.0.0:0") && told.contains("hint: "), "{command}: {told}");
        assert!(told.contains("reading = \"open\""), "the words are told: {told}");
    }
    let open = deployment("");
    let written = std::fs::read_to_string(open.configuration()).unwrap();
    let written = written.replace("listen = \"127.0.0.1:0\"\n", "listen = \"0.0.0.0:0\"\nreading = \"open\"\n");
    open.write("watchkeeper.toml", written.as_bytes());
    let watchkeeper = Watchkeeper::start(&open);
    let url = watchkeeper.url().replace("0.0.0.0", "127.0.0.1");
    let ask = |method: &str, path: &str| send(method, &format!("{url}{path}"), &[], b"").unwrap().status;
    assert_eq!(ask("GET", "/metrics"), 200);
    assert_eq!(ask("POST", "/-/reload"), 401, "acting is never open");
}
