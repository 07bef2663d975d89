//! `cargo xtask demo`: a dev chain that mines each second, traffic on it, and Watchkeeper watching it.
//!
//! Watchkeeper runs on a copy of `config/demo` under the target directory: there its state and plugins can lie beside
//! the configuration, and the ports can be others where the usual ones are taken.

mod deployment;
mod dev_chain;

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{
    project::{Build, Project},
    service::{GLANCE, Service},
    steps::{self, step},
};
use deployment::Deployment;
use dev_chain::DevChain;

/// How long Watchkeeper may take to answer first.
const START: Duration = Duration::from_secs(60);
/// How long its runs in flight may take to end; above its own grace period.
const DRAIN: Duration = Duration::from_secs(60);

/// Runs the demo until Ctrl-C, or for `duration`.
pub(crate) fn run(project: &Project, duration: Option<Duration>) -> Result<()> {
    let ready = steps::prepare(project, Build::Demo)?;
    let interrupts = Interrupts::listen()?;
    let mut chain = step("dev chain", || DevChain::start(&ready.anvil))?;
    let deployment = step("deployment", || Deployment::lay(project, chain.port()))?;
    let configuration = deployment.configuration();
    let arguments = ["run".as_ref(), "--config".as_ref(), configuration.as_os_str()];
    let output = (Stdio::inherit(), Stdio::inherit());
    eprintln!("==> watchkeeper run --config {}", configuration.display());
    let mut watchkeeper = Service::start("watchkeeper", &ready.watchkeeper, &arguments, output)?;

    let result = watch(&mut chain, &mut watchkeeper, &deployment, &interrupts, duration);
    eprintln!("==> ending (Ctrl-C once more to hurry)");
    let status = watchkeeper.end(DRAIN, || interrupts.take());
    let chain_ended = chain.end();
    result?;
    let status = status?;
    chain_ended?;
    if !status.success() {
        bail!("watchkeeper failed ({status})");
    }
    Ok(())
}

/// Keeps the traffic going and the reader informed until it is time to end.
///
/// # Errors
/// If the chain or Watchkeeper ends, or Watchkeeper isn't ready in time.
fn watch(
    chain: &mut DevChain,
    watchkeeper: &mut Service,
    deployment: &Deployment,
    interrupts: &Interrupts,
    duration: Option<Duration>,
) -> Result<()> {
    let start = Instant::now();
    let mut announced = false;
    while !interrupts.take() && duration.is_none_or(|duration| start.elapsed() < duration) {
        chain.check()?;
        watchkeeper.check()?;
        if !announced && deployment.is_ready() {
            announced = true;
            println!("{}", deployment.directions(&chain.url()));
        }
        if !announced && start.elapsed() > START {
            bail!("watchkeeper was not ready after {} s", START.as_secs());
        }
        chain.keep_busy();
        thread::sleep(GLANCE);
    }
    if !announced {
        bail!("ended before watchkeeper was ready");
    }
    Ok(())
}

/// Whether a signal asked this program to end.
struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    fn listen() -> Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    /// Whether one came since the last look.
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}
