//! The web configuration file of exporters: TLS and passwords, for people, programs and a real Prometheus.

use std::fs;

use serde_json::json;

use super::{PATIENCE, basic, bearer, deployment, token};
use crate::support::{Deployment, Prometheus, Response, Watchkeeper, eventually, send_trusting};

const PASSWORD: &str = "correct horse";

/// A deployment with TLS and the user `prometheus`, and the certificate to trust.
fn secured(server: &str) -> (Deployment, String) {
    let deployment = deployment(&format!("web_config = \"web.yml\"\n{server}"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let text = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nbasic_auth_users:\n  prometheus: ";
    deployment.write("web.yml", format!("{text}{hash}\n").as_bytes());
    deployment.write("cert.pem", made.cert.pem().as_bytes());
    deployment.write("key.pem", made.signing_key.serialize_pem().as_bytes());
    (deployment, made.cert.pem())
}

#[test]
fn with_a_web_configuration_everything_takes_tls_and_a_password() {
    let (deployment, certificate) = secured("");
    let watchkeeper = Watchkeeper::start(&deployment);
    assert!(watchkeeper.url().starts_with("https://"), "{}", watchkeeper.url());
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| -> Response {
        send_trusting(&certificate, method, &format!("{}{path}", watchkeeper.url()), headers, b"").unwrap()
    };
    let (right, wrong) = (basic("prometheus", PASSWORD), basic("prometheus", "wrong"));
    for path in ["/metrics", "/", "/api/v1/jobs"] {
        assert_eq!(ask("GET", path, &[("authorization", &right)]).status, 200, "{path}");
        assert_eq!(ask("GET", path, &[("authorization", &wrong)]).status, 401, "{path}");
        assert_eq!(ask("GET", path, &[("authorization", &basic("nobody", PASSWORD))]).status, 401, "{path}");
        let unnamed = ask("GET", path, &[]);
        assert_eq!(unnamed.status, 401, "{path}");
    }
    assert!(ask("GET", "/metrics", &[]).header("www-authenticate").contains("Basic realm="));
    assert_eq!(ask("GET", "/-/healthy", &[]).status, 200);
    assert_eq!(ask("POST", "/-/reload", &[("authorization", &right)]).status, 200);
    assert_eq!(ask("POST", "/-/reload", &[("authorization", &right), ("origin", "https://evil.example")]).status, 403);
    let actions = ask("GET", "/api/v1/actions", &[("authorization", &right)]).json();
    assert_eq!(actions["actions"][0]["by"], "user prometheus");

    let plain = crate::support::send("GET", &watchkeeper.url().replace("https", "http"), &[], b"");
    assert!(plain.as_ref().map_or(true, |answer| answer.status >= 400), "without TLS there is nothing: {plain:?}");
    let log = watchkeeper.log();
    assert!(!log.contains(PASSWORD) && !log.contains("$2b$") && !log.contains("PRIVATE KEY"), "{log}");
}

#[test]
fn prometheus_scrapes_with_tls_and_a_password_and_the_command_line_asks_with_a_token() {
    let (text, table) = token("cli", "rights = [\"read\", \"act\"]");
    let (deployment, certificate) = secured(&table);
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = |name: &str, password: &str| {
        json!({
            "job_name": name,
            "scheme": "https",
            "tls_config": {"ca_file": deployment.path("cert.pem"), "server_name": "localhost"},
            "basic_auth": {"username": "prometheus", "password": password},
            "static_configs": [{"targets": [watchkeeper.address()]}],
        })
    };
    let prometheus = Prometheus::scraping(&json!([scrape("right", PASSWORD), scrape("wrong", "wrong")]));
    let up = |job: &str| prometheus.query(&format!("up{{job=\"{job}\"}}")).first().map(|(_, value)| *value);
    eventually("the scrape with the right password", PATIENCE, || (up("right") == Some(1.0)).then_some(()));
    eventually("the one with the wrong password to be refused", PATIENCE, || (up("wrong") == Some(0.0)).then_some(()));
    assert!(prometheus.targets().iter().any(|target| target.last_error.contains("401")), "{:?}", prometheus.targets());
    let build = prometheus.query("watchkeeper_build_info{job=\"right\"}");
    assert_eq!(build.len(), 1, "{build:?}");

    fs::write(deployment.path("token"), &text).unwrap();
    let (ca, file) = (deployment.path("cert.pem"), deployment.path("token"));
    let asked = |ca: &[&str]| {
        let server = ["jobs", "--url", watchkeeper.url(), "--token-file", file.to_str().unwrap()];
        Watchkeeper::call(&[&server, ca].concat())
    };
    let trusting = asked(&["--ca-file", ca.to_str().unwrap()]);
    assert_eq!(trusting.code, Some(0), "{}", trusting.stderr);
    assert!(trusting.stdout.contains("hourly"), "{}", trusting.stdout);
    let strange = asked(&[]);
    assert_eq!(strange.code, Some(1), "a certificate that nobody trusts: {}", strange.stdout);
    assert!(strange.stderr.contains("hint: ") && strange.stderr.contains("--ca-file"), "{}", strange.stderr);
    let shown = [strange.stderr, trusting.stderr, watchkeeper.log(), certificate].concat();
    assert!(!shown.contains(&bearer(&text)) && !shown.contains(text.trim_start_matches("wk_")));
}

#[test]
fn a_wrong_web_configuration_keeps_it_from_starting_and_names_file_and_key() {
    for (text, words) in [
        ("basic_auth_users:\n  alice: secret-of-alice\n", "basic_auth_users"),
        ("tls_server_config:\n  cert_file: nowhere.pem\n  key_file: key.pem\n", "nowhere.pem"),
        ("tls_servr_config: {}\n", "tls_servr_config"),
    ] {
        let (deployment, _) = secured("");
        deployment.write("web.yml", text.as_bytes());
        let ended = Watchkeeper::call(&["run", "--config", deployment.configuration().to_str().unwrap()]);
        assert_eq!(ended.code, Some(78), "{text}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        assert!(!ended.stderr.contains("secret-of-alice"), "{}", ended.stderr);
    }
}
