//! Bearer tokens of the configuration: their rights, their end, and that nothing shows them.

use serde_json::json;

use super::{PATIENCE, bearer, deployment, ready, token};
use crate::support::{Watchkeeper, eventually};

#[test]
fn a_token_may_what_its_rights_say_and_the_ledger_has_its_name() {
    let (reader, of_reader) = token("reader", "rights = [\"read\"]");
    let (actor, of_actor) = token("actor", "rights = [\"act\"]");
    let (both, of_both) = token("deploy", "rights = [\"read\", \"act\"]\nexpires = \"2099-01-01T00:00:00Z\"");
    let (old, of_old) = token("old", "rights = [\"read\", \"act\"]\nexpires = \"2020-01-01T00:00:00Z\"");
    let deployment = deployment(&[of_reader, of_actor, of_both, of_old].concat());
    let watchkeeper = Watchkeeper::start(&deployment);
    ready(&watchkeeper, &[]);
    for (who, reads, acts) in
        [(Some(&reader), 200, 403), (Some(&actor), 403, 202), (Some(&both), 200, 202), (None, 401, 401)]
    {
        let credential = who.map(|token| bearer(token));
        let headers: Vec<_> = credential.iter().map(|value| ("authorization", value.as_str())).collect();
        for path in ["/metrics", "/api/v1/jobs", "/api/v1/runs"] {
            assert_eq!(watchkeeper.get(path, &headers).status, reads, "{path}: {who:?}");
        }
        let acted = eventually("no run of it to be going", PATIENCE, || {
            let acted = watchkeeper.send("POST", "/api/v1/jobs/hourly/run", &headers);
            (acted.status != 409).then_some(acted)
        });
        assert_eq!(acted.status, acts, "{who:?}: {}", acted.text());
    }
    for wrong in [&old, "wk_nobody"] {
        let credential = bearer(wrong);
        let headers = [("authorization", credential.as_str())];
        assert_eq!(watchkeeper.get("/api/v1/jobs", &headers).status, 401, "{wrong}");
        assert_eq!(watchkeeper.send("POST", "/api/v1/jobs/hourly/run", &headers).status, 401, "{wrong}");
    }
    for path in ["/-/healthy", "/-/ready"] {
        assert_eq!(watchkeeper.get(path, &[]).status, 200, "a probe of health needs none: {path}");
    }
    let credential = bearer(&both);
    let headers = [("authorization", credential.as_str())];
    let who = watchkeeper.get("/api/v1/whoami", &headers).json();
    assert_eq!(who, json!({"actor": {"name": "token deploy"}, "rights": ["read", "act"]}));
    let actions = watchkeeper.get("/api/v1/actions", &headers).json();
    let by: Vec<_> = actions["actions"].as_array().unwrap().iter().map(|action| &action["by"]).collect();
    assert!(by.contains(&&json!("token deploy")) && by.contains(&&json!("token actor")), "{actions:#}");
    assert!(by.iter().all(|by| *by != "token reader" && *by != "token old"), "{actions:#}");

    let mut shown = watchkeeper.log();
    for path in ["/metrics", "/api/v1/jobs", "/api/v1/actions", "/", "/actions", "/api/v1/openapi.json"] {
        shown += watchkeeper.get(path, &headers).text();
    }
    let local = watchkeeper.token();
    for secret in [&reader, &actor, &both, &old, &local] {
        assert!(!shown.contains(secret.as_str()) && !shown.contains(secret.trim_start_matches("wk_")));
    }
}

#[test]
fn a_token_is_worth_nothing_from_its_end_on() {
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(8);
    let (text, table) = token("brief", &format!("rights = [\"read\", \"act\"]\nexpires = \"{soon}\""));
    let deployment = deployment(&table);
    let watchkeeper = Watchkeeper::start(&deployment);
    let credential = bearer(&text);
    let status = || watchkeeper.get("/api/v1/jobs", &[("authorization", &credential)]).status;
    assert_eq!(status(), 200, "it started within its time");
    eventually("its end", PATIENCE, || (status() == 401).then_some(()));
    assert!(jiff::Timestamp::now() >= soon);
    assert_eq!(watchkeeper.get("/api/v1/jobs", &[]).status, 401, "reading doesn't open because a token runs out");
}

#[test]
fn guessing_is_slowed_down_and_does_not_lock_out_who_knows() {
    let deployment = deployment("");
    let watchkeeper = Watchkeeper::start(&deployment);
    ready(&watchkeeper, &[]);
    let guess = || watchkeeper.send("POST", "/-/reload", &[("authorization", "Bearer guess")]);
    let slowed = (0..20).map(|_| guess()).find(|answer| answer.status == 429).expect("the tenth guess is the last");
    assert_eq!(slowed.header("retry-after"), "1");
    eventually("the token to be taken again", PATIENCE, || {
        (watchkeeper.act("/-/reload", &[]).status == 200).then_some(())
    });
}
