//! A stand-in for Grafana, of which there is no package: the parts of its HTTP API that a backup reads and an import writes,
//! on a free loopback port. Here is only the door; what it knows and answers is in [`model`].
//!
//! Shapes, statuses and texts are those of Grafana 11 and 12, from the repository `grafana/grafana`:
//!
//! | what | source |
//! |---|---|
//! | health | `docs/sources/developers/http_api/other.md`; it asks for no token |
//! | search: titles in order, `limit` 1,000 unless told and 5,000 at most (else 422), pages from 1 | `folder_dashboard_search.md`, `pkg/api/search.go`, `pkg/services/search/model/model.go` |
//! | folders: one level at a time, those of the root without `parentUid` | `folder.md`, `pkg/api/folder.go` (12.0), `pkg/api/apierrors/folder.go` |
//! | dashboards: an `id` that isn't there is 404, another `version` is 412 unless overwritten | `dashboard.md`, `pkg/services/dashboards/errors.go`, `pkg/api/apierrors/dashboard.go` |
//! | data sources: the list lacks what a single one has (`secureJsonFields`, `basicAuthUser`, `withCredentials`); secrets never come back | `data_source.md`, `pkg/api/datasources.go`, `pkg/api/dtos/datasource.go` |
//! | alert rules, and their groups' intervals: `provenance` is `api` without `X-Disable-Provenance` | `pkg/services/ngalert/api/api_provisioning.go` and `tooling/definitions/provisioning_alert_rules.go`; a uid that is taken is 400 there, 409 in later versions |
//! | a rule in a folder that isn't there is 400 | pull request 94643; before it, such a rule was taken and never seen again |
//! | a right that lacks: 403 with `accessErrorId` | `pkg/services/accesscontrol/middleware.go` |

pub(crate) mod model;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

use self::model::Model;

const GLANCE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REQUEST: u64 = 16 << 20;

/// The service account's token.
pub(crate) const TOKEN: &str = "glsa_HOruNAb7SOiCdshU9algkrq7FDsNSLAa_54e2f8be";

/// A running stand-in.
pub(crate) struct Grafana {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    model: Mutex<Model>,
    ended: AtomicBool,
}

/// A request as the model sees it.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The parts of the path, decoded.
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    /// By names in lower case.
    headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn has_token(&self) -> bool {
        self.headers.get("authorization").is_some_and(|value| *value == format!("Bearer {TOKEN}"))
    }

    pub(crate) fn disables_provenance(&self) -> bool {
        self.headers.contains_key("x-disable-provenance")
    }
}

/// A status and a JSON text, or no body at all.
pub(crate) type Answer = (u16, Option<Value>);

impl Grafana {
    /// Starts an empty one.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        listener.set_nonblocking(true).expect("our socket");
        let shared = Arc::<Shared>::default();
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&shared, &listener)
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it knows, to look at or change; nothing is answered meanwhile.
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.shared.model.lock().expect("no connection panics")
    }
}

impl Drop for Grafana {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic in there has been printed already.
            let _ = acceptor.join();
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    while !shared.ended.load(Ordering::SeqCst) {
        connections.retain(|connection| !connection.is_finished());
        match listener.accept() {
            Ok((stream, _)) => {
                let shared = Arc::clone(shared);
                // A client that goes away in the middle is no concern of the stand-in.
                connections.push(thread::spawn(move || drop(serve(&shared, &stream))));
            }
            Err(_) => thread::sleep(GLANCE),
        }
    }
    for connection in connections {
        let _ = connection.join();
    }
}

fn serve(shared: &Shared, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read_request(stream)?;
    let (status, body) = shared.model.lock().expect("no connection panics").answer(&request);
    let body = body.map_or_else(String::new, |body| body.to_string());
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn read_request(stream: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(stream.take(LONGEST_REQUEST));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    Ok(Request {
        method: method.to_owned(),
        path: path.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        query: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

/// Undoes percent-encoding, of which what is no text is dropped.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(digits, 16));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
