//! The start of a process: the launcher runs and waits, the ledger has it on disk, then it gets its word. Whatever fails in between
//! leaves no process and no row.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command as Launcher, Stdio},
    sync::Arc,
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{ByteStream, byte_stream};
use watchkeeper_ledger::{Process, ProcessId};
use watchkeeper_model::{JobName, RunId};

use crate::{
    CommandError, Running, SUBCOMMAND,
    command::Command,
    commands::check_program,
    leader::Leader,
    pipes::{Inlet, Outlet, Tail},
    programs::Said,
    stat, telemetry,
    watched::Watched,
};

/// A command that has its place.
pub(crate) struct Order {
    pub(crate) command: Arc<Command>,
    pub(crate) job: JobName,
    pub(crate) run: RunId,
    pub(crate) arguments: Vec<String>,
    pub(crate) stdin: Option<ByteStream>,
    pub(crate) place: OwnedSemaphorePermit,
    /// The run is over.
    pub(crate) over: CancellationToken,
    pub(crate) said: Said,
}

/// A launcher that waits for its word.
struct Waiting {
    leader: Leader,
    inlet: Inlet,
    outlet: Outlet,
    tail: Tail,
    stdout: ByteStream,
}

impl Order {
    /// Starts it, answers, and stays with it to its end.
    pub(crate) async fn carry_out(mut self, answer: oneshot::Sender<Result<Running, CommandError>>) {
        let (command, job) = (Arc::clone(&self.command), self.job.clone());
        let stdin = self.stdin.take();
        match self.start(stdin).await {
            Ok((running, watched)) => {
                // Whoever asked may be gone: then nobody reads its output, which ends it.
                let _gone = answer.send(Ok(running));
                watched.stay().await;
            }
            Err(why) => {
                telemetry::not_started(&command, &job, &why);
                let error = CommandError::Spawn(format!("command `{}`: {why}", command.name));
                let _gone = answer.send(Err(error));
            }
        }
    }

    async fn start(self, stdin: Option<ByteStream>) -> Result<(Running, Watched), String> {
        check_program(&self.command.settings.program)?;
        let mut waiting = self.launch(stdin).map_err(|error| format!("it can't be started: {error}"))?;
        let id = match self.record(&waiting.leader).await {
            Ok(id) => id,
            Err(why) => {
                let _nobody_asks_how = waiting.leader.end(None).await;
                return Err(why);
            }
        };
        if self.over.is_cancelled() || waiting.inlet.go().await.is_err() {
            let _nobody_asks_how = waiting.leader.end(None).await;
            self.command.forget(id).await;
            return Err("it ended before it began".to_owned());
        }
        let Self { command, job, run, place, over, said, .. } = self;
        let Waiting { leader, inlet, outlet, tail, stdout } = waiting;
        let (end, ended) = oneshot::channel();
        let watched = Watched { command, job, run, id, leader, inlet, outlet, tail, end, place, over, said };
        Ok((Running { stdout, ended }, watched))
    }

    /// Must be called within a runtime.
    fn launch(&self, stdin: Option<ByteStream>) -> io::Result<Waiting> {
        let settings = &self.command.settings;
        let mut launcher = Launcher::new(&self.command.house.launcher);
        launcher.arg(SUBCOMMAND).arg("--folder").arg(&settings.folder);
        if let Some(user) = &settings.user {
            launcher.arg("--user").arg(user);
        }
        launcher.arg("--").arg(&settings.program).args(&self.arguments);
        launcher.env_clear().envs(settings.env.iter().map(|(name, value)| (name, value.expose())));
        launcher.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = launcher.spawn()?;
        let pipes = pipes(&mut child);
        // From here on a failure ends the child.
        let leader = Leader::new(child)?;
        let (input, output, error) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        let (sink, stdout) = byte_stream();
        let counter = self.command.house.metrics.output(&self.command.name);
        Ok(Waiting {
            leader,
            inlet: Inlet::new(input, stdin)?,
            outlet: Outlet::new(output, sink, settings.max_output, counter)?,
            tail: Tail::new(error)?,
            stdout,
        })
    }

    /// Has the process in the ledger.
    async fn record(&self, leader: &Leader) -> Result<ProcessId, String> {
        let house = &self.command.house;
        let pid = leader.pid.as_raw_nonzero().get();
        let stat = stat::of(pid).map_err(|error| format!("its process can't be found: {error}"))?;
        let id = ProcessId { boot: house.boot.clone(), pid, ticks: stat.ticks };
        let process = Process {
            id: id.clone(),
            session: stat.session,
            run: self.run,
            job: self.job.clone(),
            command: self.command.name.clone(),
            started: house.clock.now(),
        };
        house.ledger.process_started(process).await.map_err(|error| format!("it can't be recorded: {error}"))?;
        Ok(id)
    }
}

fn pipes(child: &mut Child) -> Option<(OwnedFd, OwnedFd, OwnedFd)> {
    Some((child.stdin.take()?.into(), child.stdout.take()?.into(), child.stderr.take()?.into()))
}

impl Command {
    /// Has the ledger forget a process that is gone. Where that fails it is found gone at the next start.
    pub(crate) async fn forget(&self, id: ProcessId) {
        if let Err(error) = self.house.ledger.process_ended(id).await {
            tracing::warn!(command = self.name, %error, "the end of a process can't be recorded");
        }
    }
}
