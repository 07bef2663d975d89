//! A Grafana that is made up, and the test host before two of them. Paths, statuses and shapes are those of Grafana's documentation of
//! its HTTP API (docs/sources/developers/http_api: folder.md, folder_dashboard_search.md, dashboard.md, data_source.md,
//! alerting_provisioning.md, other.md); 406 for a dashboard of schema v2 is what its `pkg/api/dashboard.go` answers.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use serde_json::{Map, Value, json};
use watchkeeper_sdk::{
    http::{self, Request, Response},
    testing::{Host, Run, Store},
};

use crate::tar;

pub(super) struct World {
    /// At `https://old.example.com/grafana`.
    pub(super) old: Rc<RefCell<Grafana>>,
    /// At `https://new.example.com`.
    pub(super) new: Rc<RefCell<Grafana>>,
    pub(super) host: Host,
}

/// What a Grafana has.
#[derive(Default)]
pub(super) struct Grafana {
    /// Title and parent by uid.
    pub(super) folders: BTreeMap<String, (String, Option<String>)>,
    pub(super) sources: BTreeMap<String, Value>,
    /// Folder and model by uid.
    pub(super) dashboards: BTreeMap<String, (String, Value)>,
    pub(super) rules: Vec<Value>,
    /// By folder and name.
    pub(super) intervals: BTreeMap<(String, String), u64>,
    /// None: the service account may not read them.
    pub(super) points: Option<Value>,
    pub(super) policies: Option<Value>,
    /// Whether there are folders in folders.
    pub(super) nested: bool,
    /// The most objects that it gives in a page.
    pub(super) page: usize,
    /// Statuses and bodies in place of its own, by method and path.
    pub(super) instead: BTreeMap<String, (u16, Value)>,
    /// Method, path with query, and body, in the order of requests.
    pub(super) asked: Vec<(String, String, Value)>,
    /// Whether the last request left provenance out, for alert rules.
    plain: bool,
}

impl World {
    /// A Grafana with something of everything, and an empty one.
    pub(super) fn new() -> Self {
        let old = Rc::new(RefCell::new(Grafana::full()));
        let new = Rc::new(RefCell::new(Grafana { nested: true, page: 2, ..Grafana::default() }));
        let host = Host::new(|_, method, _| panic!("{method}")).http({
            let (old, new) = (Rc::clone(&old), Rc::clone(&new));
            move |request| match request.url.strip_prefix("https://old.example.com/grafana") {
                Some(path) => Ok(old.borrow_mut().answer(request, path)),
                None => match request.url.strip_prefix("https://new.example.com") {
                    Some(path) => Ok(new.borrow_mut().answer(request, path)),
                    None => Err(http::Error::Denied(request.url.clone())),
                },
            }
        });
        Self { old, new, host }
    }

    pub(super) fn export(&self) -> Run {
        self.host.run(crate::run, json!({ "url": "https://old.example.com/grafana/" }))
    }

    pub(super) fn import(&self, config: &Value) -> Run {
        let mut whole = json!({ "url": "https://new.example.com", "mode": "import", "artifact": "test/grafana" });
        whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        self.host.run(crate::run, whole)
    }

    pub(super) fn store(&self) -> Store {
        self.host.store()
    }

    /// The path of the only artifact.
    pub(super) fn path(&self) -> String {
        let [artifact] = self.store().artifacts().try_into().unwrap();
        artifact.path
    }

    /// The files of the only artifact, in their order.
    pub(super) fn files(&self) -> Vec<(String, Value)> {
        let content = self.store().content(&self.path()).unwrap();
        files(&content)
    }

    /// A file of the only artifact.
    pub(super) fn file(&self, name: &str) -> Value {
        let files = self.files();
        let found = files.iter().find(|(other, _)| other == name);
        found.unwrap_or_else(|| panic!("no {name} in {files:?}")).1.clone()
    }
}

