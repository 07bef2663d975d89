//! Heads by WebSocket: one subscription to `newHeads` at one endpoint, begun anew whenever it is lost. It only hands headers on;
//! whether it went silent is for whoever can compare.

use std::{sync::Arc, time::Duration};

use alloy_json_rpc::Id;
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Notify, mpsc},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use super::telemetry::HeadMetrics;
use crate::{At, Header, decode::Quantity, read::ReadHeader};

/// How long a connection and its first answers may take.
const HELLO: Duration = Duration::from_secs(10);
/// The longest message: headers are under 10 KB.
const MESSAGE: usize = 1 << 20;
/// The first wait after a loss; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// An endpoint's WebSocket.
#[derive(Clone)]
pub(crate) struct SocketSettings {
    /// What people call the endpoint.
    pub(crate) endpoint: Arc<str>,
    /// Secret. `ws` or `wss`.
    pub(crate) url: Url,
    pub(crate) tls: TlsConnector,
}

/// A subscription that is kept up.
pub(crate) struct Socket {
    pub(crate) settings: SocketSettings,
    pub(crate) chain: Arc<str>,
    pub(crate) chain_id: u64,
    pub(crate) metrics: HeadMetrics,
    pub(crate) heads: mpsc::Sender<Header>,
    /// It went silent: begin anew.
    pub(crate) silent: Arc<Notify>,
}

/// Why a subscription is over, in words that don't quote the endpoint.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("no connection: {0}")]
    Connect(std::io::ErrorKind),
    #[error("refused with HTTP status {0}")]
    Refused(u16),
    #[error("no answer in time")]
    Timeout,
    #[error("the connection broke off")]
    Broken,
    #[error("serves chain id {0}")]
    WrongChain(u64),
    #[error("has no subscription to new heads")]
    NoSubscription,
    #[error("went silent while the chain went on")]
    Silent,
    #[error("said what is no header")]
    Malformed,
    #[error("nobody listens any more")]
    Over,
}

impl Socket {
    /// Hands headers on for ever.
    pub(crate) async fn keep(self) {
        let endpoint = Arc::clone(&self.settings.endpoint);
        let mut wait = FIRST_WAIT;
        loop {
            let mut heard = false;
            let lost = tokio::select! {
                lost = self.listen(&mut heard) => lost,
                () = self.silent.notified() => Lost::Silent,
            };
            if matches!(lost, Lost::Over) {
                return;
            }
            self.metrics.socket_lost(&self.chain, &endpoint, &lost.to_string());
            if heard {
                wait = FIRST_WAIT;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn listen(&self, heard: &mut bool) -> Lost {
        match timeout(HELLO, self.connect()).await {
            Err(_elapsed) => Lost::Timeout,
            Ok(Err(lost)) => lost,
            Ok(Ok(stream)) => self.hear(stream, heard).await.err().unwrap_or(Lost::Broken),
        }
    }

    async fn connect(&self) -> Result<WebSocketStream<Box<dyn Stream>>, Lost> {
        let url = &self.settings.url;
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let connected = TcpStream::connect((host.trim_matches(['[', ']']), port)).await;
        let plain = connected.map_err(|error| Lost::Connect(error.kind()))?;
        let stream: Box<dyn Stream> = if url.scheme() == "wss" {
            let name = host.to_owned().try_into().map_err(|_| Lost::Connect(std::io::ErrorKind::InvalidInput))?;
            Box::new(self.settings.tls.connect(name, plain).await.map_err(|error| Lost::Connect(error.kind()))?)
        } else {
            Box::new(plain)
        };
        let config = WebSocketConfig::default().max_message_size(Some(MESSAGE)).max_frame_size(Some(MESSAGE));
        let (stream, _answer) =
            client_async_with_config(url.as_str(), stream, Some(config)).await.map_err(|error| match error {
                tungstenite::Error::Http(answer) => Lost::Refused(answer.status().as_u16()),
                _ => Lost::Broken,
            })?;
        Ok(stream)
    }

    async fn hear(&self, mut stream: WebSocketStream<Box<dyn Stream>>, heard: &mut bool) -> Result<(), Lost> {
        let subscription = timeout(HELLO, self.subscribe(&mut stream)).await.map_err(|_elapsed| Lost::Timeout)??;
        self.metrics.socket_up(&self.chain, &self.settings.endpoint);
        loop {
            let text = next_text(&mut stream).await?;
            let Ok(event) = serde_json::from_str::<Event<'_>>(&text) else { continue };
            if event.params.subscription.get() != subscription.get() {
                continue;
            }
            let header = ReadHeader { at: At::Latest }.header(event.params.result).map_err(|_| Lost::Malformed)?;
            *heard = true;
            self.heads.send(header).await.map_err(|_closed| Lost::Over)?;
        }
    }

    /// Makes sure of the chain and subscribes; returns the subscription's name.
    async fn subscribe(&self, stream: &mut WebSocketStream<Box<dyn Stream>>) -> Result<Box<RawValue>, Lost> {
        let found = ask(stream, 1, "eth_chainId", json!([])).await?;
        let Quantity(found) = serde_json::from_str(found.get()).map_err(|_| Lost::Malformed)?;
        if found != self.chain_id {
            return Err(Lost::WrongChain(found));
        }
        ask(stream, 2, "eth_subscribe", json!(["newHeads"])).await
    }
}

async fn ask(
    stream: &mut WebSocketStream<Box<dyn Stream>>,
    id: u64,
    method: &str,
    params: serde_json::Value,
) -> Result<Box<RawValue>, Lost> {
    let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
    stream.send(Message::text(request)).await.map_err(|_| Lost::Broken)?;
    loop {
        let text = next_text(stream).await?;
        let answer: Answer = serde_json::from_str(&text).map_err(|_| Lost::Malformed)?;
        if answer.id == Some(Id::Number(id)) {
            return answer.result.ok_or(Lost::NoSubscription);
        }
    }
}

async fn next_text(stream: &mut WebSocketStream<Box<dyn Stream>>) -> Result<String, Lost> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Lost::Broken),
            Some(Ok(_)) => {}
        }
    }
}

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

#[derive(Deserialize)]
struct Answer {
    id: Option<Id>,
    result: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    subscription: &'a RawValue,
    #[serde(borrow)]
    result: &'a RawValue,
}
