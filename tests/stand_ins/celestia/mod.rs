//! A stand-in for a Celestia node, of which there is no package: its JSON-RPC over HTTP on a free loopback port.
//!
//! Faithful in what a client meets: tokens and permissions, statuses, shapes, heights as texts or numbers, nulls. What it knows
//! and answers is in [`model`]; here is only the door. One request a connection; everything ends when it is dropped.

pub(crate) mod model;

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

use self::model::{Model, Permission};

const GLANCE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REQUEST: u64 = 1 << 20;

/// A running stand-in.
pub(crate) struct Celestia {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    model: Mutex<Model>,
    /// A method whose calls wait.
    held: Mutex<Option<&'static str>>,
    ended: AtomicBool,
}

impl Shared {
    fn holds(&self, method: &str) -> bool {
        !self.ended.load(Ordering::SeqCst) && *self.held.lock().expect("no connection panics") == Some(method)
    }
}

impl Celestia {
    pub(crate) fn start(model: Model) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        listener.set_nonblocking(true).expect("our socket");
        let shared =
            Arc::new(Shared { model: Mutex::new(model), held: Mutex::default(), ended: AtomicBool::new(false) });
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

    /// Lets calls of one method wait from now on, or goes on with those that wait.
    pub(crate) fn hold(&self, method: Option<&'static str>) {
        *self.shared.held.lock().expect("no connection panics") = method;
    }
}

/// The token of a permission: three parts like a JSON Web Token.
pub(crate) fn token(permission: Permission) -> String {
    format!("eyJhbGciOiJIUzI1NiJ9.eyJBbGxvdyI6{permission:?}.c2VjcmV0LXNpZ25hdHVyZQ")
}

impl Drop for Celestia {
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

fn serve(shared: &Shared, stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (authorization, body) = read_request(stream)?;
    let Some(permission) = permission(authorization.as_deref()) else {
        // go-jsonrpc, `auth/handler.go`: no body.
        return respond(stream, 401, "");
    };
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "Parse error" } });
        return respond(stream, 500, &error.to_string());
    };
    let method = request["method"].as_str().unwrap_or_default();
    let mut model = shared.model.lock().expect("no connection panics");
    let answer = model.call(permission, method, &request["params"]);
    drop(model);
    while shared.holds(method) {
        thread::sleep(GLANCE);
    }
    let (status, body) = answer.into_http(&request["id"]);
    respond(stream, status, &body)
}

/// None for a token that doesn't verify.
fn permission(authorization: Option<&str>) -> Option<Permission> {
    let Some(authorization) = authorization else { return Some(Permission::Public) };
    let given = authorization.strip_prefix("Bearer ")?;
    [Permission::Read, Permission::Write, Permission::Admin].into_iter().find(|permission| token(*permission) == given)
}

/// A request's `Authorization`, and its body.
fn read_request(stream: &TcpStream) -> io::Result<(Option<String>, Vec<u8>)> {
    let mut reader = BufReader::new(stream.take(LONGEST_REQUEST));
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                authorization = Some(value.trim().to_owned());
            }
            _ => {}
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok((authorization, body))
}

fn respond(mut stream: &TcpStream, status: u16, body: &str) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
