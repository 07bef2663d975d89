//! A proxy on the loopback address in front of an object store that speaks S3, which fails in the ways that such stores and
//! the networks before them fail.
//!
//! Requests go on as they came, byte for byte, so that their signatures stay good. One request a connection; everything ends
//! when the proxy is dropped.

mod exchange;
mod late;

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use self::{
    exchange::{Answer, Request},
    late::Late,
};

const GLANCE: Duration = Duration::from_millis(5);

/// Requests of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// Every request.
    Any,
    /// Starts an upload in parts.
    Create,
    /// Sends the part with this number.
    Part(u32),
    /// Ends an upload in parts.
    Complete,
    /// Gives an upload in parts up.
    Abort,
    /// Stores an object whose key ends so as a whole.
    Put(&'static str),
    /// Reads an object whose key ends so.
    Get(&'static str),
    /// Removes one object or many.
    Delete,
    /// Lists keys.
    List,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum S3Fault {
    /// Answered with this status in place of the store, which never hears of it.
    Status(u16),
    /// The connection ends in the middle of it; the store never hears of it.
    CutRequest,
    /// The store does it, and the connection ends in the middle of the answer.
    CutAnswer,
    /// One byte in its middle is another one when it arrives; where it has no body, one of the answer's.
    Flip,
    /// It goes on only when the fault is taken away.
    Hold,
}

/// A running proxy.
pub(crate) struct S3Faults {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
    ended: AtomicBool,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    seen: Vec<Request>,
    late: Late,
}

struct Rule {
    on: On,
    fault: S3Fault,
    left: usize,
}

impl S3Faults {
    /// Starts it in front of a store such as `http://127.0.0.1:8333`, without a fault.
    pub(crate) fn start(upstream: &str) -> Self {
        let upstream = upstream.strip_prefix("http://").and_then(|host| host.parse().ok()).expect("a loopback address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        listener.set_nonblocking(true).expect("our socket");
        let shared = Arc::new(Shared { upstream, state: Mutex::default(), ended: AtomicBool::new(false) });
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

    /// From now on, this becomes of so many requests of a kind. The fault that was set first wins.
    pub(crate) fn fail(&self, on: On, fault: S3Fault, times: usize) {
        self.shared.state().rules.push(Rule { on, fault, left: times });
    }

    /// Takes all faults away; what is held goes on.
    pub(crate) fn heal(&self) {
        self.shared.state().rules.clear();
    }

    /// From now on lists show the store as it is at this moment, as far as it was changed through this proxy: new keys are
    /// missing, and removed ones that a list showed before are still there.
    pub(crate) fn list_late(&self) {
        self.shared.state().late.begin();
    }

    /// Lists tell the truth again.
    pub(crate) fn list_truly(&self) {
        self.shared.state().late.end();
    }

    /// How many requests of a kind have come, whatever became of them.
    pub(crate) fn requests(&self, on: On) -> usize {
        self.shared.state().seen.iter().filter(|request| request.is(on)).count()
    }
}

impl Drop for S3Faults {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic in there has been printed already.
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no connection panics")
    }

    /// What is to become of a request that has just come.
    fn fault(&self, request: &Request) -> Option<S3Fault> {
        let mut state = self.state();
        state.seen.push(request.without_body());
        let rule = state.rules.iter_mut().find(|rule| rule.left > 0 && request.is(rule.on))?;
        rule.left -= 1;
        Some(rule.fault)
    }

    /// Whether requests of this kind are still being held.
    fn holds(&self, request: &Request) -> bool {
        let held = |rule: &Rule| rule.fault == S3Fault::Hold && request.is(rule.on);
        !self.ended.load(Ordering::SeqCst) && self.state().rules.iter().any(held)
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    while !shared.ended.load(Ordering::SeqCst) {
        connections.retain(|connection| !connection.is_finished());
        match listener.accept() {
            Ok((stream, _)) => {
                let shared = Arc::clone(shared);
                // A client that goes away in the middle is no concern of the proxy.
                connections.push(thread::spawn(move || drop(serve(&shared, stream))));
            }
            Err(_) => thread::sleep(GLANCE),
        }
    }
    for connection in connections {
        let _ = connection.join();
    }
}

fn serve(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(exchange::PATIENCE))?;
    client.set_write_timeout(Some(exchange::PATIENCE))?;
    let mut request = Request::read_head(&client)?;
    let fault = shared.fault(&request);
    if fault == Some(S3Fault::CutRequest) {
        return request.read_half(&mut client);
    }
    request.read_body(&mut client)?;
    if let Some(S3Fault::Status(status)) = fault {
        return client.write_all(&Answer::error(status).bytes());
    }
    while fault == Some(S3Fault::Hold) && shared.holds(&request) {
        thread::sleep(GLANCE);
    }
    let flips_answer = fault == Some(S3Fault::Flip) && !exchange::flip(&mut request.body);
    let mut answer = request.send(shared.upstream)?;
    shared.state().late.pass(&request, &mut answer);
    if flips_answer {
        exchange::flip(&mut answer.body);
    }
    let bytes = answer.bytes();
    let end = if fault == Some(S3Fault::CutAnswer) { bytes.len() / 2 } else { bytes.len() };
    client.write_all(&bytes[..end])
}
