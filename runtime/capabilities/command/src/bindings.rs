//! The asynchronous binding of `watchkeeper:command`: waits for its turn, charges the run, takes and lends streams, and translates types.
//! Everything else is in `programs`, for another binding to call.

use wasmtime::component::{Accessor, FutureReader, HasData, Linker, StreamReader};
use watchkeeper_contract::{
    Run, bindings::backup::watchkeeper::command::command as wit, enter, hold, lend_stream, take_stream,
};

use crate::{Asker, CommandError, Ended, Exit, Programs, pipes::STDERR_BYTES};

pub(crate) fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    wit::add_to_linker::<Run, Binding>(linker, |_run| Binding)
}

struct Binding;

impl HasData for Binding {
    type Data<'a> = Self;
}

impl wit::Host for Binding {}

impl wit::HostWithStore<Run> for Binding {
    async fn run(
        store: &Accessor<Run, Self>,
        name: String,
        holes: Vec<(String, String)>,
        stdin: Option<StreamReader<u8>>,
    ) -> wasmtime::Result<Result<wit::Process, wit::Error>> {
        let stdin = store.with(|mut access| stdin.map(|stdin| take_stream(&mut access, stdin)).transpose())?;
        let words: usize = holes.iter().map(|(hole, value)| hole.len() + value.len()).sum();
        let _turn = enter(store, name.len() + words).await?;
        let (programs, asker) = begin(store, &name)?;
        let running = match programs.run(asker, &name, &holes, stdin).await {
            Ok(running) => running,
            Err(error) => return Ok(Err(error.into())),
        };
        hold(store, STDERR_BYTES)?;
        store.with(|mut access| {
            let stdout = lend_stream(&mut access, running.stdout)?;
            let ended = async move {
                let shutting_down = || (wit::Exit::Other("watchkeeper is shutting down".to_owned()), String::new());
                let told = |Ended { exit, stderr }| (exit.into(), stderr);
                wasmtime::error::Ok(running.ended.await.map_or_else(|_| shutting_down(), told))
            };
            Ok(Ok(wit::Process { stdout, ended: FutureReader::new(&mut access, ended)? }))
        })
    }
}

fn begin(store: &Accessor<Run, Binding>, name: &str) -> wasmtime::Result<(Programs, Asker)> {
    store.with(|mut access| {
        let run = access.data_mut();
        let asker = Asker { run: run.info.id, dry_run: run.info.dry_run };
        let programs = run.grant::<Programs>()?.clone();
        if programs.has(name) {
            run.used(format!("command {name}"));
        }
        Ok((programs, asker))
    })
}

impl From<Exit> for wit::Exit {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self::Code(code),
            Exit::Signal(signal) => Self::Signal(signal),
            Exit::TimedOut => Self::TimedOut,
            Exit::TooMuchOutput => Self::TooMuchOutput,
            Exit::Cut(why) => Self::Other(why),
        }
    }
}

impl From<CommandError> for wit::Error {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Denied(text) => Self::Denied(text),
            CommandError::Spawn(text) => Self::Spawn(text),
            CommandError::DryRun(text) => Self::DryRun(text),
        }
    }
}
