//! The commands of one configuration. Made anew when the configuration changes; the places for a command outlive it.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use rustix::{fs::Access, process::geteuid};
use tokio::{runtime::Handle, sync::Semaphore};
use watchkeeper_config::{CommandSettings, TrustError, read_trusted};
use watchkeeper_contract::{Grant, GrantError, Open};
use watchkeeper_ledger::Ledger;
use watchkeeper_model::{Clock, JobName};

use crate::{
    CommandMetrics, NAME,
    command::{Command, House},
    grant, recover, stat, telemetry,
};

/// The places for commands by their names: one set for a process, so that two configurations don't run more than one allows.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Mutex<BTreeMap<String, Allowed>>>);

/// How many there are, and those that are free.
type Allowed = (u64, Arc<Semaphore>);

/// What commands need of the process.
pub struct Parts<'a> {
    /// `[commands]` of `watchkeeper.toml`.
    pub settings: &'a BTreeMap<String, CommandSettings>,
    /// Where processes are recorded.
    pub ledger: &'a Arc<Ledger>,
    /// The program that answers to [`crate::SUBCOMMAND`] with [`crate::launch`].
    pub launcher: &'a Path,
    /// The places for commands.
    pub places: &'a Places,
    /// The series of all commands.
    pub metrics: &'a CommandMetrics,
    /// Where processes are kept: not where guests run.
    pub runtime: &'a Handle,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
}

/// Why commands can't be opened. Names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The program isn't there, can't be run, or others could change it.
    #[error("commands.{command}.program: {problem}")]
    Program {
        /// Whose.
        command: String,
        /// What is wrong, with a hint.
        problem: String,
    },
    /// The folder isn't one.
    #[error("commands.{command}.folder: {}: not a folder\nhint: make it, or name another one", path.display())]
    Folder {
        /// Whose.
        command: String,
        /// What was named.
        path: PathBuf,
    },
    /// The program can't be run as this user.
    #[error("commands.{command}.user: {problem}")]
    User {
        /// Whose.
        command: String,
        /// What is wrong, with a hint.
        problem: String,
    },
    /// Processes can't be told apart here.
    #[error("commands: {path}: {problem}\nhint: commands need Linux with /proc")]
    System {
        /// What can't be read.
        path: &'static str,
        /// Why.
        problem: String,
    },
}

/// All commands that a configuration names.
pub struct Commands {
    commands: BTreeMap<String, Arc<Command>>,
    house: Arc<House>,
}

impl Commands {
    /// Opens commands: programs and users are looked at, nothing runs.
    ///
    /// # Errors
    /// [`OpenError`], which names the key.
    pub fn open(parts: &Parts<'_>) -> Result<Self, OpenError> {
        let boot = match fs::read_to_string(stat::BOOT) {
            Ok(boot) => boot.trim().to_owned(),
            Err(_) if parts.settings.is_empty() => String::new(),
            Err(error) => return Err(OpenError::System { path: stat::BOOT, problem: error.to_string() }),
        };
        let house = Arc::new(House {
            launcher: parts.launcher.to_owned(),
            ledger: Arc::clone(parts.ledger),
            metrics: parts.metrics.clone(),
            runtime: parts.runtime.clone(),
            clock: Arc::clone(parts.clock),
            boot,
        });
        let mut commands = BTreeMap::new();
        for (name, settings) in parts.settings {
            let command = || name.clone();
            check_program(&settings.program).map_err(|problem| OpenError::Program { command: command(), problem })?;
            if !settings.folder.is_dir() {
                return Err(OpenError::Folder { command: command(), path: settings.folder.clone() });
            }
            if let Some(user) = &settings.user {
                check_user(user).map_err(|problem| OpenError::User { command: command(), problem })?;
            }
            let places = parts.places.of(name, settings.max_concurrent);
            let command = Command { name: name.clone(), settings: settings.clone(), places, house: Arc::clone(&house) };
            commands.insert(name.clone(), Arc::new(command));
        }
        Ok(Self { commands, house })
    }
}

impl Places {
    /// The places for a command; new ones where the operator allows another number than before.
    fn of(&self, name: &str, count: u64) -> Arc<Semaphore> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (allowed, places) = places.entry(name.to_owned()).or_insert_with(|| (count, semaphore(count)));
        if *allowed != count {
            (*allowed, *places) = (count, semaphore(count));
        }
        Arc::clone(places)
    }
}

fn semaphore(count: u64) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1)))
}

#[async_trait]
impl Open for Commands {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(grant::parse(&self.commands, written)?))
    }

    async fn recover(&self) -> Result<(), String> {
        recover::recover(&self.house).await.map_err(|error| format!("commands of an earlier process: {error}"))
    }

    fn begin(&self) {
        for (name, command) in &self.commands {
            if command.settings.user.as_deref().is_none_or(is_own) {
                telemetry::same_user(name);
            }
        }
    }
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.commands.keys()).finish()
    }
}

/// Whether a program is there, can be run, and can be changed by nobody else.
///
/// # Errors
/// What is wrong, with a hint.
pub(crate) fn check_program(program: &Path) -> Result<(), String> {
    // Nothing of it is read: what is asked is only whether it is trusted.
    match read_trusted(program, 0) {
        Ok(_) | Err(TrustError::TooLarge { .. }) => {}
        Err(error @ TrustError::Untrusted { .. }) => return Err(error.to_string()),
        Err(error) => return Err(format!("{error}\nhint: name a program that is installed here, by its whole path")),
    }
    rustix::fs::access(program, Access::EXEC_OK)
        .map_err(|error| format!("{0}: can't be run: {error}\nhint: chmod +x {0}", program.display()))
}

fn check_user(name: &str) -> Result<(), String> {
    let user = nix::unistd::User::from_name(name)
        .map_err(|error| format!("users can't be looked up: {error}"))?
        .ok_or_else(|| format!("there is no user {name:?}\nhint: create it, or name another one"))?;
    if geteuid().is_root() || geteuid().as_raw() == user.uid.as_raw() {
        return Ok(());
    }
    Err(format!("only root can run a program as {name}\nhint: run watchkeeper as root, or leave `user` out"))
}

/// Whether this process runs as the user already.
fn is_own(user: &str) -> bool {
    let user = nix::unistd::User::from_name(user).ok().flatten();
    user.is_some_and(|user| user.uid.as_raw() == geteuid().as_raw())
}
