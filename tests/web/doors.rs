//! Who is let in: names, origins, methods.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Deployment, Watchkeeper};

#[test]
fn foreign_names_are_answered_nothing() {
    let deployment = configured("");
    let watchkeeper = Watchkeeper::start(&deployment);
    for path in ["/", "/metrics", "/api/v1/jobs", "/-/healthy", "/-/ready"] {
        let response = watchkeeper.get(path, &[("host", "evil.example")]);
        assert_eq!(response.status, 421, "{path}");
        assert!(response.text().contains("allowed_hosts"), "{path}: {}", response.text());
        assert!(!response.text().contains("watchkeeper_"), "{path}");
    }
    let local = watchkeeper.address().replace("127.0.0.1", "localhost");
    assert_eq!(watchkeeper.get("/metrics", &[("host", &local)]).status, 200);
}

#[test]
fn names_and_origins_that_the_operator_lists_are_let_in() {
    let listed = "allowed_hosts = [\"watch.example.com\"]\nallowed_origins = [\"https://watch.example.com\"]\n";
    let deployment = configured(listed);
    let watchkeeper = Watchkeeper::start(&deployment);
    assert_eq!(watchkeeper.get("/metrics", &[("host", "watch.example.com")]).status, 200);
    assert_eq!(watchkeeper.get("/metrics", &[("host", "watch.example.com.evil.example")]).status, 421);
    let reload = |headers: &[(&str, &str)]| watchkeeper.act("/-/reload", headers).status;
    assert_eq!(reload(&[("origin", "https://watch.example.com")]), 200);
    assert_eq!(reload(&[("origin", "https://evil.example")]), 403);
}

#[test]
fn pages_of_other_sites_can_not_reload_and_programs_and_its_own_page_can() {
    let deployment = configured("");
    let watchkeeper = Watchkeeper::start(&deployment);
    let reload = |headers: &[(&str, &str)]| watchkeeper.act("/-/reload", headers);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"] {
        let response = reload(&[("origin", origin)]);
        assert_eq!(response.status, 403, "{origin}");
        assert!(response.text().contains("allowed_origins"), "{}", response.text());
    }
    assert_eq!(reload(&[("origin", watchkeeper.url())]).status, 200);
    assert_eq!(reload(&[]).status, 200);
}

#[test]
fn nobody_reloads_without_the_token_that_only_its_owner_can_read() {
    let deployment = configured("");
    let watchkeeper = Watchkeeper::start(&deployment);
    let token = deployment.path("watchkeeper.token");
    assert_eq!(token.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(watchkeeper.log().contains(token.to_str().unwrap()), "its place is told: {}", watchkeeper.log());
    assert!(!watchkeeper.log().contains(&watchkeeper.token()), "and never the token itself");
    let wrong = format!("Bearer {}", watchkeeper.token().chars().rev().collect::<String>());
    for headers in [&[][..], &[("authorization", &*wrong)]] {
        let refused = watchkeeper.send("POST", "/-/reload", headers);
        assert_eq!(refused.status, 401, "{headers:?}");
        assert!(refused.header("www-authenticate").contains("Bearer"), "{refused:?}");
        assert!(refused.text().contains("hint: send `Authorization: Bearer"), "{}", refused.text());
    }
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
    let actions = watchkeeper.api("actions");
    let actions: Vec<_> = actions["actions"].as_array().unwrap().iter().map(|one| (&one["verb"], &one["by"])).collect();
    assert_eq!(actions, [(&json!("reload"), &json!("local token"))], "who did it is kept");
}

#[test]
fn a_reload_is_never_a_get_and_pages_are_never_posted_to() {
    let deployment = configured("");
    let watchkeeper = Watchkeeper::start(&deployment);
    let refused = watchkeeper.get("/-/reload", &[]);
    assert_eq!((refused.status, refused.header("allow")), (405, "POST,PUT"));
    for path in ["/", "/metrics", "/api/v1/jobs", "/-/healthy"] {
        assert_eq!(watchkeeper.act(path, &[]).status, 405, "{path}");
    }
    assert_eq!(watchkeeper.get("/nothing", &[]).status, 404);
}

/// A deployment without jobs, with further keys of `[server]`.
fn configured(server: &str) -> Deployment {
    let deployment = Deployment::new("");
    deployment.write("watchkeeper.toml", format!("[server]\nlisten = \"127.0.0.1:0\"\n{server}").as_bytes());
    deployment
}
