//! An HTTP server that answers JSON-RPC as a test tells it to: rightly, wrongly, or not at all.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::CHAIN_ID;

/// What is sent back.
pub(crate) enum Say {
    /// A body with status 200.
    Body(Vec<u8>),
    /// A status line's code, further header lines, a body.
    Http(u16, String, Vec<u8>),
    /// Exactly these bytes, then the connection's end.
    Raw(Vec<u8>),
    /// Bytes without end, a few at a time.
    Drip(&'static [u8]),
    /// Nothing, until the other side goes.
    Silence,
}

impl Say {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Body(value.to_string().into_bytes())
    }

    pub(crate) fn result(request: &Value, result: Value) -> Self {
        Self::json(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }))
    }

    pub(crate) fn error(request: &Value, code: i64, message: &str) -> Self {
        Self::json(&json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": code, "message": message } }))
    }
}

type Handler = dyn Fn(&Value) -> Say + Send + Sync;

/// A running server; ends when dropped.
pub(crate) struct Fake {
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<Value>>>,
    gone: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Fake {
    pub(crate) async fn start(handler: impl Fn(&Value) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let handler: Arc<Handler> = Arc::new(handler);
        let (heads, requests, gone) = (Arc::default(), Arc::default(), Arc::default());
        let shared = (Arc::clone(&heads), Arc::clone(&requests), Arc::clone(&gone));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heads, requests, gone) = shared.clone();
                let handler = Arc::clone(&handler);
                tokio::spawn(async move {
                    let _over = serve(stream, &*handler, &heads, &requests, &gone).await;
                });
            }
        });
        Self { port, heads, requests, gone, task: task.abort_handle() }
    }

    /// A node of the right chain whose other answers are `handler`'s.
    pub(crate) async fn node(handler: impl Fn(&Value) -> Say + Send + Sync + 'static) -> Self {
        Self::start(move |request| match request["method"].as_str() {
            Some("eth_chainId") => Say::result(request, json!(format!("{CHAIN_ID:#x}"))),
            _ => handler(request),
        })
        .await
    }

    /// A node that gives a block for every question.
    pub(crate) async fn honest() -> Self {
        Self::node(|request| Say::result(request, block(16, "ab"))).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// How often a method was asked for, alone or in a batch.
    pub(crate) fn asked(&self, method: &str) -> usize {
        let requests = self.requests.lock().unwrap();
        let count = |request: &Value| match request.as_array() {
            Some(batch) => batch.iter().filter(|request| request["method"] == method).count(),
            None => usize::from(request["method"] == method),
        };
        requests.iter().map(count).sum()
    }

    pub(crate) fn exchanges(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn batches(&self) -> usize {
        self.requests.lock().unwrap().iter().filter(|request| request.is_array()).count()
    }

    /// The heads of all requests, as they came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// How many clients left while nothing was said to them.
    pub(crate) fn gone(&self) -> usize {
        self.gone.load(Ordering::SeqCst)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn block(number: u64, digits: &str) -> Value {
    json!({
        "number": format!("{number:#x}"),
        "hash": format!("0x{}", digits.repeat(32)),
        "parentHash": format!("0x{}", "cd".repeat(32)),
        "timestamp": "0x65000000",
    })
}

/// Arrays within arrays.
pub(crate) fn nested(depth: usize) -> Vec<u8> {
    ["[".repeat(depth), "]".repeat(depth)].concat().into_bytes()
}

/// A right answer around any bytes.
pub(crate) fn with_result(request: &Value, result: &[u8]) -> Say {
    let head = format!("{{\"id\":{},\"result\":", request["id"]);
    Say::Body([head.as_bytes(), result, b"}"].concat())
}

async fn serve(
    mut stream: TcpStream,
    handler: &Handler,
    heads: &Mutex<Vec<String>>,
    requests: &Mutex<Vec<Value>>,
    gone: &AtomicUsize,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            bytes.drain(..end + 4);
            break (head, length.unwrap_or(0));
        }
    };
    while bytes.len() < length {
        stream.read_buf(&mut bytes).await?;
    }
    let request: Value = serde_json::from_slice(&bytes).unwrap();
    heads.lock().unwrap().push(head);
    requests.lock().unwrap().push(request.clone());
    let (status, headers, body) = match handler(&request) {
        Say::Body(body) => (200, String::new(), body),
        Say::Http(status, headers, body) => (status, headers, body),
        Say::Raw(bytes) => return stream.write_all(&bytes).await,
        Say::Drip(bytes) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(bytes).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Say::Silence => {
            while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {}
            gone.fetch_add(1, Ordering::SeqCst);
            return Ok(());
        }
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await
}
