//! `watchkeeper run`: start, serve, drain.

use std::{future::Future, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Notify,
};
use watchkeeper_keeper::Keeper;
use watchkeeper_web::House;

use crate::{args::RunOptions, assemble, failure::Failure, logs};

/// Keeps the watch until a signal ends it.
///
/// # Errors
/// It can't start, or the server fails.
pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    logs::start(&options.log, options.log_format)?;
    block_on(async {
        let keeper = assemble::assembly(&options.config)?.start()?;
        let served = serve(&keeper).await;
        keeper.drain().await;
        served
    })
}

/// Runs a future on a runtime for the host's work; guests have one of their own.
///
/// # Errors
/// No runtime can be made, or what the future says.
pub(crate) fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("host")
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

async fn serve(keeper: &Arc<Keeper>) -> Result<(), Failure> {
    let server = &keeper.settings().server;
    let listener = TcpListener::bind(server.listen).await.map_err(|error| {
        Failure::failed(format!(
            "{}: {error}\nhint: another program may listen there; change `listen` in `[server]`",
            server.listen
        ))
    })?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    tracing::info!("listening on http://{address}");
    let ending = Arc::new(Notify::new());
    let signals = tokio::spawn(signals(Arc::clone(keeper), Arc::clone(&ending)));
    let options = watchkeeper_web::Options {
        allowed_hosts: server.allowed_hosts.clone(),
        allowed_origins: server.allowed_origins.clone(),
    };
    let house: Arc<dyn House> = Arc::clone(keeper) as Arc<dyn House>;
    let served = watchkeeper_web::serve(listener, house, options, async move { ending.notified().await }).await;
    signals.abort();
    served.map_err(Failure::failed)
}

/// SIGHUP reloads; SIGTERM and SIGINT end the serving, after which the keeper drains.
async fn signals(keeper: Arc<Keeper>, ending: Arc<Notify>) {
    let streams = (signal(SignalKind::hangup()), signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) = streams else {
        tracing::error!("signals can't be received: only SIGKILL ends this process");
        return;
    };
    loop {
        tokio::select! {
            Some(()) = hangup.recv() => {
                let keeper = Arc::clone(&keeper);
                tokio::spawn(async move {
                    match keeper.reload().await {
                        Ok(()) => tracing::info!("reloaded"),
                        Err(reason) => tracing::error!(reason, "reload found problems"),
                    }
                });
            }
            Some(()) = terminate.recv() => break,
            Some(()) = interrupt.recv() => break,
        }
    }
    ending.notify_one();
}
