//! One run's power over programs. Plain functions, so that any binding of the contract can call them. What is started lives in tasks of
//! the host, and ends with the run.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchkeeper_contract::{ByteStream, RunGrant, Settlement, clean};
use watchkeeper_model::{JobName, LogLevel, LogLine, Outcome, RunId};

use crate::{CommandError, Ended, grant::Granted, spawn::Order, telemetry};

/// The most log lines about processes that are kept of one run.
const MOST_LINES: usize = 100;

/// A run's handle. Clones share what was started; when the last one is gone, so is all of that.
#[derive(Clone)]
pub struct Programs {
    job: JobName,
    granted: Arc<Granted>,
    started: Arc<StartedHere>,
}

/// The run that asks.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Its name.
    pub run: RunId,
    /// Nothing is started.
    pub dry_run: bool,
}

/// A process of a run.
#[derive(Debug)]
pub struct Running {
    /// What it writes to standard output. Its verdict is good where the process exited with code 0. Dropped before its end, it ends
    /// the process.
    pub stdout: ByteStream,
    /// How it ended, once its whole group is gone.
    pub ended: oneshot::Receiver<Ended>,
}

struct StartedHere {
    over: CancellationToken,
    tasks: TaskTracker,
    said: Said,
}

impl Drop for StartedHere {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

/// What processes said, for the run's log.
#[derive(Clone, Default)]
pub(crate) struct Said(Arc<Mutex<(Vec<LogLine>, usize)>>);

impl Said {
    pub(crate) fn add(&self, line: LogLine) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.0.len() < MOST_LINES { said.0.push(line) } else { said.1 += 1 }
    }

    fn take(&self) -> Vec<LogLine> {
        let (mut lines, more) = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if more > 0 {
            let message = format!("{more} more lines about commands were dropped");
            lines.push(LogLine { level: LogLevel::Warn, message, fields: Vec::new() });
        }
        lines
    }
}

impl Programs {
    pub(crate) fn new(job: JobName, granted: Arc<Granted>) -> Self {
        let started = StartedHere { over: CancellationToken::new(), tasks: TaskTracker::new(), said: Said::default() };
        Self { job, granted, started: Arc::new(started) }
    }

    /// Whether the run has a grant for the command.
    pub fn has(&self, name: &str) -> bool {
        self.granted.contains_key(name)
    }

    /// Starts a command with its holes filled, once there is a place for it. `stdin` is what it reads; without it, it reads nothing.
    ///
    /// A process that outlives its timeout, writes too much, or whose input is cut short is ended with its whole group. So is one whose
    /// output nobody reads any more.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn run(
        &self,
        asker: Asker,
        name: &str,
        holes: &[(String, String)],
        stdin: Option<ByteStream>,
    ) -> Result<Running, CommandError> {
        let checked = self.checked(name, holes);
        if let Err(error) = &checked {
            telemetry::denied(&self.job, error);
        }
        let (command, arguments) = checked?;
        if asker.dry_run {
            return Err(CommandError::DryRun(command.line(&arguments)));
        }
        let is_over = || CommandError::Spawn(format!("command `{}`: the run is over", command.name));
        let place = tokio::select! {
            biased;
            () = self.started.over.cancelled() => return Err(is_over()),
            place = Arc::clone(&command.places).acquire_owned() => place.map_err(|_closed| is_over())?,
        };
        let order = Order {
            command: Arc::clone(command),
            job: self.job.clone(),
            run: asker.run,
            arguments,
            stdin,
            place,
            over: self.started.over.clone(),
            said: self.started.said.clone(),
        };
        let (answer, started) = oneshot::channel();
        self.started.tasks.spawn_on(order.carry_out(answer), &command.house.runtime);
        started.await.unwrap_or_else(|_| Err(is_over()))
    }

    fn checked(
        &self,
        name: &str,
        holes: &[(String, String)],
    ) -> Result<(&Arc<crate::command::Command>, Vec<String>), CommandError> {
        let command = self.granted.get(name).ok_or_else(|| {
            let (job, name) = (&self.job, clean(name, 128));
            CommandError::Denied(format!(
                "job `{job}`: command `{name}` is not granted\nhint: add it to `command` under `[grants]`"
            ))
        })?;
        Ok((command, command.arguments(&self.job, holes)?))
    }
}

#[async_trait]
impl RunGrant for Programs {
    /// Ends every process of the run, whatever the outcome, and waits until they are gone.
    async fn settle(self: Box<Self>, _outcome: Outcome, settlement: &mut Settlement) {
        self.started.over.cancel();
        self.started.tasks.close();
        self.started.tasks.wait().await;
        settlement.logs.append(&mut self.started.said.take());
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Programs").field("job", &self.job).finish_non_exhaustive()
    }
}
