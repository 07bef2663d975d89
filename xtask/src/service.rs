//! Programs that run until told to end: the dev chain and Watchkeeper of the demo.
//!
//! Each is in a process group of its own, so that Ctrl-C reaches only this program and the order of the end is ours.
//! None outlives this program: on Linux the kernel ends them with it, however it dies (see [`tether`]).

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How often a waiting loop looks again.
pub(crate) const GLANCE: Duration = Duration::from_millis(50);

/// A running program; killed when dropped.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
}

impl Service {
    /// Starts a program, its output shown where `stdout` and `stderr` say.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&OsStr],
        (stdout, stderr): (Stdio, Stdio),
    ) -> Result<Self> {
        let me = env::current_exe().context("can't find this program's file")?;
        let mut command = Command::new(me);
        command.arg("tether").arg(std::process::id().to_string()).arg(program).args(arguments);
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).process_group(0);
        let child = command.spawn().with_context(|| format!("can't start {name}"))?;
        Ok(Self { name, child })
    }

    /// # Errors
    /// If the program has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended by itself ({status})", self.name),
            None => Ok(()),
        }
    }

    /// Asks the program to end, and kills it if it hasn't after `patience` or when `hurry` says so.
    pub(crate) fn end(mut self, patience: Duration, hurry: impl Fn() -> bool) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).with_context(|| format!("can't end {}", self.name))?;
        }
        let start = Instant::now();
        while start.elapsed() < patience && !hurry() {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(GLANCE);
        }
        bail!("{} did not end in time and was killed", self.name);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail only for a program that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Becomes `program`, after asking the kernel to end it when `parent` dies.
pub(crate) fn tether(parent: i32, program: &[OsString]) -> Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
    if rustix::process::getppid() != Pid::from_raw(parent) {
        bail!("the program that started this one has ended");
    }
    let (program, arguments) = program.split_first().context("no program")?;
    let failure = Command::new(program).args(arguments).exec();
    Err(failure).with_context(|| format!("can't run {}", program.to_string_lossy()))
}
