//! What the server promises, each group in a file, over real connections. Here are a server to ask and a plain client.

mod connections;
mod content;
mod documented;
mod events;
mod forms;
mod house;
mod logins;
mod money;
mod refusals;
mod rights;
pub(crate) mod samples;
mod scrapes;
mod secured;
mod web_configs;

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use watchkeeper_model::Clock;

pub(crate) use self::house::Furnished;
use crate::{
    Access, AccessSettings, House, Options, Token,
    api::Right,
    read_local_token,
    serve::{Limits, serve_within},
};

/// A loose bound on everything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that tests move.
struct Moved(Mutex<Timestamp>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// How a server is set up, but for what it shows.
#[derive(Default)]
struct Setup {
    limits: Limits,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<String>,
    tokens: Vec<Token>,
    open_reading: bool,
    /// The text of `web.yml`, and files beside it.
    web_config: Option<String>,
    beside: Vec<(&'static str, String)>,
}

/// A token with this text and name.
fn token(text: &str, rights: &[Right]) -> Token {
    let hash = <sha2::Sha256 as sha2::Digest>::digest(text).into();
    Token { name: text.to_owned(), hash, expires: None, rights: rights.to_vec() }
}

impl Setup {
    /// Writes the files and opens the access that they describe.
    fn access(&self, folder: &TempDir, clock: &Arc<Moved>) -> Result<Access, crate::AccessError> {
        let path = |name: &str| folder.path().join(name);
        for (name, text) in &self.beside {
            std::fs::write(path(name), text).unwrap();
        }
        let web_config = self.web_config.as_ref().map(|text| {
            std::fs::write(path("web.yml"), text).unwrap();
            path("web.yml")
        });
        let settings = AccessSettings {
            web_config,
            tokens: self.tokens.clone(),
            local_token: path("watchkeeper.token"),
            open_reading: self.open_reading,
        };
        Access::open(settings, Arc::clone(clock) as Arc<dyn Clock>)
    }

    async fn start(self, house: &Arc<Furnished>) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Moved(Mutex::new(samples::at(0))));
        let access = Arc::new(self.access(&folder, &clock).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, asked) = oneshot::channel();
        let house: Arc<dyn House> = house.clone();
        let Self { limits, allowed_hosts, allowed_origins, .. } = self;
        let options = Options { allowed_hosts, allowed_origins, access };
        let served = serve_within(limits, listener, house, options, async move {
            let _ = asked.await;
        });
        let token = read_local_token(&folder.path().join("watchkeeper.token")).unwrap();
        Server { address, token, clock, shutdown: Some(shutdown), ended: tokio::spawn(served), folder }
    }
}

/// A server on a free port, and the way to end it.
struct Server {
    address: SocketAddr,
    /// The local token.
    token: String,
    clock: Arc<Moved>,
    shutdown: Option<oneshot::Sender<()>>,
    ended: JoinHandle<std::io::Result<()>>,
    folder: TempDir,
}

impl Server {
    async fn start(house: &Arc<Furnished>) -> Self {
        Setup::default().start(house).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn move_clock(&self, seconds: i64) {
        *self.clock.0.lock().unwrap() += jiff::SignedDuration::from_secs(seconds);
    }

    /// The header of somebody who may do everything.
    fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }

    /// One request under the server's own name.
    async fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        self.send(method, path, headers, "").await
    }

    /// One request with a body, by somebody who may do everything.
    async fn act(&self, path: &str, headers: &[&str], body: &str) -> Answer {
        let bearer = self.bearer();
        let headers: Vec<_> = std::iter::once(bearer.as_str()).chain(headers.iter().copied()).collect();
        self.send("POST", path, &headers, body).await
    }

    /// One request under the server's own name, with a body.
    async fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let host = format!("Host: {}", self.address);
        let length = format!("Content-Length: {}", body.len());
        let mut all = vec![host.as_str()];
        if !body.is_empty() {
            all.push(&length);
        }
        all.extend(headers);
        self.exchange(method, path, &all, body).await
    }

    /// One request with just these headers.
    async fn ask_raw(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        self.exchange(method, path, headers, "").await
    }

    async fn exchange(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{}\r\n\r\n", headers.join("\r\n"));
        let mut stream = self.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server that refuses the head may not wait for the body.
        let _ = stream.write_all(body.as_bytes()).await;
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
    /// Those that come twice are joined with a comma.
    headers: HashMap<String, String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Reads until the server closes.
async fn answer(mut stream: impl tokio::io::AsyncRead + Unpin) -> Answer {
    let mut bytes = Vec::new();
    // A refused body makes the system reset the connection once the answer is out.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let code = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HashMap::<String, String>::new();
    for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
        let joined = headers.entry(name.to_ascii_lowercase());
        joined.and_modify(|all| *all = format!("{all}, {value}")).or_insert_with(|| value.to_owned());
    }
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
