//! Connections: taken, bounded in number and in patience, and ended. What is asked on them is the routes' business.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use crate::{House, guard::Arrival, routes, stall::Unstalled};

/// What an operator decides about the server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Names besides the loopback ones and the address itself that requests may call it by: `name`, `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Origins of other pages that may change something: `https://status.example.org`.
    pub allowed_origins: Vec<String>,
}

/// How much a server bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at once. Further ones wait in the system's queue.
    pub(crate) connections: usize,
    /// The wait for a whole request head, also on a connection kept open.
    pub(crate) head: Duration,
    /// The wait for a peer that takes nothing of its answer.
    pub(crate) stall: Duration,
    /// What requests under way get to end when the server does.
    pub(crate) drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(30),
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
    let router = routes::router(house, options);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    tracing::info!(address = %listener.local_addr()?, "serving");
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, place) = accept(&listener, &places) => {
                match stream.local_addr() {
                    Ok(local) => {
                        let connection = connection(limits, stream, local, router.clone(), graceful.watcher());
                        connections.spawn(keep(place, connection));
                    }
                    Err(error) => tracing::debug!(%error, "connection was gone before it began"),
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off: they outlasted the shutdown");
    }
    connections.shutdown().await;
    Ok(())
}

/// The next connection, and its place among the bounded number.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed: there always is a place in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
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

async fn connection(limits: Limits, stream: TcpStream, local: SocketAddr, router: Router, watcher: Watcher) {
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arrival(local));
        router.call(request)
    });
    let io = TokioIo::new(Unstalled::new(stream, limits.stall));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(limits.head).serve_connection(io, service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended early");
    }
}
