//! What an operator wrote under `grants.http`, as the services that a job may ask, and for what.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use watchkeeper_contract::{Grant, GrantError, RunGrant};
use watchkeeper_model::JobName;

use crate::{HttpMetrics, NAME, hooks::HttpRun, service::Service};

/// Methods that can be granted. None of them opens a tunnel or tells a request's headers back.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The services of a grant by their names.
pub(crate) type Granted = BTreeMap<String, Allowed>;

/// One service, and what may be asked of it.
pub(crate) struct Allowed {
    pub(crate) service: Arc<Service>,
    pub(crate) methods: BTreeSet<String>,
    /// Beginnings of paths; none where all are granted.
    pub(crate) paths: Option<BTreeSet<String>>,
    /// The JSON-RPC methods; none where bodies are the plugin's own.
    pub(crate) json_rpc: Option<BTreeSet<String>>,
}

pub(crate) struct HttpGrant {
    granted: Arc<Granted>,
    metrics: HttpMetrics,
}

#[cfg(test)]
impl HttpGrant {
    pub(crate) fn granted(self) -> Arc<Granted> {
        self.granted
    }
}

impl Grant for HttpGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(HttpRun::new(job.clone(), Arc::clone(&self.granted), self.metrics.clone()))
    }

    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.downcast_ref::<Self>().is_some_and(|older| {
            older.granted.iter().all(|(name, older)| self.granted.get(name).is_some_and(|ours| ours.covers(older)))
        })
    }

    fn describe(&self) -> Vec<String> {
        self.granted.iter().map(|(name, allowed)| allowed.describe(name)).collect()
    }
}

impl Allowed {
    /// Whether a path begins as a granted one does, at a `/`.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        let begins = |granted: &String| {
            path.strip_prefix(granted.as_str())
                .is_some_and(|rest| granted.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
        };
        self.paths.as_ref().is_none_or(|paths| paths.iter().any(begins))
    }

    fn covers(&self, older: &Self) -> bool {
        let paths = self.paths.is_none()
            || older.paths.as_ref().is_some_and(|paths| paths.iter().all(|path| self.has_path(path)));
        let calls = match (&self.json_rpc, &older.json_rpc) {
            (None, _) => true,
            (Some(ours), Some(older)) => ours.is_superset(older),
            (Some(_), None) => false,
        };
        self.service.origin == older.service.origin
            && (self.service.private || !older.service.private)
            && self.methods.is_superset(&older.methods)
            && paths
            && calls
    }

    fn describe(&self, name: &str) -> String {
        let join = |words: &BTreeSet<String>| words.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let what = match &self.json_rpc {
            Some(calls) => format!("JSON-RPC only {}", join(calls)),
            None => join(&self.methods),
        };
        let paths = self.paths.as_ref().map(|paths| format!(", only {}", join(paths))).unwrap_or_default();
        format!("asks {name} ({}) over HTTP: {what}{paths}", self.service.origin)
    }
}

/// Reads `[http.NAME]` with `methods`, `paths` and `json_rpc_methods`.
pub(crate) fn parse(
    services: &BTreeMap<String, Arc<Service>>,
    metrics: &HttpMetrics,
    written: &toml::Value,
) -> Result<HttpGrant, GrantError> {
    let tables = written.as_table().filter(|tables| !tables.is_empty()).ok_or_else(|| {
        let hint = r#"write `http.NAME.methods = ["GET"]`, with a service's name of watchkeeper.toml"#;
        refused(NAME, "not a table of services".to_owned(), hint)
    })?;
    let mut granted = Granted::new();
    for (name, table) in tables {
        let key = format!("{NAME}.{name}");
        let service = services
            .get(name)
            .ok_or_else(|| refused(&key, format!("there is no http service {name:?}"), &known(services)))?;
        let allowed = parse_one(&key, service, table)?;
        let twin = granted.iter().find(|(_, other)| other.service.origin == service.origin);
        if let Some((twin, _)) = twin {
            let message = format!("it has the same origin as {twin:?}: which one a request means can't be told");
            return Err(refused(&key, message, "grant one of the two"));
        }
        granted.insert(name.clone(), allowed);
    }
    Ok(HttpGrant { granted: Arc::new(granted), metrics: metrics.clone() })
}

