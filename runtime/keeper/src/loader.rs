//! Hot reload. The unit is the file: each job file is its own, each plugin file is one for all jobs that use it, and
//! `watchkeeper.toml` is one. A file is read, checked and compiled aside; only what is right replaces what runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use watchkeeper_config::{JobSpec, Settings, list_jobs, read_trusted};
use watchkeeper_ledger::Ledger;
use watchkeeper_metrics::Store;
use watchkeeper_model::{JobName, PluginName};
use watchkeeper_sandbox::Component;

use crate::{
    Opener,
    board::Board,
    conductor::Conductor,
    files::{Files, Look},
    job::{Job, JobError, Scheduled, Workshop},
    plugins::{Plugins, Ready},
};

/// A configuration file larger than this is a mistake.
const CONFIG_BYTES: u64 = 1 << 20;
const JOB: &str = "job";
const PLUGIN: &str = "plugin";
const CONFIG: &str = "config";

/// Where variables of `watchkeeper.toml` come from.
pub(crate) type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Keeps what runs as the files say.
pub(crate) struct Loader {
    pub(crate) config: PathBuf,
    pub(crate) workshop: Workshop,
    pub(crate) opener: Opener,
    pub(crate) environment: Environment,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) conductor: Arc<Conductor>,
    pub(crate) series: Arc<Store>,
    pub(crate) board: Arc<Board>,
    pub(crate) files: Files,
    pub(crate) plugins: Plugins,
    pub(crate) jobs: BTreeMap<JobName, Known>,
}

/// A job file.
pub(crate) struct Known {
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
    /// Looks at all files once and applies what changed and rests.
    pub(crate) async fn pass(&mut self) -> Pass {
        let mut again = self.look_at_settings();
        let mut matter = BTreeSet::from([self.config.clone()]);
        let changed = self.look_at_jobs(&mut again, &mut matter);
        let swapped = self.look_at_plugins(&mut again).await;
        for name in self.to_make(changed, &swapped) {
            self.make(&name, &mut again).await;
        }
        matter.extend(self.jobs.values().map(|known| known.path.clone()));
        matter.extend(self.jobs.values().filter_map(Known::plugin).map(|plugin| self.plugin_path(&plugin)));
        self.board.keep(&matter);
        self.plugins.forget_unused(self.jobs.values().filter_map(|known| known.wanted.as_ref()));
        if again.is_none() {
            self.board.passed();
        }
        Pass { again }
    }

    /// Looks afresh at every file that was refused, so that what was mended elsewhere counts.
    pub(crate) fn retry_refused(&mut self) {
        let refused = self.board.all().into_iter().filter(|file| !file.ok);
        refused.for_each(|file| self.files.again(Path::new(&file.path)));
    }

