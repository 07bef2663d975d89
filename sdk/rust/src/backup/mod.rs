//! Backups: shared by all plugins that make them. A plugin only says where the bytes come from ([`Source`]); [`Backups::make`] stores
//! them, reads them back, has the operator's retention applied and shows what there is, the same for all.
//!
//! Whether a backup is whole is the host's to say: it checks the format and the least size as the bytes pass, and stores nothing unless
//! the producer ended well.

mod metrics;
mod report;
mod sizes;
mod source;

use std::time::Duration;

pub use self::{
    metrics::Metrics,
    report::{Report, show_bytes},
    sizes::Size,
    source::{Problem, Source},
};
use self::{metrics::Seen, sizes::Usual};
use crate::{
    Error,
    artifacts::{self, Artifact, Check, Options, Retention},
    clock, context, warn,
};

/// The newest artifacts that are looked at for what was proved of them.
const LOOKED_AT: u32 = 32;

/// What an operator says of all backups of a job: `minimum_size` and `read_back` in a plugin's config.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A smaller backup is a failure.
    pub minimum_size: Size,
    /// Whether all that was stored is read back at once.
    pub read_back: bool,
}

/// For `#[serde(default = "backup::read_back")]`: what was stored is read back.
pub const fn read_back() -> bool {
    true
}

/// The backups of a run. One that fails leaves the others be; [`Backups::finish`] says what came of all.
///
/// ```
/// use watchkeeper_sdk::{backup::{self, Backups, Size, Source}, artifacts::Check, prelude::*};
///
/// #[config]
/// struct Config {
///     /// A smaller backup is a failure.
///     #[serde(default = "minimum_size")]
///     #[schemars(with = "String")]
///     minimum_size: Size,
///     /// Whether all that was stored is read back at once.
///     #[serde(default = "backup::read_back")]
///     read_back: bool,
/// }
///
/// fn minimum_size() -> Size {
///     Size::bytes(100)
/// }
///
/// #[derive(Metrics)]
/// struct Metrics {
///     #[metric(flatten)]
///     backup: backup::Metrics,
/// }
///
/// async fn run(config: Config, metrics: &Metrics) -> Result<String> {
///     let settings = backup::Settings { minimum_size: config.minimum_size, read_back: config.read_back };
///     let mut backups = Backups::new(settings, &metrics.backup);
///     backups.make("app", Check::PgCustom, async || Ok(command::run("pg_dump", &[("database", "app")], None).await?.into())).await;
///     backups.finish()
/// }
/// ```
#[derive(Debug)]
pub struct Backups<'a> {
    settings: Settings,
    metrics: &'a Metrics,
    report: Report,
}

impl<'a> Backups<'a> {
    /// None yet.
    pub fn new(settings: Settings, metrics: &'a Metrics) -> Self {
        Self { settings, metrics, report: Report::default() }
    }

    /// Makes one backup: an artifact of this name, of what `produce` begins. Reads it back, and has the operator's policy applied only
    /// if all of that went well. The artifact, unless something is wrong or nothing is stored in a dry run; what is wrong fails the run
    /// in [`Backups::finish`].
    pub async fn make(
        &mut self,
        name: &str,
        check: Check,
        produce: impl AsyncFnOnce() -> Result<Source, Problem>,
    ) -> Option<Artifact> {
        context::progress(&format!("backing up {name}"), 0, None);
        match self.try_make(name, check, produce).await {
            Ok(artifact) => Some(artifact),
            Err(Problem::DryRun(_)) => {
                self.report.done(format!("would back up {name}"));
                None
            }
            Err(Problem::Failed(error)) => {
                self.problem(format!("`{name}`"), error);
                None
            }
        }
    }

    /// Adds something else that went wrong: the run fails with it, after all else was done.
    pub fn problem(&mut self, what: impl Into<String>, error: impl Into<Error>) {
        self.report.problem(what, error);
    }

    /// Adds something for the end of the line.
    pub fn note(&mut self, note: impl Into<String>) {
        self.report.done(note);
    }

    /// The line of a run in which nothing is wrong.
    ///
    /// # Errors
    /// The worst that happened, with all that happened in its text.
    pub fn finish(self) -> Result<String, Error> {
        self.report.finish()
    }

    async fn try_make(
        &mut self,
        name: &str,
        check: Check,
        produce: impl AsyncFnOnce() -> Result<Source, Problem>,
    ) -> Result<Artifact, Problem> {
        let begun = clock::now();
        let Source { content, complete, metadata, minimum_size } = produce().await?;
        let minimum_size = minimum_size.unwrap_or(self.settings.minimum_size).as_bytes();
        let options = Options { check, minimum_size, metadata };
        let made = artifacts::put(name, content, complete, options).await?;
        let took = clock::now().saturating_sub(begun);
        let verified = match self.settings.read_back {
            true => Some(self.read_back(&made).await?),
            false => None,
        };
        let stored = |error: Error| error.with(format!("{} was stored, but {error}", made.path));
        let earlier = self.earlier(name, &made).await.map_err(stored)?;
        let retention = artifacts::retain(name).await.map_err(|error| stored(error.into()))?;
        self.show(name, &made, took, verified, &earlier, &retention);
        Ok(made)
    }

    /// Reads all of it back; when that was.
    async fn read_back(&self, made: &Artifact) -> Result<Duration, Error> {
        match artifacts::verify(&made.path, 0, 1).await {
            Ok(reading) if reading.verified => Ok(clock::now()),
            Ok(_) => Err(Error::failed(format!("{} was stored, and not all of it was read back", made.path))),
            Err(error) => {
                let text = format!("{} was stored, and can't be read back: {error}", made.path);
                Err(Error::from(error).with(text))
            }
        }
    }

    /// Those before it; a store may list late, so it may not be among them itself.
    async fn earlier(&self, name: &str, made: &Artifact) -> Result<Vec<Artifact>, Error> {
        let newest = artifacts::entries(&format!("{}/{name}/", context::job()), LOOKED_AT).await?;
        Ok(newest.into_iter().filter(|artifact| artifact.path != made.path).collect())
    }

    fn show(
        &mut self,
        name: &str,
        made: &Artifact,
        took: Duration,
        verified: Option<Duration>,
        earlier: &[Artifact],
        retention: &Retention,
    ) {
        let usual = Usual::of(earlier);
        let ratio = usual.map(|usual| usual.ratio(made.size));
        if let (Some(usual), Some(ratio)) = (usual, ratio)
            && !Usual::EXPECTED.contains(&ratio)
        {
            let (size, median) = (show_bytes(made.size), show_bytes(usual.median));
            warn!(backup = name, "it has {size}, {:.0} % of the median {median} of those before it", ratio * 100.0);
            self.report.done(format!("{name} has {:.0} % of its usual size", ratio * 100.0));
        }
        self.metrics.show(name, &Seen { made, took, verified, earlier, retention, ratio });
        let proved = if verified.is_some() { "read back" } else { "not read back" };
        let (size, stored) = (show_bytes(made.size), show_bytes(made.stored_size));
        self.report.done(format!("{name}: {size}, {stored} stored, {proved}, {} kept", retention.kept));
        if !retention.deleted.is_empty() {
            self.report.done(format!("{} of {name} deleted by the policy", retention.deleted.len()));
        }
    }
}
