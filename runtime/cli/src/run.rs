//! `watchkeeper run`: start, serve, drain.

use std::{future::Future, net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use watchkeeper_config::{Settings, TokenSettings};
use watchkeeper_keeper::Keeper;
use watchkeeper_model::{Clock, TokenName};
use watchkeeper_web::{
    Access, AccessSettings, House, Token,
    api::{Actor, Right},
};

use crate::{args::RunOptions, assemble, failure::Failure, logs};

/// The file of the local token, beside the store.
const LOCAL_TOKEN: &str = "watchkeeper.token";

/// Keeps the watch until a signal ends it.
///
/// # Errors
/// It can't start, or the server fails.
pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    logs::start(&options.log, options.log_format)?;
    keep_to_itself()?;
    block_on(async {
        let assembly = assemble::assembly(&options.config)?;
        let settings = assembly.settings()?;
        let access = access(&settings, Arc::clone(&assembly.clock))?;
        let listener = listen(settings.server.listen).await?;
        serve(listener, assembly.start(settings).await?, access).await
    })
}

/// Nobody but root reads this process's memory, where keys and passwords are: no other program of the same user, and no core dump.
#[cfg(target_os = "linux")]
fn keep_to_itself() -> Result<(), Failure> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| Failure::failed(format!("this process can't be closed to other programs: {error}")))
}

#[cfg(not(target_os = "linux"))]
fn keep_to_itself() -> Result<(), Failure> {
    Ok(())
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

/// Who may see and act, by `[server]`. Says where the local token is, never what it is.
fn access(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<Access>, Failure> {
    let server = &settings.server;
    let token = |(name, token): (&TokenName, &TokenSettings)| Token {
        name: name.to_string(),
        hash: token.hash,
        expires: token.expires,
        rights: [(token.rights.read, Right::Read), (token.rights.act, Right::Act)]
            .into_iter()
            .filter_map(|(has, right)| has.then_some(right))
            .collect(),
    };
    let local_token = settings.store.with_file_name(LOCAL_TOKEN);
    let access = Access::open(
        AccessSettings {
            web_config: server.web_config.clone(),
            tokens: server.tokens.iter().map(token).collect(),
            local_token: local_token.clone(),
            open_reading: server.open_reading,
        },
        clock,
    );
    let access = access.map_err(|error| Failure::Config(error.to_string()))?;
    access.check(server.listen).map_err(|error| Failure::Config(error.to_string()))?;
    tracing::info!("the token for the command line and for signing in is in {}", local_token.display());
    Ok(Arc::new(access))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = "hint: another program may listen there; change `listen` in `[server]`";
        Failure::failed(format!("{address}: {error}\n{hint}"))
    })
}

/// Serves until a signal, and goes on serving while the keeper drains.
async fn serve(listener: TcpListener, keeper: Arc<Keeper>, access: Arc<Access>) -> Result<(), Failure> {
    let scheme = if access.is_tls() { "https" } else { "http" };
    tracing::info!("listening on {scheme}://{}", listener.local_addr().map_err(Failure::failed)?);
    let server = &keeper.settings().server;
    let options = watchkeeper_web::Options {
        allowed_hosts: server.allowed_hosts.clone(),
        allowed_origins: server.allowed_origins.clone(),
        access,
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
                    match keeper.reload(Actor { name: "signal".into() }).await {
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
