//! A proxy on the loopback address in front of a JSON-RPC endpoint, which fails in the ways that endpoints fail, and keeps
//! what was signed and sent through it.
//!
//! One request a connection, at most [`CONNECTIONS`] at once; everything ends when the proxy is dropped.

mod calls;

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

pub(crate) use self::calls::Sending;
use super::http;

/// More connections than these at once are closed unread.
const CONNECTIONS: usize = 64;
const LONGEST_REQUEST: u64 = 8 << 20;
const GLANCE: Duration = Duration::from_millis(10);
const UPSTREAM: Duration = Duration::from_secs(30);

/// What the proxy does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Hands it on: no fault.
    Pass,
    /// Answers this status and body in place of the endpoint.
    Answer(u16, String),
    /// Answers 429, and `Retry-After` with this value if there is one.
    TooMany(Option<&'static str>),
    /// Announces the endpoint's answer in full, sends the first half of it and closes.
    Truncated,
    /// The endpoint's answer under an id that nobody asked with.
    WrongId,
    /// Hands it on after a pause.
    Slow(Duration),
    /// Answers a JSON text of so many bytes.
    Huge(u64),
    /// Reads it and never answers.
    Silent,
    /// Nobody listens: connections are refused.
    Refuse,
    /// Hands on all methods but one, which gets this in place of its `result` or `error`:
    /// `{"result": "0x1"}` or `{"error": {"code": -32601, "message": "…"}}`.
    Replace(&'static str, Value),
    /// The same for several methods.
    ReplaceEach(Vec<(&'static str, Value)>),
    /// Shows the chain as it was so many blocks ago.
    Behind(u64),
    /// Does this with signed transactions, and hands all else on.
    Sending(Sending),
}

impl Fault {
    /// What a web server's error page looks like to a JSON-RPC client.
    pub(crate) fn garbage() -> Self {
        Self::Answer(200, "<html><body>welcome</body></html>".to_owned())
    }

    /// The endpoint belongs to another chain.
    pub(crate) fn wrong_chain_id(id: u64) -> Self {
        Self::Replace("eth_chainId", json!({"result": format!("{id:#x}")}))
    }

    /// The node lacks a method.
    pub(crate) fn lacks(method: &'static str) -> Self {
        Self::Replace(method, json!({"error": {"code": -32601, "message": "the method does not exist"}}))
    }
}

/// A running proxy.
pub(crate) struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: String,
    fault: Mutex<Fault>,
    requests: AtomicU64,
    /// Signed transactions that came, in their order.
    signed: Mutex<Vec<String>>,
    ended: AtomicBool,
}

impl FaultProxy {
    /// Starts it in front of an endpoint, without a fault.
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            fault: Mutex::new(Fault::Pass),
            requests: AtomicU64::new(0),
            signed: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&shared, address, Some(listener))
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Fails in this way from now on, also for requests that are being held. Returns once it is so.
    pub(crate) fn set(&self, fault: Fault) {
        let refuses = matches!(fault, Fault::Refuse);
        *self.shared.fault.lock().expect("no connection panics") = fault;
        super::eventually("the proxy's port to open or close", UPSTREAM, || {
            (TcpStream::connect(self.address).is_err() == refuses).then_some(())
        });
    }

    /// How many HTTP requests have come, whatever became of them.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Every signed transaction that came so far, as `0x…`, in their order and whatever became of it.
    pub(crate) fn signed(&self) -> Vec<String> {
        self.shared.signed.lock().expect("no connection panics").clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic in there has been printed already.
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn fault(&self) -> Fault {
        self.fault.lock().expect("no connection panics").clone()
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}

fn accept(shared: &Arc<Shared>, address: SocketAddr, mut listener: Option<TcpListener>) {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    while !shared.has_ended() {
        connections.retain(|connection| !connection.is_finished());
        if matches!(shared.fault(), Fault::Refuse) {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).ok();
        }
        match listener.as_ref().map(next) {
            Some(Ok(stream)) if connections.len() < CONNECTIONS => {
                let shared = Arc::clone(shared);
                // A client that goes away in the middle is no concern of the proxy.
                connections.push(thread::spawn(move || drop(serve(&shared, stream))));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => thread::sleep(GLANCE),
        }
    }
    for connection in connections {
        let _ = connection.join();
    }
}

fn next(listener: &TcpListener) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

fn serve(shared: &Shared, stream: TcpStream) -> io::Result<()> {
    let request = read_request(&stream)?;
    shared.requests.fetch_add(1, Ordering::SeqCst);
    shared.signed.lock().expect("no connection panics").extend(calls::signed(&request));
    let start = Instant::now();
    loop {
        match shared.fault() {
            Fault::Answer(status, body) => return respond(&stream, status, body.as_bytes()),
            Fault::TooMany(wish) => {
                let wish = wish.map_or_else(String::new, |wish| format!("retry-after: {wish}\r\n"));
                return write_head(&stream, 429, &wish, 0);
            }
            Fault::Truncated => return respond_half(&stream, &forward(shared, &request)?),
            Fault::WrongId => return respond(&stream, 200, &misnamed(&forward(shared, &request)?)?),
            Fault::Huge(bytes) => return respond_hugely(&stream, bytes),
            Fault::Refuse => return Ok(()),
            Fault::Replace(method, reply) => {
                return respond(&stream, 200, &replaced(shared, &request, &[(method, reply)])?);
            }
            Fault::ReplaceEach(replies) => return respond(&stream, 200, &replaced(shared, &request, &replies)?),
            Fault::Behind(blocks) => return respond(&stream, 200, &calls::behind(shared, &request, blocks)?),
            Fault::Sending(how) => return respond(&stream, 200, &calls::sending(shared, &request, how)?),
            Fault::Pass => return respond(&stream, 200, &forward(shared, &request)?),
            Fault::Slow(pause) if start.elapsed() >= pause => {
                return respond(&stream, 200, &forward(shared, &request)?);
            }
            Fault::Slow(_) | Fault::Silent if shared.has_ended() => return Ok(()),
            Fault::Slow(_) | Fault::Silent => thread::sleep(GLANCE),
        }
    }
}

/// Reads a request's head and returns its body.
fn read_request(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream.take(LONGEST_REQUEST));
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn forward(shared: &Shared, request: &[u8]) -> io::Result<Vec<u8>> {
    let headers = [("content-type", "application/json")];
    let answer = http::send_within(UPSTREAM, "POST", &shared.upstream, &headers, request);
    answer.map(|answer| answer.body).map_err(io::Error::other)
}

/// The endpoint's answer to a call or a batch, with the replies to some methods exchanged.
fn replaced(shared: &Shared, request: &[u8], replies: &[(&'static str, Value)]) -> io::Result<Vec<u8>> {
    let request_json: Value = serde_json::from_slice(request)?;
    let mut answer: Value = serde_json::from_slice(&forward(shared, request)?)?;
    let calls = request_json.as_array().cloned().unwrap_or_else(|| vec![request_json]);
    for call in &calls {
        let Some((_, reply)) = replies.iter().find(|(method, _)| call["method"] == *method) else { continue };
        let mut exchanged = json!({"jsonrpc": "2.0", "id": call["id"]});
        exchanged.as_object_mut().expect("an object").extend(reply.as_object().cloned().unwrap_or_default());
        match &mut answer {
            Value::Array(answers) => {
                answers.iter_mut().filter(|one| one["id"] == call["id"]).for_each(|one| *one = exchanged.clone());
            }
            one => *one = exchanged,
        }
    }
    Ok(answer.to_string().into_bytes())
}

/// The answer to another question.
fn misnamed(answer: &[u8]) -> io::Result<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    match &mut answer {
        Value::Array(answers) => answers.iter_mut().for_each(|answer| answer["id"] = json!(u32::MAX)),
        answer => answer["id"] = json!(u32::MAX),
    }
    Ok(answer.to_string().into_bytes())
}

fn respond(mut stream: &TcpStream, status: u16, body: &[u8]) -> io::Result<()> {
    write_head(stream, status, "", body.len() as u64)?;
    stream.write_all(body)
}

fn respond_half(mut stream: &TcpStream, body: &[u8]) -> io::Result<()> {
    write_head(stream, 200, "", body.len() as u64)?;
    let (half, _) = body.split_at(body.len() / 2);
    stream.write_all(half)
}

fn respond_hugely(mut stream: &TcpStream, bytes: u64) -> io::Result<()> {
    write_head(stream, 200, "", bytes)?;
    io::copy(&mut io::Cursor::new("\"").chain(io::repeat(b'0')).take(bytes), &mut stream)?;
    Ok(())
}

/// Further headers end with line ends.
fn write_head(mut stream: &TcpStream, status: u16, headers: &str, length: u64) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())
}
