//! `watchkeeper run`: start, serve, drain.

use std::{future::Future, net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
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
        let assembly = assemble::assembly(&options.config)?;
        let settings = assembly.settings()?;
        let listener = listen(settings.server.listen).await?;
        serve(listener, assembly.start(settings)?).await
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

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = "hint: another program may listen there; change `listen` in `[server]`";
        Failure::failed(format!("{address}: {error}\n{hint}"))
    })
}

/// Serves until a signal, and goes on serving while the keeper drains.
async fn serve(listener: TcpListener, keeper: Arc<Keeper>) -> Result<(), Failure> {
    tracing::info!("listening on http://{}", listener.local_addr().map_err(Failure::failed)?);
    let server = &keeper.settings().server;
    let options = watchkeeper_web::Options {
        allowed_hosts: server.allowed_hosts.clone(),
        allowed_origins: server.allowed_origins.clone(),
    };
    let house: Arc<dyn House> = Arc::clone(&keeper) as Arc<dyn House>;
    let ended = async {
        until_ended(&keeper).await;
        keeper.drain().await;
    };
    watchkeeper_web::serve(listener, house, options, ended).await.map_err(Failure::failed)
}

/// SIGHUP reloads; SIGTERM and SIGINT end the wait.
async fn until_ended(keeper: &Arc<Keeper>) {
    let streams = (signal(SignalKind::hangup()), signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut hangup), Ok(mut terminate), Ok(mut interrupt)) = streams else {
        tracing::error!("signals can't be received: only SIGKILL ends this process");
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            Some(()) = hangup.recv() => {
                let keeper = Arc::clone(keeper);
                tokio::spawn(async move {
                    match keeper.reload().await {
                        Ok(()) => tracing::info!("reloaded"),
                        Err(reason) => tracing::error!(reason, "reload found problems"),
                    }
                });
            }
            Some(()) = terminate.recv() => return,
            Some(()) = interrupt.recv() => return,
        }
    }
}
