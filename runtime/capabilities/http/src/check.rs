//! Whether a grant allows a request, by all but its body: the service, method, path and headers. What passes leaves as it was
//! checked, with the headers that the operator attaches.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts, uri::PathAndQuery};
use wasmtime_wasi_http::DEFAULT_FORBIDDEN_HEADERS;
use watchkeeper_config::HttpOrigin;
use watchkeeper_contract::clean;
use watchkeeper_model::JobName;

use crate::{
    fault::Fault,
    grant::{Allowed, Granted, is_plain},
    service::Service,
};

/// A request that may be sent once its body is right.
pub(crate) struct Approved {
    /// The job, for denials to come.
    pub(crate) job: JobName,
    pub(crate) granted: Arc<Granted>,
    pub(crate) service: Arc<Service>,
    pub(crate) method: Method,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
}

impl Approved {
    /// What its grant says of the service.
    pub(crate) fn allowed(&self) -> Option<&Allowed> {
        self.granted.get(&*self.service.name)
    }
}

/// Headers by which servers take one method, path or client for another.
const OVERRIDES: [&str; 6] =
    ["x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url", "forwarded"];

/// A denial, as the plugin and people read it.
pub(crate) fn deny(job: &JobName, what: &str, hint: &str) -> Fault {
    Fault::Denied(format!("job \"{job}\": http {what}\nhint: {hint}"))
}

/// Checks a request; a refusal comes with the granted service that it was for, if there is one.
pub(crate) fn check(
    job: &JobName,
    granted: &Arc<Granted>,
    request: &Parts,
    dry_run: bool,
) -> Result<Approved, (Option<Arc<str>>, Fault)> {
    let allowed = find(job, granted, request).map_err(|fault| (None, fault))?;
    let checked = check_for(job, allowed, request, dry_run);
    let (path, headers) = checked.map_err(|fault| (Some(Arc::clone(&allowed.service.name)), fault))?;
    let (job, granted, service) = (job.clone(), Arc::clone(granted), Arc::clone(&allowed.service));
    Ok(Approved { job, granted, service, method: request.method.clone(), path, headers })
}

/// The granted service at the request's origin.
fn find<'a>(job: &JobName, granted: &'a Granted, request: &Parts) -> Result<&'a Allowed, Fault> {
    let scheme = request.uri.scheme_str().unwrap_or("https");
    let authority = request.uri.authority().map_or("", |authority| authority.as_str());
    let origin = HttpOrigin::parse(&format!("{scheme}://{authority}"))
        .map_err(|problem| deny(job, &format!("request: {problem}"), "write a URL with scheme, host and path"))?;
    granted.values().find(|allowed| allowed.service.origin == origin).ok_or_else(|| {
        let hint =
            "name the service under `[http.NAME]` in watchkeeper.toml, and add `http.NAME.methods` under `[grants]`";
        deny(job, &format!("origin \"{}\" is not granted", clean(&origin.to_string(), 128)), hint)
    })
}

fn check_for(
    job: &JobName,
    allowed: &Allowed,
    request: &Parts,
    dry_run: bool,
) -> Result<(PathAndQuery, HeaderMap), Fault> {
    let name = &allowed.service.name;
    let refuse = |what: &str, hint: &str| deny(job, &format!("\"{name}\": {what}"), hint);
    let method = request.method.as_str();
    if !allowed.methods.contains(method) {
        let what = format!("method \"{}\" is not granted", clean(method, 32));
        let (hint, key) = match &allowed.json_rpc {
            Some(_) => ("its grant is for JSON-RPC, by POST alone", String::new()),
            None => ("add it to ", format!("`grants.http.{name}.methods`")),
        };
        return Err(refuse(&what, &format!("{hint}{key}")));
    }
    if dry_run && allowed.json_rpc.is_none() && !matches!(method, "GET" | "HEAD" | "OPTIONS") {
        return Err(refuse(&format!("method \"{method}\" in a dry run"), "a dry run only reads"));
    }
    let path = request.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    if allowed.json_rpc.is_some() && (path.query().is_some() || (allowed.paths.is_none() && path.path() != "/")) {
        let hint =
            format!("a grant of JSON-RPC is for the path `/`, or for `grants.http.{name}.paths`, without a query");
        return Err(refuse("its path is not granted", &hint));
    }
    if allowed.paths.is_some() {
        let plain = is_plain(path.path());
        if !plain || !allowed.has_path(path.path()) {
            let what = if plain { "its path is not granted" } else { "its path can be read in two ways" };
            return Err(refuse(what, &format!("`grants.http.{name}.paths` says how paths may begin")));
        }
    }
    Ok((path, headers(allowed, &request.headers, &refuse)?))
}

/// The plugin's headers and the operator's, which never meet.
fn headers(allowed: &Allowed, given: &HeaderMap, refuse: &dyn Fn(&str, &str) -> Fault) -> Result<HeaderMap, Fault> {
    let service = &allowed.service;
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if service.headers.iter().any(|(attached, _)| attached == name) {
            let hint = format!("`http.{}.headers` attaches it; no plugin sets it too", service.name);
            return Err(refuse(&format!("header \"{name}\" is the operator's"), &hint));
        }
        // The host frames the message.
        if name == header::CONTENT_LENGTH || name == header::HOST {
            continue;
        }
        let encoded_call = allowed.json_rpc.is_some() && name == header::CONTENT_ENCODING;
        if is_the_hosts(name) || encoded_call {
            return Err(refuse(&format!("header \"{name}\" is not a plugin's"), "leave it out; nothing grants it"));
        }
        headers.append(name, value.clone());
    }
    let host = HeaderValue::try_from(service.origin.authority());
    headers.insert(header::HOST, host.map_err(|_| refuse("its host can't be written", "correct its `origin`"))?);
    if allowed.json_rpc.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if !headers.contains_key(header::USER_AGENT) {
        let agent = HeaderValue::from_static(concat!("watchkeeper/", env!("CARGO_PKG_VERSION")));
        headers.insert(header::USER_AGENT, agent);
    }
    for (name, value) in &service.headers {
        headers.insert(name, value.clone());
    }
    Ok(headers)
}

/// Headers that say how the connection is used, speak to or for proxies, or change method or path.
fn is_the_hosts(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name)
        || [header::TE, header::TRAILER, header::EXPECT].contains(name)
        || name.as_str().starts_with("proxy-")
        || name.as_str().starts_with("x-forwarded-")
        || OVERRIDES.contains(&name.as_str())
}
