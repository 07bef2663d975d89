//! `run` as a service manager sees it.

use std::{net::TcpListener, path::Path};

use serde_json::Value;

use crate::support::{Deployment, Watchkeeper, eventually};

#[test]
fn logs_are_json_where_nobody_watches() {
    let deployment = Deployment::new("");
    deployment.plugin("steady");
    deployment.job("good", "plugin = \"steady\"\nevery = \"1s\"\n[config]\nvalue = 1\n");
    deployment.job("bad", "plugin = 1\n");
    let mut watchkeeper = Watchkeeper::start(&deployment);
    eventually("it is ready", std::time::Duration::from_secs(30), || {
        (watchkeeper.get("/-/ready", &[]).status == 200).then_some(())
    });
    assert_eq!(watchkeeper.end(), Some(0));
    let log = watchkeeper.log();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    assert!(log.lines().count() > 4, "{log}");
}

#[test]
fn a_port_in_use_is_told_with_its_address_and_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let deployment = Deployment::new("");
    deployment.write("watchkeeper.toml", format!("[server]\nlisten = {address:?}\n").as_bytes());
    let ended = Watchkeeper::call_in(&deployment.path(""), &["run"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: another program may listen there"), "{}", ended.stderr);
    assert!(!Path::new(&deployment.path("watchkeeper.db")).exists(), "nothing was begun");
}
