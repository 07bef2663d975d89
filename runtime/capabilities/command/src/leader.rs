//! The process that leads a group, and the end of the group. The leader isn't reaped before the others are gone: until then its number,
//! which is the group's, can't be another's, so that no signal meets a stranger.

use std::{
    io,
    process::{Child, ExitStatus},
    thread,
    time::Duration,
};

use rustix::{
    io::retry_on_intr,
    process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, waitid, waitpid},
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{stat, telemetry};

/// How long a group has after it was asked to end.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How soon it is looked again whether a group is gone, at first and at most.
const LOOKS: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(100)];
/// Enough for a thread that waits.
const STACK: usize = 64 << 10;
/// When people are told that a group outlives SIGKILL.
const LONG: Duration = Duration::from_secs(10);

/// A child that leads a group of its own.
pub(crate) struct Leader {
    child: Child,
    pub(crate) pid: Pid,
    /// Cancelled once it exited.
    exited: CancellationToken,
    reaped: bool,
}

impl Leader {
    /// A child that was just started.
    ///
    /// # Errors
    /// It can't be followed, and is gone.
    pub(crate) fn new(mut child: Child) -> io::Result<Self> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData.into());
        match pid.and_then(|pid| Ok((pid, follow(pid)?))) {
            Ok((pid, exited)) => Ok(Self { child, pid, exited, reaped: false }),
            Err(error) => {
                // It waits for a word that never comes, or for this signal.
                let _gone = child.kill();
                let _reaped = child.wait();
                Err(error)
            }
        }
    }

    /// Resolves once it exited.
    pub(crate) async fn exited(&self) {
        self.exited.cancelled().await;
    }

    /// Ends what is left of the group and waits until it is gone: with SIGTERM and a time to follow it where `grace` says so, then
    /// with SIGKILL.
    ///
    /// # Errors
    /// How the leader ended can't be told.
    pub(crate) async fn end(&mut self, grace: Option<Duration>) -> io::Result<ExitStatus> {
        let ended = match grace {
            Some(grace) => {
                self.signal(Signal::TERM);
                timeout(grace, self.gone(None)).await.is_ok()
            }
            None => false,
        };
        if !ended {
            self.gone(Some(Signal::KILL)).await;
        }
        self.reap().await
    }

    fn signal(&self, signal: Signal) {
        // Those that are gone need none. A leader may have left its own group.
        let _gone = kill_process_group(self.pid, signal);
        let _gone = kill_process(self.pid, signal);
    }

    /// Waits until nobody of the group can do anything any more, and sends the signal until then.
    async fn gone(&self, signal: Option<Signal>) {
        let [mut pause, longest] = LOOKS;
        let (begun, mut told) = (Instant::now(), false);
        loop {
            if let Some(signal) = signal {
                self.signal(signal);
            }
            if timeout(pause, self.exited()).await.is_ok() {
                let members = stat::members(self.pid).await;
                if members.is_ok_and(|members| !members.iter().any(stat::Stat::is_alive)) {
                    return;
                }
                sleep(pause).await;
            }
            if signal.is_some() && !told && begun.elapsed() > LONG {
                telemetry::outlives(self.pid.as_raw_nonzero().get());
                told = true;
            }
            pause = (pause * 2).min(longest);
        }
    }

    /// Takes the dead off the kernel's list: those of the group that became this process's children, and the leader last.
    async fn reap(&mut self) -> io::Result<ExitStatus> {
        let own = rustix::process::getpid().as_raw_nonzero().get();
        for member in stat::members(self.pid).await.unwrap_or_default() {
            let orphan = member.parent == own && Pid::from_raw(member.pid) != Some(self.pid);
            if let Some(pid) = Pid::from_raw(member.pid).filter(|_| orphan) {
                let _reaped = waitpid(Some(pid), WaitOptions::NOHANG);
            }
        }
        self.reaped = true;
        self.child.wait()
    }
}

/// Has a thread wait for a child's exit: without reaping it, nothing else does.
fn follow(pid: Pid) -> io::Result<CancellationToken> {
    let exited = CancellationToken::new();
    let tell = exited.clone();
    let wait = move || {
        // An error says that there is no such child any more.
        let _exited = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
        tell.cancel();
    };
    thread::Builder::new().name("command-exit".to_owned()).stack_size(STACK).spawn(wait)?;
    Ok(exited)
}

impl Drop for Leader {
    /// Nobody waits for its end: the runtime is shutting down.
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(Signal::KILL);
            let _reaped = self.child.try_wait();
        }
    }
}
