//! A real `watchkeeper run`, as operators start it, asked over its own web server.

use std::{
    fs::File,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use ureq::Agent;

use crate::{built, deployment::Deployment, machine};

const PATIENCE: Duration = Duration::from_secs(300);
const GLANCE: Duration = Duration::from_millis(1);

/// A running process; ended when dropped.
pub(crate) struct Watchkeeper {
    child: Child,
    base: String,
    agent: Agent,
    log: std::path::PathBuf,
}

impl Watchkeeper {
    /// Starts a process on a deployment.
    ///
    /// # Errors
    /// There is no built host.
    pub(crate) fn start(deployment: &Deployment) -> Result<Self> {
        let log = deployment.log();
        let child = Command::new(built::watchkeeper()?)
            .args(["run", "--config"])
            .arg(deployment.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("watchkeeper does not start")?;
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Self { child, base: format!("http://{}", deployment.address()), agent, log })
    }

    /// Waits until every job is loaded.
    ///
    /// # Errors
    /// It ended, or takes too long.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        self.wait(|this| this.get("/-/ready").is_some().then_some(()))
    }

    /// Waits until a scrape holds a text.
    ///
    /// # Errors
    /// It ended, or takes too long.
    pub(crate) fn wait_for_series(&mut self, text: &str) -> Result<()> {
        self.wait(|this| this.get("/metrics").filter(|body| body.contains(text)).map(drop))
    }

    /// What a scrape holds.
    ///
    /// # Errors
    /// It doesn't answer.
    pub(crate) fn scrape(&self) -> Result<String> {
        self.get("/metrics").context("watchkeeper does not answer a scrape")
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory, in KiB.
    ///
    /// # Errors
    /// It ended.
    pub(crate) fn resident(&self) -> Result<u64> {
        machine::resident(self.child.id())
    }

    /// The body of an answer 200.
    fn get(&self, path: &str) -> Option<String> {
        let mut answer = self.agent.get(format!("{}{path}", self.base)).call().ok()?;
        if answer.status() != 200 {
            return None;
        }
        answer.body_mut().with_config().limit(1 << 30).read_to_string().ok()
    }

    fn wait<T>(&mut self, look: impl Fn(&Self) -> Option<T>) -> Result<T> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("watchkeeper ended by itself ({status}): {}", self.said());
            }
            thread::sleep(GLANCE);
        }
        bail!("watchkeeper did not get as far within {PATIENCE:?}: {}", self.said());
    }

    /// The end of its log.
    fn said(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.iter().rev().take(10).rev().copied().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Watchkeeper {
    fn drop(&mut self) {
        // Nothing that it holds is worth a drain; both fail only for a process that has ended.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