    /// The folders whose changes matter.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let settings = &self.workshop.settings;
        let of_config = self.config.parent().filter(|folder| !folder.as_os_str().is_empty());
        let config = of_config.unwrap_or(Path::new(".")).to_owned();
        vec![config, settings.jobs.clone(), settings.plugins.clone()]
    }

    fn look_at_settings(&mut self) -> Option<Duration> {
        let path = self.config.clone();
        match self.files.look(&path) {
            Look::Unchanged => {}
            Look::Resting(left) => return Some(left),
            Look::Gone => {
                self.files.handled(&path);
                self.board.refused(CONFIG, &path, &format!("{}: is gone: what it said goes on", path.display()));
            }
            Look::Changed => {
                self.files.handled(&path);
                let begun = Instant::now();
                match self.reload_settings(&path) {
                    Ok(()) => self.board.loaded(CONFIG, &path, begun),
                    Err(reason) => self.board.refused(CONFIG, &path, &reason),
                }
            }
        }
        None
    }

    /// Opens the new configuration's capabilities and gives every job its grants of them, or changes nothing.
    fn reload_settings(&mut self, path: &Path) -> Result<(), String> {
        let (bytes, _) = read_trusted(path, CONFIG_BYTES).map_err(|error| error.to_string())?;
        let text = utf8(path, bytes)?;
        let settings = Settings::parse(path, &text, &self.environment).map_err(|error| error.to_string())?;
        fixed_at_start(path, &self.workshop.settings, &settings)?;
        let open = (self.opener)(&settings, &self.ledger)?;
        let workshop = Workshop { settings: settings.into(), open: open.into(), ..self.workshop.clone() };
        let mut changed = Vec::new();
        for active in self.jobs.values().filter_map(|known| known.active.as_ref()) {
            let job = &active.job;
            let grants = workshop.grants(&job.spec, &job.plugin.component).map_err(|error| error.to_string())?;
            let job = Job { grants, ..job.as_ref().clone() };
            changed.push(Arc::new(Scheduled { job: job.into(), declaration: active.declaration.clone() }));
        }
        self.workshop = workshop;
        self.activate(changed);
        Ok(())
    }

    /// Removes jobs whose file is gone, and reads those that changed. A folder that can't be read changes nothing.
    fn look_at_jobs(&mut self, again: &mut Option<Duration>, matter: &mut BTreeSet<PathBuf>) -> Vec<JobName> {
        let folder = self.workshop.settings.jobs.clone();
        let listed = match list_jobs(&folder) {
            Ok(listed) => listed,
            Err(error) => {
                self.board.refused(JOB, &folder, &error.to_string());
                matter.insert(folder);
                return Vec::new();
            }
        };
        for error in listed.misnamed {
            self.board.refused(JOB, &error.file, &error.to_string());
            matter.insert(error.file);
        }
        for (name, path) in listed.jobs {
            self.jobs.entry(name).or_insert_with(|| Known { path, wanted: None, active: None });
        }
        let names: Vec<JobName> = self.jobs.keys().cloned().collect();
        names.into_iter().filter(|name| self.look_at_job(name, again)).collect()
    }

    /// Whether the job has a new wish.
    fn look_at_job(&mut self, name: &JobName, again: &mut Option<Duration>) -> bool {
        let Some(known) = self.jobs.get_mut(name) else { return false };
        let path = known.path.clone();
        match self.files.look(&path) {
            Look::Unchanged => false,
            Look::Resting(left) => {
                sooner(again, left);
                false
            }
            Look::Gone => {
                self.remove(name, &path);
                false
            }
            Look::Changed => {
                let parsed = match read_trusted(&path, CONFIG_BYTES) {
                    Ok((bytes, read)) => {
                        self.files.handled_as(&path, read);
                        utf8(&path, bytes)
                            .and_then(|text| JobSpec::parse(&path, &text).map_err(|error| error.to_string()))
                    }
                    // What keeps it from being read may pass without a change of the file: it isn't handled yet.
                    Err(error) => Err(error.to_string()),
                };
                match parsed {
                    Ok(spec) => {
                        known.wanted = Some(spec);
                        true
                    }
                    Err(reason) => {
                        self.board.refused(JOB, &path, &reason);
                        false
                    }
                }
            }
        }
    }

    fn remove(&mut self, name: &JobName, path: &Path) {
        self.conductor.remove(name);
        self.series.remove(name);
        self.jobs.remove(name);
        self.files.forget(path);
        tracing::info!(job = %name, "removed");
    }

    /// Reads the plugins that changed, and swaps those that all their jobs can run. Returns what was swapped.
    async fn look_at_plugins(&mut self, again: &mut Option<Duration>) -> Vec<PluginName> {
        let mut wanted: Vec<PluginName> = self.jobs.values().filter_map(Known::plugin).collect();
        wanted.sort();
        wanted.dedup();
        let mut swapped = Vec::new();
        for plugin in wanted {
            let path = self.plugin_path(&plugin);
            match self.files.look(&path) {
                Look::Unchanged => {}
                Look::Resting(left) => sooner(again, left),
                Look::Gone => {
                    self.files.handled(&path);
                    let hint = "hint: build it with `watchkeeper plugin build`, or name another plugin";
                    self.board.refused(PLUGIN, &path, &format!("{}: there is no such plugin\n{hint}", path.display()));
                }
                Look::Changed => {
                    if self.swap(&plugin, &path, again).await {
                        swapped.push(plugin);
                    }
                }
            }
        }
        swapped
    }

    /// All active jobs of a plugin move to its new version together, or none does.
    async fn swap(&mut self, plugin: &PluginName, path: &Path, again: &mut Option<Duration>) -> bool {
        let begun = Instant::now();
        let (bytes, read) = match read_trusted(path, self.workshop.settings.limits.component_size) {
            Ok(read) => read,
            Err(error) => {
                self.board.refused(PLUGIN, path, &error.to_string());
                return false;
            }
        };
        match self.try_swap(plugin, bytes, again).await {
            Ok(Some(component)) => {
                self.files.handled_as(path, read);
                self.plugins.adopt(plugin, component);
                self.board.loaded(PLUGIN, path, begun);
                true
            }
            Ok(None) => false,
            Err(reason) => {
                self.files.handled_as(path, read);
                self.board.refused(PLUGIN, path, &format!("{}: {reason}", path.display()));
                false
            }
        }
    }

    /// None: the component is still being compiled, and the file will be looked at again.
    async fn try_swap(
        &mut self,
        plugin: &PluginName,
        bytes: Vec<u8>,
        again: &mut Option<Duration>,
    ) -> Result<Option<Component>, String> {
        let component =
            Component::read(bytes, self.workshop.sandbox.capabilities()).map_err(|error| error.to_string())?;
        let users: Vec<Arc<Scheduled>> = self.active(plugin).cloned().collect();
        let mut granted = Vec::new();
        for user in &users {
            let spec = user.job.spec.clone();
            let grants = self.workshop.grants(&spec, &component).map_err(|error| error.to_string())?;
            granted.push((spec, grants));
        }
        if users.is_empty() && !self.any_could_use(plugin, &component) {
            // Nobody may run it: the jobs' own files say why, and nothing is compiled.
            return Ok(Some(component));
        }
        let ready = match self.plugins.prepare(&self.workshop.sandbox, &component) {
            Ready::Yes(ready) => ready,
            Ready::NotYet(left) => {
                sooner(again, left);
                return Ok(None);
            }
            Ready::Never(reason) => return Err(reason),
        };
        let mut jobs = Vec::new();
        for (spec, grants) in granted {
            let made = self.workshop.finish(spec, grants, Arc::clone(&ready)).await;
            jobs.push(made.map_err(|error| error.to_string())?);
        }
        self.declare(jobs)?;
        Ok(Some(component))
    }

    /// Jobs with a new wish, and those that don't run what they wish and whose plugin is new.
    fn to_make(&self, mut changed: Vec<JobName>, swapped: &[PluginName]) -> Vec<JobName> {
        let waiting = self
            .jobs
            .iter()
            .filter(|(_, known)| known.is_behind() && known.plugin().is_some_and(|plugin| swapped.contains(&plugin)));
        changed.extend(waiting.map(|(name, _)| name.clone()));
        changed.sort();
        changed.dedup();
        changed
    }

    async fn make(&mut self, name: &JobName, again: &mut Option<Duration>) {
        let Some((path, spec)) =
            self.jobs.get(name).and_then(|known| Some((known.path.clone(), known.wanted.clone()?)))
        else {
            return;
        };
        let begun = Instant::now();
        let made = match self.try_make(spec, again).await {
            Ok(Some(job)) => self.declare(vec![job]),
            Ok(None) => {
                self.files.again(&path);
                return;
            }
            Err(error) => Err(match error {
                JobError::Config(error) => error.to_string(),
                error => format!("{}: {error}", path.display()),
            }),
        };
        match made {
            Ok(()) => self.board.loaded(JOB, &path, begun),
            Err(reason) => self.board.refused(JOB, &path, &reason),
        }
    }

    async fn try_make(&mut self, spec: JobSpec, again: &mut Option<Duration>) -> Result<Option<Job>, JobError> {
        let Some(component) = self.plugins.current(&spec.plugin).cloned() else {
            let path = self.plugin_path(&spec.plugin);
            if let Look::Resting(left) = self.files.look(&path) {
                sooner(again, left);
                return Ok(None);
            }
            if self.plugins.is_preparing() {
                sooner(again, crate::plugins::POLL);
                return Ok(None);
            }
            let hint = format!("put it at {}, or name another plugin", path.display());
            return Err(spec.origin.error(&["plugin"], format!("no plugin `{}` is loaded", spec.plugin), hint).into());
        };
        let grants = self.workshop.grants(&spec, &component)?;
        match self.plugins.prepare(&self.workshop.sandbox, &component) {
            Ready::Yes(plugin) => self.workshop.finish(spec, grants, plugin).await.map(Some),
            Ready::NotYet(left) => {
                sooner(again, left);
                Ok(None)
            }
            Ready::Never(message) => Err(JobError::Families { plugin: spec.plugin.to_string(), message }),
        }
    }

    /// Gives jobs their place in the metrics store, and has them run.
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
            if let Some(known) = self.jobs.get_mut(&scheduled.job.spec.name) {
                known.active = Some(Arc::clone(scheduled));
            }
        }
        self.conductor.apply(scheduled);
    }

    fn active(&self, plugin: &PluginName) -> impl Iterator<Item = &Arc<Scheduled>> {
        let active = self.jobs.values().filter_map(|known| known.active.as_ref());
        active.filter(move |scheduled| scheduled.job.spec.plugin == *plugin)
    }

    fn any_could_use(&self, plugin: &PluginName, component: &Component) -> bool {
        let wanted = self.jobs.values().filter_map(|known| known.wanted.as_ref());
        wanted.filter(|spec| spec.plugin == *plugin).any(|spec| self.workshop.grants(spec, component).is_ok())
    }

    fn plugin_path(&self, plugin: &PluginName) -> PathBuf {
        self.workshop.settings.plugins.join(format!("{plugin}.wasm"))
    }
}

impl Known {
    fn plugin(&self) -> Option<PluginName> {
        self.wanted.as_ref().map(|spec| spec.plugin.clone())
    }

    /// Whether something else runs than the file says, or nothing.
    fn is_behind(&self) -> bool {
        match (&self.wanted, &self.active) {
            (Some(wanted), Some(active)) => active.job.spec != *wanted,
            (wanted, _) => wanted.is_some(),
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
