//! Compilation, away from the process that keeps the watch: it can't be interrupted and can be made to explode, so it
//! runs in a child of the same program with limits on memory, processor time and wall time, one at a time. Its
//! result is cached. Cached code is code: the folder is the owner's alone, and files appear in it whole or not at all.

use std::{
    fs,
    hash::{Hash, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use tokio::{io::AsyncWriteExt, process::Command, sync::Mutex};
use wasmtime::{Engine, component};
use watchkeeper_contract::clean;

use crate::{Component, LoadError, engine};

/// The hidden subcommand that makes a process a compiler.
pub const SUBCOMMAND: &str = "compile-component";

/// Compiled components that are kept, in use or not.
const MOST_CACHED: usize = 512;

/// What compiling one component may cost.
#[derive(Debug, Clone)]
pub struct CompileLimits {
    /// Bytes of address space.
    pub memory: u64,
    /// Processor time.
    pub cpu: Duration,
    /// Time on the wall.
    pub wall: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { memory: 1 << 30, cpu: Duration::from_secs(60), wall: Duration::from_secs(300) }
    }
}

/// Compiles components, and remembers what it compiled.
pub(crate) struct Compiler {
    program: PathBuf,
    cache: PathBuf,
    limits: CompileLimits,
    settings: u64,
    one_at_a_time: Mutex<()>,
}

impl Compiler {
    /// `program` answers to `compile-component` with [`compile_child`]; `cache` is made if it isn't there.
    ///
    /// # Errors
    /// The cache can't be made, or belongs to somebody else.
    pub(crate) fn new(program: PathBuf, cache: PathBuf, limits: CompileLimits, engine: &Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&cache)?;
        check_private(&cache)?;
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { program, cache, limits, settings: hasher.finish(), one_at_a_time: Mutex::new(()) })
    }

    /// The compiled component: from the cache, or from a child. Says which, by how long compiling took.
    ///
    /// # Errors
    /// The component doesn't compile within the limits, or the cache fails.
    pub(crate) async fn compiled(
        &self,
        engine: &Engine,
        component: &Component,
    ) -> Result<(component::Component, Option<Duration>), LoadError> {
        let file = self.cache.join(format!("{}-{:016x}.cwasm", component.digest.hex(), self.settings));
        if let Some(found) = self.cached(engine, &file)? {
            return Ok((found, None));
        }
        let _turn = self.one_at_a_time.lock().await;
        if let Some(found) = self.cached(engine, &file)? {
            return Ok((found, None));
        }
        let begun = std::time::Instant::now();
        let code = self.compile(component).await?;
        let took = begun.elapsed();
        // Before the cache has it: the engine refuses code that asks for more of its pool than one run may have.
        let compiled =
            read_code(engine, code.path()).map_err(|error| LoadError::Compile(clean(&format!("{error:#}"), 600)))?;
        code.persist(&file).map_err(|error| LoadError::Cache(error.error))?;
        self.prune().map_err(LoadError::Cache)?;
        Ok((compiled, Some(took)))
    }

    /// A file of the cache as code. One that this engine can't use is removed, to be made again.
    fn cached(&self, engine: &Engine, file: &Path) -> Result<Option<component::Component>, LoadError> {
        match check_private(file) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LoadError::Cache(error)),
        }
        match read_code(engine, file) {
            Ok(compiled) => Ok(Some(compiled)),
            Err(reason) => {
                tracing::warn!(file = %file.display(), %reason, "compiled code is not this engine's: compiling again");
                fs::remove_file(file).map_err(LoadError::Cache)?;
                Ok(None)
            }
        }
    }

    /// Removes the oldest files beyond [`MOST_CACHED`].
    fn prune(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.cache)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "cwasm") {
                files.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        files.sort();
        let surplus = files.len().saturating_sub(MOST_CACHED);
        files.iter().take(surplus).try_for_each(|(_, file)| fs::remove_file(file))
    }

    async fn compile(&self, component: &Component) -> Result<tempfile::NamedTempFile, LoadError> {
        let code = tempfile::NamedTempFile::new_in(&self.cache).map_err(LoadError::Cache)?;
        let mut child = Command::new(&self.program)
            .arg(SUBCOMMAND)
            .args([self.limits.memory.to_string(), self.limits.cpu.as_secs().max(1).to_string()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(code.reopen().map_err(LoadError::Cache)?)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| LoadError::Compile(format!("the compiler did not start: {error}")))?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A child that ended early says why on its standard error.
                let _closed = stdin.write_all(&component.bytes).await;
            }
        };
        let both = async { tokio::join!(feed, child.wait_with_output()).1 };
        let ended = tokio::time::timeout(self.limits.wall, both).await;
        let output = ended
            .map_err(|_elapsed| LoadError::Compile(format!("compiling took longer than {:?}", self.limits.wall)))?
            .map_err(LoadError::Cache)?;
        if output.status.success() {
            return Ok(code);
        }
        let said = clean(String::from_utf8_lossy(&output.stderr).trim(), 600);
        Err(LoadError::Compile(match (output.status.code(), said.is_empty()) {
            (Some(_), false) => said,
            _ => format!(
                "the compiler was ended by its limits of {} MiB and {:?} ({})",
                self.limits.memory >> 20,
                self.limits.cpu,
                output.status
            ),
        }))
    }
}

fn read_code(engine: &Engine, file: &Path) -> wasmtime::Result<component::Component> {
    #[expect(
        unsafe_code,
        reason = "the engine trusts compiled code: the file is the owner's alone and written whole by this program"
    )]
    unsafe {
        component::Component::deserialize_file(engine, file)
    }
}

/// The body of the child: reads a component from standard input and writes its code to standard output, within the
/// limits given as arguments (bytes of address space, seconds of processor time).
pub fn compile_child(memory: u64, cpu: u64) -> ExitCode {
    match compile_within(memory, cpu) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody is left to tell if standard error is gone too.
            let _gone = writeln!(io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

fn compile_within(memory: u64, cpu: u64) -> Result<(), String> {
    let limit = |resource, value| {
        setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
            .map_err(|error| format!("limits can't be set: {error}"))
    };
    nice(5).map_err(|error| error.to_string())?;
    limit(Resource::As, memory)?;
    limit(Resource::Cpu, cpu)?;
    limit(Resource::Core, 0)?;
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let engine = engine::for_compiling().map_err(|error| error.to_string())?;
    let code = engine.precompile_component(&bytes).map_err(|error| format!("{error:#}"))?;
    io::stdout().lock().write_all(&code).map_err(|error| error.to_string())
}

/// Only its owner may write it, and that is this process's user.
fn check_private(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let mine = metadata.uid() == rustix::process::geteuid().as_raw();
    if mine && !metadata.file_type().is_symlink() && metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    let reason = format!("`{}` must belong to this user and be writable by nobody else", path.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}
