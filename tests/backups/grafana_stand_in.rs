//! Grafana's stand-in answers as its documents say: a backup and an import of it meet the same shapes and refusals.

use serde_json::{Value, json};

use crate::{
    stand_ins::grafana::{self, Grafana},
    support::{Response, send},
};

const DASHBOARDS: &str = "/api/dashboards/db";
const RULES: &str = "/api/v1/provisioning/alert-rules";

#[test]
fn folders_are_listed_one_level_at_a_time() {
    let grafana = Grafana::start();
    let made = post(&grafana, "/api/folders", &json!({"uid": "top", "title": "Top"}));
    assert_eq!((made.status, &made.json()["title"]), (200, &json!("Top")));
    post(&grafana, "/api/folders", &json!({"uid": "sub", "title": "Sub", "parentUid": "top"}));
    let uids = |path: &str| uids(&get(&grafana, path).json());
    assert_eq!((uids("/api/folders"), uids("/api/folders?parentUid=top")), (vec!["top".into()], vec!["sub".into()]));
    assert_eq!(get(&grafana, "/api/folders/sub").json()["parents"][0]["uid"], "top");
    assert_eq!(post(&grafana, "/api/folders", &json!({"uid": "sub", "title": "Again"})).status, 409);
    let lost = json!({"title": "Lost", "parentUid": "nowhere"});
    assert_eq!(post(&grafana, "/api/folders", &lost).status, 404);
    assert_eq!(grafana.model().folders["sub"].parent.as_deref(), Some("top"));
}

#[test]
fn dashboards_are_found_by_pages_and_only_overwritten_on_purpose() {
    let grafana = Grafana::start();
    post(&grafana, "/api/folders", &json!({"uid": "top", "title": "Top"}));
    for number in 0..5 {
        let dashboard =
            json!({"id": null, "uid": format!("d{number}"), "title": format!("Board {number}"), "n": number});
        let saved = post(&grafana, DASHBOARDS, &json!({"dashboard": dashboard, "folderUid": "top"}));
        assert_eq!((saved.status, &saved.json()["version"]), (200, &json!(1)));
    }
    let page = get(&grafana, "/api/search?type=dash-db&limit=2&page=3").json();
    assert_eq!((uids(&page), &page[0]["folderUid"]), (vec!["d4".into()], &json!("top")));
    assert_eq!(get(&grafana, "/api/search?limit=5001").status, 422);
    let read = get(&grafana, "/api/dashboards/uid/d3").json();
    assert_eq!((&read["dashboard"]["n"], &read["meta"]["folderUid"]), (&json!(3), &json!("top")));
    let stale = json!({"uid": "d3", "title": "Board 3"});
    assert_eq!(post(&grafana, DASHBOARDS, &json!({"dashboard": stale})).json()["status"], "version-mismatch");
    assert_eq!(post(&grafana, DASHBOARDS, &json!({"dashboard": stale, "overwrite": true})).status, 200);
    let from_elsewhere = json!({"dashboard": {"id": 99, "title": "An id of another Grafana"}});
    assert_eq!(post(&grafana, DASHBOARDS, &from_elsewhere).status, 404);
    let model = grafana.model();
    assert_eq!((model.dashboards["d3"].version, &model.dashboards["d3"].folder), (2, &None), "it moved to the root");
    assert_eq!(model.dashboards["d4"].content["n"], 4);
}

#[test]
fn a_data_source_s_secrets_never_come_back() {
    let grafana = Grafana::start();
    let mut source = json!({"uid": "prom", "name": "Prom", "type": "prometheus", "access": "proxy"});
    source["secureJsonData"] = json!({"basicAuthPassword": "hush"});
    assert_eq!(post(&grafana, "/api/datasources", &source).status, 200);
    assert_eq!(post(&grafana, "/api/datasources", &source).status, 409);
    let (all, one) = (get(&grafana, "/api/datasources"), get(&grafana, "/api/datasources/uid/prom"));
    assert!(!all.text().contains("hush") && !one.text().contains("hush"));
    assert_eq!(one.json()["secureJsonFields"], json!({"basicAuthPassword": true}));
    assert!(all.json()[0]["secureJsonFields"].is_null(), "only a single one tells which there are");
    source.as_object_mut().unwrap().remove("secureJsonData");
    assert_eq!(asked(&grafana, "PUT", "/api/datasources/uid/prom", &source).status, 200);
    assert_eq!(grafana.model().datasources["prom"].secrets["basicAuthPassword"], "hush");
}