/// What is in an archive, read without the plugin's own reader.
pub(super) fn files(tar: &[u8]) -> Vec<(String, Value)> {
    let (mut files, mut rest) = (Vec::new(), tar);
    while rest[0] != 0 {
        let text = |bytes: &[u8]| str::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned();
        let size = usize::from_str_radix(&text(&rest[124..136]), 8).unwrap();
        files.push((text(&rest[..100]), serde_json::from_slice(&rest[512..512 + size]).unwrap()));
        rest = &rest[512 + size.next_multiple_of(512)..];
    }
    assert_eq!(rest, [0; 1_024], "two blocks of zeros end it");
    files
}

/// An archive of these files, by the plugin's own writer.
pub(super) fn archive(files: &[(&str, Value)]) -> Vec<u8> {
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, content)| ((*name).to_owned(), content.to_string().into_bytes())).collect();
    let host = Host::new(|_, method, _| panic!("{method}"));
    let stored = host.run(
        async move |_: Value, _: &watchkeeper_sdk::metrics::NoMetrics| {
            let content = watchkeeper_sdk::stream::Content::written(async move |sink| {
                let mut writer = tar::Writer::new(sink);
                for (name, content) in &files {
                    writer.file(name, content).await?;
                }
                writer.end().await
            });
            let options = watchkeeper_sdk::artifacts::Options::default();
            Ok(watchkeeper_sdk::artifacts::put("a", content, async { Ok(()) }, options).await?.path)
        },
        json!({}),
    );
    host.store().content(&stored.outcome.unwrap()).unwrap()
}

impl Grafana {
    fn full() -> Self {
        let folder = |uid: &str, title: &str, parent: Option<&str>| {
            (uid.to_owned(), (title.to_owned(), parent.map(str::to_owned)))
        };
        let dashboard = |uid: &str, folder: &str, id: u64| {
            let model = json!({
                "id": id, "uid": uid, "title": format!("Board {uid}"), "tags": ["templated"], "schemaVersion": 39, "version": 3,
                "panels": [{ "id": 1, "type": "stat", "thresholds": [0.1, 0.30000000000000004, 12345678901234567_u64] }],
            });
            (uid.to_owned(), (folder.to_owned(), model))
        };
        let source = |uid: &str, extra: Value| {
            let mut source = json!({
                "id": 7, "uid": uid, "orgId": 1, "name": format!("source {uid}"), "type": "prometheus", "typeLogoUrl": "x.svg",
                "access": "proxy", "url": "http://127.0.0.1:9090", "password": "", "user": "", "database": "", "basicAuth": false,
                "basicAuthUser": "", "basicAuthPassword": "", "withCredentials": false, "isDefault": uid == "prom",
                "jsonData": { "httpMethod": "POST" }, "secureJsonFields": {}, "version": 2, "readOnly": false,
            });
            source.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            (uid.to_owned(), source)
        };
        let rule = |uid: &str, folder: &str, group: &str, provenance: &str| {
            json!({
                "id": 3, "uid": uid, "orgID": 1, "folderUID": folder, "ruleGroup": group, "title": format!("Rule {uid}"),
                "condition": "A", "data": [{ "refId": "A", "datasourceUid": "prom", "model": { "expr": "up == 0" } }],
                "noDataState": "NoData", "execErrState": "Error", "for": "5m", "labels": { "team": "sre" },
                "updated": "2024-01-31T17:43:12Z", "provenance": provenance, "isPaused": false,
            })
        };
        Self {
            folders: [folder("top", "Top", None), folder("mid", "Mid", Some("top")), folder("leaf", "Leaf", Some("mid")),
                folder("other", "Other", None), folder("third", "Third", None)].into(),
            sources: [
                source("prom", json!({})),
                source("loki", json!({ "secureJsonFields": { "httpHeaderValue1": true, "tlsCACert": false }, "basicAuthPassword": "old" })),
            ].into(),
            dashboards: ["a1", "b2", "c3", "d4", "e5"].iter().zip(1..)
                .map(|(uid, id)| dashboard(uid, if id == 1 { "" } else { "leaf" }, id)).collect(),
            rules: vec![
                rule("r2", "top", "5 min", ""), rule("r1", "top", "5 min", ""), rule("r3", "other", "fast", "api"),
                rule("r4", "other", "from file", "file"),
            ],
            intervals: [(("top", "5 min"), 300), (("other", "fast"), 10), (("other", "from file"), 60)]
                .map(|((folder, name), interval)| ((folder.to_owned(), name.to_owned()), interval)).into(),
            points: Some(json!([{
                "uid": "cp1", "name": "chat", "type": "slack", "disableResolveMessage": false, "provenance": "",
                "settings": { "recipient": "#ops", "token": "[REDACTED]", "url": "[REDACTED]" },
            }])),
            policies: Some(json!({ "receiver": "chat", "group_by": ["alertname"], "routes": [] })),
            nested: true,
            page: 2,
            ..Self::default()
        }
    }