fn parse_one(key: &str, service: &Arc<Service>, table: &toml::Value) -> Result<Allowed, GrantError> {
    let shape = r#"write `methods = ["GET"]`, or `json_rpc_methods` with the names of calls"#;
    let table = table.as_table().ok_or_else(|| refused(key, "not a table".to_owned(), shape))?;
    let names = ["methods", "paths", "json_rpc_methods"];
    if let Some(unknown) = table.keys().find(|key| !names.contains(&key.as_str())) {
        let hint = "the keys are `methods`, `paths` and `json_rpc_methods`";
        return Err(refused(&format!("{key}.{unknown}"), "unknown key".to_owned(), hint));
    }
    let list = |name: &str, hint: &str, right: &dyn Fn(&str) -> bool| {
        table.get(name).map(|written| texts(&format!("{key}.{name}"), written, hint, right)).transpose()
    };
    let method_hint = format!("write some of {}", METHODS.join(", "));
    let methods = list("methods", &method_hint, &|method| METHODS.contains(&method))?;
    let path_hint = r#"write how paths begin, such as `paths = ["/api/v1"]`"#;
    let paths = list("paths", path_hint, &|path| path.starts_with('/') && is_plain(path))?;
    let call_hint = r#"write whole names, such as `json_rpc_methods = ["header.NetworkHead"]`"#;
    let json_rpc = list("json_rpc_methods", call_hint, &|call| !call.is_empty() && call.len() <= 128)?;
    let post = || BTreeSet::from(["POST".to_owned()]);
    let methods = match (methods, &json_rpc) {
        (Some(methods), Some(_)) if methods != post() => {
            let hint = r#"leave `methods` out: JSON-RPC is `POST` alone"#;
            return Err(refused(&format!("{key}.methods"), "`json_rpc_methods` is there too".to_owned(), hint));
        }
        (Some(methods), _) => methods,
        (None, Some(_)) => post(),
        (None, None) => return Err(refused(key, "it grants no method".to_owned(), shape)),
    };
    Ok(Allowed { service: Arc::clone(service), methods, paths, json_rpc })
}

/// Whether a path means one thing to every server: no dot segments, nothing encoded that would be one once decoded, no query.
pub(crate) fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let odd = ["\\", "%2e", "%2f", "%5c", "%25", "%00", "?", "#", "//"];
    let dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    !odd.iter().any(|odd| lower.contains(odd)) && !path.split('/').any(dots)
}

fn texts(
    key: &str,
    written: &toml::Value,
    hint: &str,
    right: &dyn Fn(&str) -> bool,
) -> Result<BTreeSet<String>, GrantError> {
    let list: Option<Vec<&str>> = written.as_array().and_then(|list| list.iter().map(toml::Value::as_str).collect());
    let list = list
        .filter(|list| !list.is_empty())
        .ok_or_else(|| refused(key, "not a list of words in quotes".to_owned(), hint))?;
    match list.iter().find(|text| !right(text)) {
        Some(wrong) => Err(refused(key, format!("{wrong:?} can't be granted"), hint)),
        None => Ok(list.into_iter().map(str::to_owned).collect()),
    }
}

fn refused(key: &str, message: String, hint: &str) -> GrantError {
    GrantError { key: key.to_owned(), message, hint: hint.to_owned() }
}

fn known(services: &BTreeMap<String, Arc<Service>>) -> String {
    if services.is_empty() {
        return "name the service in watchkeeper.toml first, under `[http.NAME]`".to_owned();
    }
    let names: Vec<&str> = services.keys().map(String::as_str).collect();
    format!("watchkeeper.toml names {}", names.join(", "))
}
