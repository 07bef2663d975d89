//! What the stand-in knows, who may ask for it, and which part answers. Nothing here knows of connections.

mod alerting;
mod dashboards;
mod datasources;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Answer, Request};

/// A folder. Its parent is another one's uid; none at the root.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) parent: Option<String>,
}

/// A dashboard.
#[derive(Debug, Clone)]
pub(crate) struct Dashboard {
    pub(crate) id: u64,
    /// Its folder's uid; none at the root.
    pub(crate) folder: Option<String>,
    pub(crate) version: u64,
    /// As it was posted, but for `id`, `uid` and `version`.
    pub(crate) content: Map<String, Value>,
}

/// A data source.
#[derive(Debug, Clone)]
pub(crate) struct DataSource {
    pub(crate) id: u64,
    pub(crate) version: u64,
    /// As it was posted, but for `id`, `uid` and the secrets.
    pub(crate) fields: Map<String, Value>,
    /// Its `secureJsonData`.
    pub(crate) secrets: BTreeMap<String, String>,
}

/// All that is known, by uid.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) folders: BTreeMap<String, Folder>,
    pub(crate) dashboards: BTreeMap<String, Dashboard>,
    pub(crate) datasources: BTreeMap<String, DataSource>,
    /// As they are answered.
    pub(crate) rules: BTreeMap<String, Value>,
    /// Seconds between evaluations of a group, by its folder and title; 60 where nothing was set.
    pub(crate) intervals: BTreeMap<(String, String), u64>,
    /// Actions that the token may not do, such as `datasources:read`.
    pub(crate) denied: BTreeSet<&'static str>,
    /// Requests whose path has this in it are answered by this status.
    pub(crate) broken: Option<(&'static str, u16)>,
    /// Requests that were let in, as `GET api/folders`, in their order.
    pub(crate) calls: Vec<String>,
    last_id: u64,
}

impl Model {
    pub(super) fn answer(&mut self, request: &Request) -> Answer {
        let path: Vec<_> = request.path.iter().map(String::as_str).collect();
        if let Some((part, status)) = self.broken
            && path.join("/").contains(part)
        {
            return message(status, "broken by the test");
        }
        if path == ["api", "health"] {
            return found(json!({"commit": "0000000000", "database": "ok", "version": "12.0.2"}));
        }
        if !request.has_token() {
            let body =
                json!({"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401, "traceID": ""});
            return (401, Some(body));
        }
        let method = request.method.as_str();
        let Some((action, respond)) = route(method, &path) else { return message(404, "Not found") };
        if self.denied.contains(action) {
            let wants =
                format!("You'll need additional permissions to perform this action. Permissions needed: {action}");
            let body = json!({"accessErrorId": "ACE0123456789", "message": wants, "title": "Access denied"});
            return (403, Some(body));
        }
        self.calls.push(format!("{method} {}", path.join("/")));
        respond(self, request, path.last().copied().unwrap_or_default())
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A uid that was asked for, or else a new one.
    fn uid(&mut self, wish: &Value) -> String {
        text(wish).map_or_else(|| format!("made-up-{}", self.next_id()), str::to_owned)
    }
}

/// Answers a request, of which the last part of the path is given once more.
type Respond = fn(&mut Model, &Request, &str) -> Answer;

/// The action that a request needs, and what answers it.
fn route(method: &str, path: &[&str]) -> Option<(&'static str, Respond)> {
    Some(match (method, path.strip_prefix(&["api"])?) {
        ("GET", ["search"]) => ("dashboards:read", Model::search),
        ("GET", ["folders"]) => ("folders:read", Model::list_folders),
        ("GET", ["folders", _]) => ("folders:read", Model::read_folder),
        ("POST", ["folders"]) => ("folders:create", Model::create_folder),
        ("GET", ["dashboards", "uid", _]) => ("dashboards:read", Model::read_dashboard),
        ("POST", ["dashboards", "db"]) => ("dashboards:write", Model::save_dashboard),
        ("GET", ["datasources"]) => ("datasources:read", Model::list_datasources),
        ("GET", ["datasources", "uid", _]) => ("datasources:read", Model::read_datasource),
        ("POST", ["datasources"]) => ("datasources:create", Model::create_datasource),
        ("PUT", ["datasources", "uid", _]) => ("datasources:write", Model::update_datasource),
        (_, ["v1", "provisioning", path @ ..]) => match (method, path) {
            ("GET", ["alert-rules"]) => ("alert.provisioning:read", Model::list_rules),
            ("POST", ["alert-rules"]) => ("alert.provisioning:write", Model::create_rule),
            ("GET", ["alert-rules", _]) => ("alert.provisioning:read", Model::read_rule),
            ("PUT", ["alert-rules", _]) => ("alert.provisioning:write", Model::update_rule),
            ("GET", ["folder", _, "rule-groups", _]) => ("alert.provisioning:read", Model::read_group),
            ("PUT", ["folder", _, "rule-groups", _]) => ("alert.provisioning:write", Model::set_group),
            _ => return None,
        },
        _ => return None,
    })
}

/// One page of what is there: `limit` a page, `page` from 1.
fn page<T>(request: &Request, all: impl Iterator<Item = T>) -> Vec<T> {
    let number = |name: &str| request.query.get(name).and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    let (limit, page) = (number("limit").unwrap_or(1000), number("page").unwrap_or(1));
    all.skip(limit * (page - 1)).take(limit).collect()
}

/// A text that isn't empty.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn found(body: Value) -> Answer {
    (200, Some(body))
}

fn message(status: u16, message: &str) -> Answer {
    (status, Some(json!({ "message": message })))
}

fn problem(status: u16, kind: &str, message: &str) -> Answer {
    (status, Some(json!({ "message": message, "status": kind })))
}

/// What addresses have of a title.
fn slug(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