    fn answer(&mut self, request: &Request, path: &str) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        self.asked.push((request.method.clone(), path.to_owned(), body.clone()));
        self.plain = request.headers.iter().any(|(name, _)| name == "x-disable-provenance");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let (status, answer) = match self.instead.get(&format!("{} {path}", request.method)) {
            Some(answer) => answer.clone(),
            None => self.own(&request.method, path, &query, body),
        };
        Response { status, headers: Vec::new(), body: answer.to_string().into_bytes() }
    }

    fn own(&mut self, method: &str, path: &str, query: &BTreeMap<&str, &str>, body: Value) -> (u16, Value) {
        let path = path.replace("%20", " ");
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let ok = |answer: Value| (200, answer);
        let missing = || (404, json!({ "message": "not found" }));
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        match (method, parts.as_slice()) {
            ("GET", ["api", "health"]) => ok(json!({ "commit": "087143285", "database": "ok", "version": "11.6.1" })),
            ("GET", ["api", "folders"]) => ok(self.list_folders(query)),
            ("GET", ["api", "folders", uid]) => match self.folders.get(*uid) {
                Some((title, _)) => ok(json!({ "id": 1, "uid": uid, "title": title, "hasAcl": false })),
                None => missing(),
            },
            ("POST", ["api", "folders"]) => {
                let parent = body["parentUid"].as_str().map(str::to_owned);
                if parent.as_ref().is_some_and(|parent| !self.folders.contains_key(parent)) {
                    return (400, json!({ "message": "folder not found" }));
                }
                self.folders.insert(text("uid"), (text("title"), parent));
                ok(json!({ "id": 1, "uid": text("uid") }))
            }
            ("GET", ["api", "search"]) => {
                assert_eq!(query["type"], "dash-db");
                let hit = |uid: &String| json!({ "id": 1, "uid": uid, "title": uid, "type": "dash-db", "tags": [], "isStarred": false });
                let hits = self.dashboards.keys().map(hit).collect();
                ok(self.page(hits, query))
            }
            ("GET", ["api", "dashboards", "uid", uid]) => match self.dashboards.get(*uid) {
                Some((folder, model)) => {
                    ok(json!({ "dashboard": model, "meta": { "isStarred": false, "folderUid": folder, "slug": "x" } }))
                }
                None => missing(),
            },
            ("POST", ["api", "dashboards", "db"]) => self.save_dashboard(&body),
            ("GET", ["api", "datasources"]) => {
                let short = |source: &Value| {
                    let mut short = source.as_object().unwrap().clone();
                    short.remove("secureJsonFields");
                    Value::Object(short)
                };
                ok(self.sources.values().map(short).collect())
            }
            ("GET", ["api", "datasources", "uid", uid]) => self.sources.get(*uid).cloned().map_or_else(missing, ok),
            ("POST", ["api", "datasources"]) => {
                self.sources.insert(text("uid"), body);
                ok(json!({ "message": "Datasource added" }))
            }
            ("GET" | "POST" | "PUT", ["api", "v1", "provisioning", rest @ ..]) => self.provisioning(method, rest, body),
            _ => panic!("{method} {path}"),
        }
    }

    fn provisioning(&mut self, method: &str, parts: &[&str], body: Value) -> (u16, Value) {
        let missing = (404, json!({ "message": "not found" }));
        let find = |uid: &str| self.rules.iter().position(|rule| rule["uid"] == uid);
        match (method, parts) {
            ("GET", ["alert-rules"]) => (200, self.rules.clone().into()),
            ("GET", ["alert-rules", uid]) => find(uid).map_or(missing, |place| (200, self.rules[place].clone())),
            ("POST", ["alert-rules"]) => {
                self.rules.push(self.with_provenance(body.clone()));
                (201, body)
            }
            ("PUT", ["alert-rules", uid]) => {
                let place = find(uid).unwrap();
                self.rules[place] = self.with_provenance(body.clone());
                (200, body)
            }
            ("GET", ["folder", folder, "rule-groups", group]) => {
                let rules: Vec<&Value> = self
                    .rules
                    .iter()
                    .filter(|rule| rule["folderUID"] == *folder && rule["ruleGroup"] == *group)
                    .collect();
                let interval = self.intervals.get(&((*folder).to_owned(), (*group).to_owned()));
                match interval {
                    Some(interval) => {
                        (200, json!({ "title": group, "folderUid": folder, "interval": interval, "rules": rules }))
                    }
                    None => missing,
                }
            }
            ("PUT", ["folder", folder, "rule-groups", group]) => {
                assert_eq!(body.get("rules"), None, "rules in the body would replace those that are there");
                self.intervals.insert(((*folder).to_owned(), (*group).to_owned()), body["interval"].as_u64().unwrap());
                (200, body)
            }
            ("GET", ["contact-points"]) => {
                self.points.clone().map_or((403, json!({ "message": "no" })), |points| (200, points))
            }
            ("GET", ["policies"]) => {
                self.policies.clone().map_or((403, json!({ "message": "no" })), |tree| (200, tree))
            }
            _ => panic!("{method} {parts:?}"),
        }
    }

    fn with_provenance(&self, mut rule: Value) -> Value {
        rule["provenance"] = json!(if self.plain { "" } else { "api" });
        rule
    }

    fn save_dashboard(&mut self, body: &Value) -> (u16, Value) {
        let (model, folder) = (&body["dashboard"], body["folderUid"].as_str().unwrap().to_owned());
        assert_eq!(model["id"], Value::Null);
        let uid = model["uid"].as_str().unwrap().to_owned();
        if self.dashboards.contains_key(&uid) && body["overwrite"] != true {
            return (
                412,
                json!({ "status": "name-exists", "message": "A dashboard with the same uid already exists" }),
            );
        }
        if !folder.is_empty() && !self.folders.contains_key(&folder) {
            return (400, json!({ "message": "folder not found" }));
        }
        let mut model: Map<String, Value> = model.as_object().unwrap().clone();
        model.insert("id".into(), json!(90 + self.dashboards.len()));
        self.dashboards.insert(uid, (folder, Value::Object(model)));
        (200, json!({ "status": "success" }))
    }

    /// Without folders in folders, an old Grafana doesn't know `parentUid` and gives all.
    fn list_folders(&self, query: &BTreeMap<&str, &str>) -> Value {
        let parent = query.get("parentUid").filter(|_| self.nested);
        let inside = self.folders.iter().filter(|(_, (_, other))| !self.nested || other.as_deref() == parent.copied());
        let folders = inside.map(|(uid, (title, _))| json!({ "id": 1, "uid": uid, "title": title })).collect();
        self.page(folders, query)
    }

    fn page(&self, all: Vec<Value>, query: &BTreeMap<&str, &str>) -> Value {
        let number = |key: &str| query[key].parse::<usize>().unwrap();
        let (limit, page) = (number("limit").min(self.page), number("page"));
        all.into_iter().skip(limit * (page - 1)).take(limit).collect()
    }
}