#[test]
fn alert_rules_live_in_folders_that_are_there_and_groups_have_the_interval() {
    let grafana = Grafana::start();
    post(&grafana, "/api/folders", &json!({"uid": "top", "title": "Top"}));
    let mut rule = json!({"uid": "r1", "folderUID": "top", "ruleGroup": "slow", "title": "Down", "condition": "A"});
    for (name, value) in [("noDataState", "NoData"), ("execErrState", "Error"), ("for", "5m")] {
        rule[name] = json!(value);
    }
    rule["data"] = json!([{"refId": "A"}]);
    assert_eq!(post(&grafana, RULES, &rule).status, 201);
    assert_eq!(post(&grafana, RULES, &rule).status, 400, "the uid is taken");
    let mut lost = rule.clone();
    (lost["uid"], lost["folderUID"]) = (json!("r2"), json!("nowhere"));
    assert_eq!(post(&grafana, RULES, &lost).status, 400);
    let rules = get(&grafana, RULES).json();
    assert_eq!(
        (uids(&rules), &rules[0]["for"], &rules[0]["provenance"]),
        (vec!["r1".into()], &json!("5m"), &json!("api"))
    );
    assert_eq!(asked(&grafana, "PUT", &format!("{RULES}/r1"), &rule).status, 200);
    assert_eq!(asked(&grafana, "PUT", &format!("{RULES}/r9"), &rule).status, 404);
    let group = "/api/v1/provisioning/folder/top/rule-groups/slow";
    assert_eq!(get(&grafana, group).json()["interval"], 60);
    let slower = json!({"title": "slow", "interval": 300, "rules": [rule]});
    assert_eq!(asked(&grafana, "PUT", group, &slower).status, 200);
    assert_eq!(get(&grafana, group).json()["interval"], 300);
    assert_eq!(grafana.model().rules.len(), 1);
}

#[test]
fn a_token_with_the_rights_for_what_is_asked_is_wanted() {
    let grafana = Grafana::start();
    let health = send("GET", &format!("{}/api/health", grafana.url()), &[], b"").unwrap();
    assert_eq!((health.status, &health.json()["database"]), (200, &json!("ok")));
    for headers in [&[][..], &[("authorization", "Bearer another")]] {
        assert_eq!(send("GET", &format!("{}/api/folders", grafana.url()), headers, b"").unwrap().status, 401);
    }
    grafana.model().denied.insert("datasources:read");
    let refused = get(&grafana, "/api/datasources");
    assert!(refused.status == 403 && refused.text().contains("Permissions needed: datasources:read"), "{refused:?}");
    assert_eq!(get(&grafana, "/api/folders").status, 200);
    grafana.model().broken = Some(("api/folders", 502));
    assert_eq!(get(&grafana, "/api/folders").status, 502);
    assert_eq!(grafana.model().calls, ["GET api/folders"]);
}

fn get(grafana: &Grafana, path: &str) -> Response {
    asked(grafana, "GET", path, &Value::Null)
}

fn post(grafana: &Grafana, path: &str, body: &Value) -> Response {
    asked(grafana, "POST", path, body)
}

fn asked(grafana: &Grafana, method: &str, path: &str, body: &Value) -> Response {
    let token = format!("Bearer {}", grafana::TOKEN);
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(method, &format!("{}{path}", grafana.url()), &headers, body.as_bytes()).expect("the stand-in answers")
}

fn uids(list: &Value) -> Vec<String> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(|one| one["uid"].as_str().map(str::to_owned)).collect()
}
