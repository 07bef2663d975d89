//! A Watchkeeper that backs the database up into a folder, and the same by hand.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::database::Database;
use crate::{built, deployment::Deployment, machine, node, watchkeeper::Watchkeeper};

/// A running Watchkeeper with the jobs `plain` and `secret`, whose stores are folders.
pub(crate) struct Stage {
    pub(crate) deployment: Deployment,
    pub(crate) watchkeeper: Watchkeeper,
}

impl Stage {
    /// `recipient` is whom `secret` encrypts to.
    ///
    /// # Errors
    /// There are no components, or it doesn't start.
    pub(crate) fn start(database: &Database, recipient: Option<&str>) -> Result<Self> {
        let deployment = Deployment::new(&node::start()?)?;
        let pg_dump = database.program("pg_dump");
        let environment = database.environment();
        let environment: Vec<String> = environment.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
        let store = |name: &str, more: &str| -> Result<String> {
            let folder = deployment.folder().join(name);
            fs::create_dir(&folder)?;
            Ok(format!("[artifacts.{name}]\nurl = \"file://{}\"\n{more}\n", folder.display()))
        };
        let recipients = recipient.map(|recipient| format!("recipients = [{recipient:?}]")).unwrap_or_default();
        deployment.configure(&format!(
            "[commands.pg_dump]\nprogram = {pg_dump:?}\nargs = [\"-Fc\", \"-Z0\", \"--dbname={{database}}\"]\n\
             holes.database = {{ type = \"name\" }}\nenv = {{ {} }}\n\n{}\n{}",
            environment.join(", "),
            store("plain", "")?,
            store("secret", &recipients)?,
        ))?;
        for name in ["plain", "secret"] {
            deployment.job(
                name,
                &format!(
                    "plugin = \"postgres-backup\"\nschedule = \"0 0 1 1 *\"\ntimeout = \"1h\"\n\n[config]\ndatabases = [\"bench\"]\n\
                     roles = false\nread_back = false\n\n[grants]\ncommand = [\"pg_dump\"]\n\n[grants.artifacts]\nstore = \"{name}\"\n\
                     write = true\n"
                ),
            )?;
        }
        deployment.plugin("postgres-backup", &built::component("postgres-backup")?)?;
        let mut watchkeeper = Watchkeeper::start(&deployment)?;
        watchkeeper.wait_until_ready()?;
        Ok(Self { deployment, watchkeeper })
    }

    /// Runs a job to its end; how long that took.
    ///
    /// # Errors
    /// The run failed.
    pub(crate) fn back_up(&self, job: &str) -> Result<Duration> {
        let begun = Instant::now();
        run(self.command(&["job", "run", job])?.stdout(Stdio::null()))?;
        Ok(begun.elapsed())
    }

    /// `watchkeeper` with this deployment.
    ///
    /// # Errors
    /// There is no built host.
    pub(crate) fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(built::watchkeeper()?);
        command.args(words).arg("--config").arg(self.deployment.config());
        Ok(command)
    }

    /// The content of the newest artifact of a job, as it lies in its store.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn stored(&self, job: &str) -> Result<PathBuf> {
        let folder = self.deployment.folder().join(job).join(job).join("bench");
        let newest =
            fs::read_dir(&folder)?.flatten().map(|entry| entry.path()).max().context("no artifact was stored")?;
        let content = fs::read_dir(&newest)?.flatten().map(|entry| entry.path());
        let mut content =
            content.filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"content")));
        content.next().with_context(|| format!("no content in {}", newest.display()))
    }

    /// The most memory that it held since [`Stage::forget_peak`], in KiB.
    ///
    /// # Errors
    /// It ended.
    pub(crate) fn peak(&self) -> Result<u64> {
        machine::peak(self.watchkeeper.id())
    }

    /// Begins anew to watch for the most memory; returns what is held now, in KiB.
    ///
    /// # Errors
    /// It ended, or belongs to somebody else.
    pub(crate) fn forget_peak(&self) -> Result<u64> {
        machine::forget_peak(self.watchkeeper.id())?;
        self.watchkeeper.resident()
    }
}

/// Runs a script with the database's environment; how long that took.
///
/// # Errors
/// It failed.
pub(crate) fn script(database: &Database, text: &str) -> Result<Duration> {
    let begun = Instant::now();
    let mut bash = Command::new("bash");
    run(bash.args(["-euo", "pipefail", "-c", text]).envs(database.environment()))?;
    Ok(begun.elapsed())
}

/// Runs a command to its end.
///
/// # Errors
/// It failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output();
    let output = output.with_context(|| format!("{program} does not start"))?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
