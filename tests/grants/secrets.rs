//! Keys in the URLs of endpoints: known to the host only, shown nowhere, also when everything fails.

use serde_json::json;

use super::job;
use crate::support::{Anvil, Deployment, Fault, FaultProxy, Watchkeeper};

/// All that shows jobs, runs, chains, or what went wrong with them.
const SHOWN: [&str; 14] = [
    "/metrics",
    "/",
    "/jobs/probe",
    "/runs",
    "/chains",
    "/plugins",
    "/api/v1/jobs",
    "/api/v1/jobs/probe",
    "/api/v1/runs",
    "/api/v1/logs",
    "/api/v1/chains",
    "/api/v1/plugins",
    "/api/v1/actions",
    "/-/ready",
];
const SECRETS: [&str; 4] = ["k3yInThePath", "us3rName", "passw0rdOfIt", "k3yInTheQuery"];

/// The proxy's URL with user, password and keys.
fn secret_url(proxy: &FaultProxy) -> String {
    let [path, user, password, query] = SECRETS;
    format!("{}/v3/{path}?key={query}", proxy.url().replace("http://", &format!("http://{user}:{password}@")))
}

#[track_caller]
fn without_secrets(place: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{place} holds {secret}: {text}");
    }
}

#[test]
fn keys_in_an_endpoints_url_appear_nowhere_whatever_fails() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = Deployment::new(&format!(
        "[chains.dev]\nchain_id = 31337\ntimeout = \"500ms\"\nendpoints = [{:?}]\n",
        secret_url(&proxy)
    ));
    deployment.plugin("evm-chain");
    deployment.job("probe", &job("evm-chain", "chain = [\"dev\"]\nstate = true"));
    let mut watchkeeper = Watchkeeper::start_with(&deployment, &["--log", "trace"]);
    watchkeeper.after_run("probe", "success");
    let echo = format!("no project {}, as {} says", SECRETS[0], secret_url(&proxy));
    for (fault, outcome) in [
        (Fault::Pass, "success"),
        (Fault::garbage(), "failed"),
        (Fault::Answer(401, echo.clone()), "unavailable"),
        (Fault::Answer(200, echo.clone()), "failed"),
        (Fault::Replace("eth_getBlockByNumber", json!({"error": {"code": -32000, "message": echo}})), "failed"),
        (Fault::Silent, "unavailable"),
        (Fault::Refuse, "unavailable"),
    ] {
        let case = format!("{fault:?}");
        proxy.set(fault);
        watchkeeper.after_run("probe", outcome);
        for path in SHOWN {
            let response = watchkeeper.get(path, &[]);
            assert_eq!(response.status, 200, "{path} at {case}: {}", response.text());
            without_secrets(&format!("{path} at {case}"), response.text());
        }
        let tried = call("try", &deployment, &["probe"]);
        without_secrets(&format!("try at {case}"), &tried);
        without_secrets(&format!("check at {case}"), &call("check", &deployment, &[]));
    }
    assert_eq!(watchkeeper.end(), Some(0));
    without_secrets("the log", &watchkeeper.log());
}

#[test]
fn mistakes_beside_a_key_are_told_without_it() {
    let deployment = Deployment::new("");
    for wrong in ["ftp://us3rName:passw0rdOfIt@h/k3yInThePath", "http://us3rName:passw0rdOfIt@:x/k3yInThePath"] {
        deployment.configure(&format!("[chains.dev]\nchain_id = 1\nendpoints = [{wrong:?}]\n"));
        let said = call("check", &deployment, &[]);
        assert!(said.contains("chains.dev.endpoints[0]"), "{said}");
        without_secrets("check", &said);
    }
    let near = [
        "endpoints = [\"http://us3rName:passw0rdOfIt@h/k3yInThePath\"",
        "endpoints = [\"http://h/k3yInThePath\"]\nx = 1",
    ];
    for wrong in near {
        deployment.configure(&format!("[chains.dev]\nchain_id = 1\n{wrong}\n"));
        without_secrets("check", &call("check", &deployment, &[]));
    }
}

/// All that a command says.
fn call(command: &str, deployment: &Deployment, further: &[&str]) -> String {
    let configuration = deployment.configuration();
    let arguments = [&[command], further, &["--config", configuration.to_str().unwrap()]].concat();
    let ended = Watchkeeper::call(&arguments);
    ended.stdout + &ended.stderr
}
