//! Job files: which there are, what each wishes, and how a wish becomes a job that runs.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use watchkeeper_config::{JobSpec, list_jobs};
use watchkeeper_model::{JobName, PluginName};

use super::{CONFIG_BYTES, JOB, Known, Loader, sooner, utf8};
use crate::{
    files::Look,
    job::{Job, JobError, covers},
    plugins::{POLL, Ready},
};

impl Loader {
    /// Removes jobs whose file is gone, and reads those that changed. A folder that can't be read changes nothing.
    pub(super) async fn look_at_jobs(&mut self, again: &mut Option<Duration>) -> Vec<JobName> {
        let folder = self.workshop.settings.jobs.clone();
        let listed = match list_jobs(&folder) {
            Ok(listed) => listed,
            Err(error) => {
                self.known.complete = false;
                self.board.refused(JOB, &folder, &error.to_string());
                self.known.beside = BTreeSet::from([folder]);
                return Vec::new();
            }
        };
        for error in &listed.misnamed {
            self.board.refused(JOB, &error.file, &error.to_string());
        }
        self.known.beside = listed.misnamed.into_iter().map(|error| error.file).collect();
        for (name, path) in listed.jobs {
            self.known.jobs.entry(name).or_insert_with(|| Known { path, wanted: None, active: None });
        }
        self.known.complete = true;
        let names: Vec<JobName> = self.known.jobs.keys().cloned().collect();
        let mut changed = Vec::new();
        for name in names {
            if self.look_at_job(&name, again).await {
                changed.push(name);
            }
        }
        changed
    }

    /// Whether the job has a new wish.
    async fn look_at_job(&mut self, name: &JobName, again: &mut Option<Duration>) -> bool {
        let Some(path) = self.known.jobs.get(name).map(|known| known.path.clone()) else { return false };
        match self.files.look(&path) {
            Look::Unchanged => {}
            Look::Resting(left) => sooner(again, left),
            Look::Gone => self.remove(name).await,
            Look::Changed => {
                let Some((bytes, read)) = self.read(JOB, &path, CONFIG_BYTES, again) else { return false };
                self.files.handled_as(&path, read);
                let parsed =
                    utf8(&path, bytes).and_then(|text| JobSpec::parse(&path, &text).map_err(|error| error.to_string()));
                match (parsed, self.known.jobs.get_mut(name)) {
                    (Ok(spec), Some(known)) => {
                        known.wanted = Some(spec);
                        return true;
                    }
                    (Err(reason), _) => self.board.refused(JOB, &path, &reason),
                    (Ok(_), None) => {}
                }
            }
        }
        false
    }

    async fn remove(&mut self, name: &JobName) {
        self.conductor.remove(name).await;
        self.series.remove(name);
        self.known.jobs.remove(name);
        self.known.applied = true;
        tracing::info!(job = %name, "removed");
    }

    /// Jobs with a new wish, and those that don't run what they wish, or were refused, and whose plugin is new.
    pub(super) fn to_make(&self, mut changed: Vec<JobName>, swapped: &[PluginName]) -> Vec<JobName> {
        let waiting = self.known.jobs.iter().filter(|(_, known)| {
            let swapped = known.plugin().is_some_and(|plugin| swapped.contains(plugin));
            swapped && (known.is_behind() || self.board.problem(&known.path).is_some())
        });
        changed.extend(waiting.map(|(name, _)| name.clone()));
        changed.sort();
        changed.dedup();
        changed
    }

    pub(super) async fn make(&mut self, name: &JobName, again: &mut Option<Duration>) {
        let Some((path, spec)) =
            self.known.jobs.get(name).and_then(|known| Some((known.path.clone(), known.wanted.clone()?)))
        else {
            return;
        };
        let begun = Instant::now();
        let made = match self.try_make(spec, again).await {
            Ok(Some(job)) => self.declare(vec![job]).map_err(|error| format!("{}: {error}", path.display())),
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
            Err(reason) => {
                self.stop_if_narrowed(name);
                self.board.refused(JOB, &path, &reason);
            }
        }
    }

    /// A power that the operator took away ends at once, even where the job can't run without it: it stops until its file
    /// is mended. Any other mistake leaves the last good version running.
    fn stop_if_narrowed(&mut self, name: &JobName) {
        let Some(known) = self.known.jobs.get_mut(name) else { return };
        let (Some(wanted), Some(active)) = (&known.wanted, &known.active) else { return };
        if self.workshop.written_grants(wanted).is_ok_and(|grants| !covers(&grants, &active.job)) {
            known.active = None;
            self.made.remove(name);
            self.conductor.stop(name);
            self.series.pause(name);
            tracing::warn!(job = %name, "stopped: its grants were narrowed, and it can't run with those that are left");
        }
    }

    /// None: its plugin isn't ready, and the job will be looked at again.
    async fn try_make(&mut self, spec: JobSpec, again: &mut Option<Duration>) -> Result<Option<Job>, JobError> {
        let Some(component) = self.plugins.current(&spec.plugin).cloned() else {
            return self.without_plugin(&spec, again);
        };
        let grants = self.workshop.grants(&spec, &component)?;
        match self.plugins.prepare(&self.workshop.sandbox, &spec.plugin, &component) {
            Ready::Yes(plugin) => self.workshop.finish(spec, grants, plugin).await.map(Some),
            Ready::NotYet(left) => {
                sooner(again, left);
                Ok(None)
            }
            Ready::Never(message) => Err(JobError::Families { plugin: spec.plugin.to_string(), message }),
        }
    }

    /// Waits for a plugin that is on its way, or says why there is none.
    fn without_plugin(&mut self, spec: &JobSpec, again: &mut Option<Duration>) -> Result<Option<Job>, JobError> {
        let path = self.plugin_path(&spec.plugin);
        if let Look::Resting(left) = self.files.look(&path) {
            sooner(again, left);
            return Ok(None);
        }
        if self.plugins.is_preparing() {
            sooner(again, POLL);
            return Ok(None);
        }
        let there = path.exists();
        let (message, hint) = if there {
            (
                format!("the plugin `{}` can't be used", spec.plugin),
                format!("mend {}: its own error says why", path.display()),
            )
        } else {
            (
                format!("there is no plugin `{}`", spec.plugin),
                format!("put it at {}, or name another one", path.display()),
            )
        };
        Err(spec.origin.error(&["plugin"], message, hint).into())
    }
}

impl Known {
    /// The plugin that the file names.
    pub(super) fn plugin(&self) -> Option<&PluginName> {
        self.wanted.as_ref().map(|spec| &spec.plugin)
    }

    /// Whether something else runs than the file says, or nothing.
    fn is_behind(&self) -> bool {
        match (&self.wanted, &self.active) {
            (Some(wanted), Some(active)) => active.job.spec != *wanted,
            (wanted, _) => wanted.is_some(),
        }
    }
}
