//! A command of one configuration: its arguments, filled with what a plugin says, and the places for it.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf, sync::Arc};

use tokio::{runtime::Handle, sync::Semaphore};
use watchkeeper_config::{Argument, CommandSettings, Piece};
use watchkeeper_contract::clean;
use watchkeeper_ledger::Ledger;
use watchkeeper_model::{Clock, JobName};

use crate::{CommandError, CommandMetrics};

/// A program that jobs can be granted.
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) settings: CommandSettings,
    /// Places for it among all jobs.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) house: Arc<House>,
}

/// What commands need of the process.
pub(crate) struct House {
    /// The program that answers to [`crate::SUBCOMMAND`].
    pub(crate) launcher: PathBuf,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) metrics: CommandMetrics,
    /// Where processes are kept: not where guests run.
    pub(crate) runtime: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    /// The machine's boot, as its kernel names it.
    pub(crate) boot: String,
}

impl Command {
    /// The program's arguments with their holes filled.
    ///
    /// # Errors
    /// [`CommandError::Denied`]: a hole is missing, unknown, filled twice, or with what it doesn't admit.
    pub(crate) fn arguments(&self, job: &JobName, filled: &[(String, String)]) -> Result<Vec<String>, CommandError> {
        let denied = |hole: &str, why: &str| {
            let (name, hole) = (&self.name, clean(hole, 128));
            CommandError::Denied(format!(
                "job `{job}`: command `{name}`: hole `{hole}`: {why}\nhint: see commands.{name}.holes.{hole} in watchkeeper.toml"
            ))
        };
        let mut values: BTreeMap<&str, &str> = BTreeMap::new();
        for (hole, value) in filled {
            let kind = self.settings.holes.get(hole).ok_or_else(|| denied(hole, "there is no such hole"))?;
            kind.admits(value).map_err(|why| denied(hole, &why))?;
            if values.insert(hole, value).is_some() {
                return Err(denied(hole, "it is filled twice"));
            }
        }
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => Ok(text.as_str().to_owned()),
            Piece::Hole(hole) => values
                .get(hole.as_str())
                .map(|value| (*value).to_owned())
                .ok_or_else(|| denied(hole, "it isn't filled")),
        };
        self.settings.args.iter().map(|Argument(pieces)| pieces.iter().map(piece).collect()).collect()
    }

    /// The command line as people read it, without the environment.
    pub(crate) fn line(&self, arguments: &[String]) -> String {
        let mut line = word(&self.settings.program.to_string_lossy());
        for argument in arguments {
            let _infallible = write!(line, " {}", word(argument));
        }
        line
    }

    /// What a job that has it can do, in one line.
    pub(crate) fn describe(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Hole(hole) => format!("{{{hole}}}"),
        };
        let arguments: Vec<String> =
            self.settings.args.iter().map(|Argument(pieces)| pieces.iter().map(piece).collect()).collect();
        let user = self.settings.user.as_ref().map(|user| format!(" as {user}")).unwrap_or_default();
        format!("runs {}: {}{user}", self.name, self.line(&arguments))
    }
}

/// A word of a command line, in quotes where it isn't plain.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=/.,:+@%{}".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("{text:?}") }
}
