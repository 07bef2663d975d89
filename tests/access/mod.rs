//! Who is let in: loopback defaults, addresses that others reach, tokens, passwords, TLS, browsers; and that no secret is
//! ever shown.

mod browser;
mod listening;
mod secured;
mod tokens;

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::support::{Deployment, Watchkeeper, eventually, teller_deployment, teller_job};

const PATIENCE: Duration = Duration::from_secs(60);

/// A deployment with the job `hourly`, with these further keys of `[server]`.
fn deployment(server: &str) -> Deployment {
    let deployment = teller_deployment();
    deployment.job("hourly", &teller_job("every = \"1h\"", "message = \"done\"", ""));
    let chain = "[chains.dev]\nchain_id = 31337\nendpoints = [\"http://127.0.0.1:9\"]\n";
    deployment.write("watchkeeper.toml", format!("[server]\nlisten = \"127.0.0.1:0\"\n{server}\n{chain}").as_bytes());
    deployment
}

/// A token as `watchkeeper token new` makes it: its text, and the table by which the configuration knows it, with these
/// further keys.
fn token(name: &str, keys: &str) -> (String, String) {
    let made = Watchkeeper::call(&["token", "new", name, "--format", "json"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let made: Value = serde_json::from_str(&made.stdout).expect("JSON");
    let text = |key: &str| made[key].as_str().expect("a text").to_owned();
    (text("token"), format!("[server.tokens.{name}]\nhash = \"{}\"\n{keys}\n", text("hash")))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// Waits until its jobs are there.
fn ready(watchkeeper: &Watchkeeper, headers: &[(&str, &str)]) {
    eventually("it to be ready", PATIENCE, || (watchkeeper.get("/-/ready", headers).status == 200).then_some(()));
}
