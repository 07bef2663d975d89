//! What the server promises, each group in a file, over real connections. Here are a house to show and a plain client.

mod connections;
mod content;
mod refusals;
mod scrapes;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

use crate::{
    House, Options, ScrapeRequest, ScrapeResponse,
    serve::{Limits, serve_within},
    status::Status,
};

/// A loose bound on everything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A house that the test furnishes.
pub(crate) struct Furnished {
    ready: Mutex<Result<(), String>>,
    reload: Mutex<Result<(), String>>,
    status: Mutex<Status>,
    exposition: ScrapeResponse,
    /// A scrape and a reload each take one to get through.
    pub(crate) gate: Semaphore,
    scrapes: Mutex<Vec<ScrapeRequest>>,
    reloads_begun: AtomicUsize,
    reloads_ended: AtomicUsize,
}

impl Default for Furnished {
    fn default() -> Self {
        Self {
            ready: Mutex::new(Ok(())),
            reload: Mutex::new(Ok(())),
            status: Mutex::new(empty_status()),
            exposition: ScrapeResponse {
                content_type: "text/plain; version=0.0.4; charset=utf-8",
                content_encoding: None,
                body: ["# TYPE up gauge\n", "", "up 1\n"].map(Bytes::from).to_vec(),
            },
            gate: Semaphore::new(1_000),
            scrapes: Mutex::default(),
            reloads_begun: AtomicUsize::new(0),
            reloads_ended: AtomicUsize::new(0),
        }
    }
}

impl Furnished {
    /// A house in which scrapes and reloads wait until [`Semaphore::add_permits`].
    pub(crate) fn shut() -> Self {
        Self { gate: Semaphore::new(0), ..Self::default() }
    }

    pub(crate) fn scrapes(&self) -> usize {
        self.scrapes.lock().unwrap().len()
    }
}

#[async_trait]
impl House for Furnished {
    fn ready(&self) -> Result<(), String> {
        self.ready.lock().unwrap().clone()
    }

    async fn reload(&self) -> Result<(), String> {
        self.reloads_begun.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        self.reloads_ended.fetch_add(1, Ordering::SeqCst);
        self.reload.lock().unwrap().clone()
    }

    fn status(&self) -> Status {
        self.status.lock().unwrap().clone()
    }

    async fn scrape(&self, request: ScrapeRequest) -> ScrapeResponse {
        self.scrapes.lock().unwrap().push(request);
        self.gate.acquire().await.unwrap().forget();
        self.exposition.clone()
    }
}

fn empty_status() -> Status {
    Status {
        version: "1.2.3".to_owned(),
        started: Timestamp::UNIX_EPOCH,
        ready: true,
        draining: false,
        jobs: Vec::new(),
        plugins: Vec::new(),
        files: Vec::new(),
        recent_runs: Vec::new(),
    }
}

/// A server on a free port, and the way to end it.
struct Server {
    address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(house: &Arc<Furnished>) -> Self {
        Self::start_with(house, Options::default(), Limits::default()).await
    }

    async fn start_with(house: &Arc<Furnished>, options: Options, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, asked) = oneshot::channel();
        let house: Arc<dyn House> = house.clone();
        let served = serve_within(limits, listener, house, options, async move {
            let _ = asked.await;
        });
        Self { address, shutdown: Some(shutdown), ended: tokio::spawn(served) }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }

    /// One request under the server's own name.
    async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let host = format!("Host: {}", self.address);
        let headers: Vec<_> = std::iter::once(host.as_str()).chain(headers.iter().copied()).collect();
        self.ask_raw(method, path, &headers).await
    }

    /// One request with just these headers.
    async fn ask_raw(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{}\r\n\r\n", headers.join("\r\n"));
        let mut stream = self.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        answer(stream).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn shut_down(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }
}

#[derive(Debug)]
struct Answer {
    code: u16,
    headers: HashMap<String, String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Reads until the server closes.
async fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let code = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { code, headers, body: body.to_owned() }
}

/// Waits for a condition, not longer than the patience.
async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}
