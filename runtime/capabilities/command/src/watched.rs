//! A process from its word to its end: bytes in and out, the operator's bounds, and what is told of it. Everything that may happen to it
//! comes together in one place, so that nothing can be waited for that never comes.

use std::{future::pending, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;
use watchkeeper_ledger::ProcessId;
use watchkeeper_model::{JobName, RunId};

use crate::{
    Ended, Exit,
    command::Command,
    leader::{GRACE, Leader},
    pipes::{Dam, Inlet, Outlet, Tail},
    programs::Said,
    telemetry::{Going, Over},
};

/// A process that has its word.
pub(crate) struct Watched {
    pub(crate) command: Arc<Command>,
    pub(crate) job: JobName,
    pub(crate) run: RunId,
    pub(crate) id: ProcessId,
    pub(crate) leader: Leader,
    pub(crate) inlet: Inlet,
    pub(crate) outlet: Outlet,
    pub(crate) tail: Tail,
    pub(crate) end: oneshot::Sender<Ended>,
    pub(crate) place: OwnedSemaphorePermit,
    pub(crate) over: CancellationToken,
    pub(crate) said: Said,
}

impl Watched {
    /// Stays with it until its group is gone and its output is handed on.
    pub(crate) async fn stay(mut self) {
        let going = Going::begin(&self.command, &self.job, self.run, &self.id);
        let ended_by_host = self.wait().await;
        let grace = ended_by_host.as_ref().map(|_| GRACE);
        let status = tokio::select! {
            status = self.leader.end(grace) => status,
            // Its last words.
            never = self.tail.listen() => match never {},
        };
        let Self { command, job, id, mut outlet, tail, inlet, end, place, over, said, .. } = self;
        // Only now: as long as it was there, it had to wait for the rest of its input.
        drop(inlet);
        command.forget(id).await;
        let is_over = outlet.is_over();
        let exit = match (&ended_by_host, status) {
            (Some(exit), _) => exit.clone(),
            (None, _) if is_over => Exit::TooMuchOutput,
            (None, Ok(status)) => Exit::of(status),
            (None, Err(error)) => Exit::Cut(format!("how it ended can't be told: {error}")),
        };
        let ended = Ended { exit, stderr: tail.finish().await };
        let line = Over { going, job: &job, ended: &ended }.emit();
        line.into_iter().for_each(|line| said.add(line));
        let verdict = match &ended.exit {
            Exit::Code(0) => Ok(()),
            exit => Err(format!("command `{}` {exit}", command.name)),
        };
        // Whoever asked may not care how it ended.
        let _gone = end.send(ended);
        drop(place);
        let drained = async { if ended_by_host.is_none() && !is_over { outlet.drain().await.is_ok() } else { true } };
        let whole = tokio::select! {
            drained = drained => drained,
            () = over.cancelled() => false,
        };
        outlet.finish(if whole { verdict } else { Err("its output was not read to its end".to_owned()) });
    }

    /// Waits until it exited, or has to be ended: for what.
    async fn wait(&mut self) -> Option<Exit> {
        let limit = self.command.settings.timeout;
        let timeout = async {
            match limit {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.leader.exited() => None,
            () = self.over.cancelled() => Some(Exit::Cut("its run is over".to_owned())),
            () = timeout => Some(Exit::TimedOut),
            why = self.inlet.feed() => Some(Exit::Cut(format!("standard input was cut short: {why}"))),
            dam = self.outlet.flow() => Some(match dam {
                Dam::Unread => Exit::Cut("nobody reads its output any more".to_owned()),
                Dam::TooMuch => Exit::TooMuchOutput,
            }),
            never = self.tail.listen() => match never {},
        }
    }
}
