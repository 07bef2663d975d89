//! Hot reload. The unit is the file: each job file is its own, each plugin file is one for all jobs that use it, and
//! `watchkeeper.toml` is one. A file is read, checked and compiled aside; only what is right replaces what runs.
//!
//! Here are the pass over all files, the shared configuration, and how a file is read; [`jobs`] and [`plugins`] are beside.

mod jobs;
mod plugins;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use watchkeeper_config::{Fingerprint, JobSpec, Settings, TrustError, read_trusted};
use watchkeeper_contract::TellHead;
use watchkeeper_ledger::{JobRecord, Ledger};
use watchkeeper_metrics::Store;
use watchkeeper_model::JobName;

use crate::{
    Opener,
    board::Board,
    conductor::Conductor,
    files::{Files, Look, REST},
    job::{Job, Scheduled, Workshop},
    plugins::Plugins,
};

/// A configuration file larger than this is a mistake.
const CONFIG_BYTES: u64 = 1 << 20;
const JOB: &str = "job";
const PLUGIN: &str = "plugin";
const CONFIG: &str = "config";

/// Where variables of `watchkeeper.toml` come from.
pub(crate) type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The rooms that a loader reads for and writes to.
pub(crate) struct Loader {
    pub(crate) config: PathBuf,
    pub(crate) workshop: Workshop,
    /// The same, for those who only look.
    pub(crate) shared: Arc<ArcSwap<Workshop>>,
    pub(crate) opener: Opener,
    pub(crate) environment: Environment,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) conductor: Arc<Conductor>,
    pub(crate) series: Arc<Store>,
    pub(crate) board: Arc<Board>,
    pub(crate) files: Files,
    pub(crate) plugins: Plugins,
    pub(crate) known: KnownFiles,
    /// Checked jobs that the conductor doesn't have yet.
    pub(crate) made: BTreeMap<JobName, Arc<Scheduled>>,
    /// The jobs that the ledger knew at the start, until the folder was read whole.
    pub(crate) recorded: Option<Vec<JobRecord>>,
}

/// What the folders held at the last look.
#[derive(Default)]
pub(crate) struct KnownFiles {
    jobs: BTreeMap<JobName, Known>,
    /// What is wrong beside the jobs' files: misnamed ones, or the folder itself.
    beside: BTreeSet<PathBuf>,
    /// Whether this pass changed what runs.
    applied: bool,
    /// Whether the folder could be read.
    complete: bool,
}

/// A job file.
struct Known {
    path: PathBuf,
    /// What it says, if that could be read; what runs may be older.
    wanted: Option<JobSpec>,
    active: Option<Arc<Scheduled>>,
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    /// A file rests, or a plugin compiles, and this much later there is more to do.
    pub(crate) again: Option<Duration>,
}

impl Loader {
    /// Looks at all files once and applies what changed and rests. Where that changed what runs, everything refused is
    /// worth another look: two files may be right only together.
    pub(crate) async fn pass(&mut self) -> Pass {
        self.known.applied = false;
        let mut again = None;
        self.look_at_settings(&mut again).await;
        let changed = self.look_at_jobs(&mut again).await;
        let swapped = self.look_at_plugins(&changed, &mut again).await;
        for name in self.to_make(changed, &swapped) {
            self.make(&name, &mut again).await;
        }
        self.apply_made().await;
        self.follow_heads();
        self.forget_unused();
        if self.known.applied && self.look_at_refused_again() {
            sooner(&mut again, Duration::ZERO);
        }
        if again.is_none() {
            self.board.passed();
        }
        Pass { again }
    }

    /// Has the chains tell of the heads that jobs follow.
    fn follow_heads(&self) {
        let feeds = self.conductor.feeds();
        let conductor = Arc::clone(&self.conductor);
        let tell: TellHead = Arc::new(move |feed, head| conductor.head(feed, head));
        self.workshop.open.iter().for_each(|open| open.follow(&feeds, &tell));
    }

    /// Somebody asked: everything that was refused is read, and compiled, once more.
    pub(crate) fn retry_refused(&mut self) {
        self.plugins.forget_failures();
        self.look_at_refused_again();
    }

