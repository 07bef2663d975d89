//! Connections: taken, secured, bounded in number and in patience, and ended. What is asked on them is the routes' business.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{Access, House, guard::Arrival, routes, stall::Unstalled};

/// What an operator decides about the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names besides the loopback ones and the address itself that requests may call it by: `name`, `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Origins of other pages that may change something: `https://status.example.org`.
    pub allowed_origins: Vec<String>,
    /// Who may see and who may act; how connections are secured.
    pub access: Arc<Access>,
}

/// How much a server bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at once. Further ones wait in the system's queue.
    pub(crate) connections: usize,
    /// Readers of the event stream at once; each has a connection.
    pub(crate) readers: usize,
    /// Actions at once. They go on when who asked for them hangs up.
    pub(crate) acts: usize,
    /// How often a quiet event stream shows that it still stands.
    pub(crate) heartbeat: Duration,
    /// The wait for a handshake, and for a whole request head, also on a connection kept open.
    pub(crate) head: Duration,
    /// The wait for a whole request body.
    pub(crate) body: Duration,
    /// The wait for a peer that takes nothing of its answer.
    pub(crate) stall: Duration,
    /// What requests under way get to end when the server does.
    pub(crate) drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            readers: 64,
            acts: 64,
            heartbeat: Duration::from_secs(15),
            head: Duration::from_secs(30),
            body: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(5),
        }
    }
}

/// Serves the house until `shutdown` is done. Then no connection is taken any more, and requests under way have five
/// seconds to end.
///
/// # Errors
/// The listener has no address. A connection that fails ends alone.
pub async fn serve(
    listener: TcpListener,
    house: Arc<dyn House>,
    options: Options,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve_within(Limits::default(), listener, house, options, shutdown).await
}

pub(crate) async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    house: Arc<dyn House>,
    options: Options,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let access = Arc::clone(&options.access);
    let (ending, ended) = watch::channel(false);
    let router = routes::router(limits, house, options, ended);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    tracing::info!(address = %listener.local_addr()?, tls = access.is_tls(), "serving");
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, peer, place) = accept(&listener, &places) => {
                match stream.local_addr() {
                    Ok(local) => {
                        let arrival = Arrival { local, peer, tls: access.is_tls() };
                        let handshake = handshake(limits, stream, Arc::clone(&access));
                        let connection = connection(limits, handshake, arrival, router.clone(), graceful.watcher());
                        connections.spawn(keep(place, connection));
                    }
                    Err(error) => tracing::debug!(%error, "connection was gone before it began"),
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    // Streams of events end by themselves now; nothing else waits for this.
    ending.send_replace(true);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off: they outlasted the shutdown");
    }
    connections.shutdown().await;
    Ok(())
}

/// The next connection, and its place among the bounded number.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed: there always is a place in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                tracing::warn!(%error, "could not take a connection");
                // Out of file descriptors, most likely: others must end first.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn keep(place: Option<OwnedSemaphorePermit>, connection: impl Future<Output = ()>) {
    let _place = place;
    connection.await;
}

/// Secures a connection, if the configuration says so. What it says now: certificates may have been renewed.
async fn handshake(limits: Limits, stream: TcpStream, access: Arc<Access>) -> io::Result<Secured> {
    let stream = Unstalled::new(stream, limits.stall);
    let Some(web) = access.web() else { return Ok(Secured::Plain(stream)) };
    web.look().await;
    let Some(config) = web.loaded().tls().cloned() else { return Ok(Secured::Plain(stream)) };
    let handshake = tokio::time::timeout(limits.head, TlsAcceptor::from(config).accept(stream));
    handshake.await?.map(|stream| Secured::Tls(Box::new(stream)))
}

async fn connection(
    limits: Limits,
    handshake: impl Future<Output = io::Result<Secured>>,
    arrival: Arrival,
    router: Router,
    watcher: Watcher,
) {
    match handshake.await {
        Ok(Secured::Plain(stream)) => requests(limits, stream, arrival, router, watcher).await,
        Ok(Secured::Tls(stream)) => requests(limits, stream, arrival, router, watcher).await,
        Err(error) => tracing::debug!(%error, peer = %arrival.peer, "a connection could not be secured"),
    }
}

/// A connection as requests come over it.
enum Secured {
    Plain(Unstalled),
    Tls(Box<TlsStream<Unstalled>>),
}

async fn requests(
    limits: Limits,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    arrival: Arrival,
    router: Router,
    watcher: Watcher,
) {
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(arrival);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended early");
    }
}