    /// The folders whose changes matter.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let settings = &self.workshop.settings;
        let of_config = self.config.parent().filter(|folder| !folder.as_os_str().is_empty());
        let config = of_config.unwrap_or(Path::new(".")).to_owned();
        vec![config, settings.jobs.clone(), settings.plugins.clone()]
    }

    /// The next pass takes every refused file as changed. False: there is none.
    fn look_at_refused_again(&mut self) -> bool {
        let refused = self.board.all().into_iter().filter(|file| !file.ok);
        refused.map(|file| self.files.again(Path::new(&file.path))).count() > 0
    }

    async fn look_at_settings(&mut self, again: &mut Option<Duration>) {
        let path = self.config.clone();
        match self.files.look(&path) {
            Look::Unchanged => {}
            Look::Resting(left) => sooner(again, left),
            Look::Gone => {
                self.files.handled(&path);
                self.board.refused(CONFIG, &path, &format!("{}: is gone: what it said goes on", path.display()));
            }
            Look::Changed => {
                let begun = Instant::now();
                let Some((bytes, read)) = self.read(CONFIG, &path, CONFIG_BYTES, again) else { return };
                self.files.handled_as(&path, read);
                match self.reload_settings(&path, bytes).await {
                    Ok(()) => self.board.loaded(CONFIG, &path, begun),
                    Err(reason) => self.board.refused(CONFIG, &path, &reason),
                }
            }
        }
    }

    /// Opens the new configuration's capabilities and gives every job its grants of them, or changes nothing.
    async fn reload_settings(&mut self, path: &Path, bytes: Vec<u8>) -> Result<(), String> {
        let text = utf8(path, bytes)?;
        let settings = Settings::parse(path, &text, &self.environment).map_err(|error| error.to_string())?;
        fixed_at_start(path, &self.workshop.settings, &settings)?;
        let open = (self.opener)(&settings, &self.ledger)?;
        let workshop = Workshop { settings: settings.into(), open: open.into(), ..self.workshop.clone() };
        let mut changed = Vec::new();
        for active in self.known.jobs.values().filter_map(|known| known.active.as_ref()) {
            let job = &active.job;
            let grants = workshop
                .grants(&job.spec, &job.plugin.component)
                .map_err(|error| format!("{}: a job needs what it no longer has\n{error}", path.display()))?;
            let job = Job { grants, ..job.as_ref().clone() };
            changed.push(Arc::new(Scheduled { job: job.into(), declaration: active.declaration.clone() }));
        }
        self.shared.store(Arc::new(workshop.clone()));
        workshop.open.iter().for_each(|open| open.begin());
        self.workshop = workshop;
        self.activate(changed);
        self.apply_made().await;
        self.known.applied = true;
        Ok(())
    }

    /// Reads a file that came to rest. None: it can't be read, which shows, or it changed since, and rests anew.
    fn read(
        &mut self,
        kind: &str,
        path: &Path,
        limit: u64,
        again: &mut Option<Duration>,
    ) -> Option<(Vec<u8>, Fingerprint)> {
        match read_trusted(path, limit) {
            Ok((bytes, read)) if self.files.rested_as(path, read) => Some((bytes, read)),
            Ok(_) | Err(TrustError::Changing { .. }) => {
                sooner(again, REST);
                None
            }
            // What keeps it from being read may pass without a change of the file: it isn't handled yet.
            Err(error) => {
                self.board.refused(kind, path, &error.to_string());
                None
            }
        }
    }

    /// Gives jobs their place in the metrics store; they run once the pass has made all it can.
    fn declare(&mut self, jobs: Vec<Job>) -> Result<(), String> {
        let families: Vec<_> = jobs.iter().map(Job::to_declare).collect();
        let declarations = self.series.declare(&families).map_err(|error| error.to_string())?;
        let scheduled = jobs.into_iter().zip(declarations);
        self.activate(
            scheduled.map(|(job, declaration)| Arc::new(Scheduled { job: job.into(), declaration })).collect(),
        );
        Ok(())
    }

    fn activate(&mut self, scheduled: Vec<Arc<Scheduled>>) {
        for scheduled in &scheduled {
            if let Some(known) = self.known.jobs.get_mut(&scheduled.job.spec.name) {
                known.active = Some(Arc::clone(scheduled));
                self.known.applied = true;
            }
        }
        self.made.extend(scheduled.into_iter().map(|made| (made.job.spec.name.clone(), made)));
    }

    /// Has what was made run, all of it at once.
    pub(super) async fn apply_made(&mut self) {
        self.conductor.apply(std::mem::take(&mut self.made)).await;
        if let Some(before) = self.known.complete.then(|| self.recorded.take()).flatten() {
            let jobs = &self.known.jobs;
            self.conductor.retire_absent(&before, |name| jobs.contains_key(name)).await;
        }
    }
}

fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| format!("{}: is not UTF-8 text", path.display()))
}

/// What a process can't change while it runs.
fn fixed_at_start(path: &Path, before: &Settings, after: &Settings) -> Result<(), String> {
    let fixed = [
        ("server", before.server == after.server),
        ("store", before.store == after.store),
        ("plugins", before.plugins == after.plugins),
        ("jobs", before.jobs == after.jobs),
        ("retention", before.retention == after.retention),
        ("limits", before.limits == after.limits),
    ];
    match fixed.iter().find(|(_, same)| !same) {
        Some((key, _)) => Err(format!(
            "{}: {key}: can't change while watchkeeper runs\nhint: restart it to use the new `[{key}]`",
            path.display()
        )),
        None => Ok(()),
    }
}

fn sooner(again: &mut Option<Duration>, left: Duration) {
    *again = Some(again.map_or(left, |other| other.min(left)));
}
