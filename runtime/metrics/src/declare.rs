//! Declaring the families of jobs: what lives on when a job is declared anew, and what goes.

use std::sync::Arc;

use watchkeeper_model::JobName;

use crate::{
    Declaration, DeclareError, JobFamilies,
    spec::FamilySpec,
    state::{Family, Job, State},
    text,
};

impl State {
    /// Replaces the families of the jobs, all or none.
    pub(crate) fn declare(&mut self, jobs: &[JobFamilies]) -> Result<Vec<Declaration>, DeclareError> {
        let specs = self.check(jobs)?;
        let before: Vec<_> = jobs.iter().zip(&specs).filter_map(|(job, specs)| self.release(job, specs)).collect();
        let declarations = jobs.iter().zip(specs).map(|(job, specs)| self.adopt(job, specs)).collect();
        for spec in before.iter().flat_map(|families| families.iter()) {
            self.forget_unused(&spec.name);
        }
        self.stamps.next();
        Ok(declarations)
    }

    /// Takes the job off its families and drops the series that don't live on. Returns the families it had.
    fn release(&mut self, job: &JobFamilies, next: &[Arc<FamilySpec>]) -> Option<Arc<[Arc<FamilySpec>]>> {
        let before = self.jobs.get(&job.job)?;
        let same_plugin = before.plugin == job.plugin;
        let families = Arc::clone(&before.families);
        for spec in families.iter() {
            if !(same_plugin && next.iter().any(|next| next.same_series(spec))) {
                self.clear(&job.job, &spec.name);
            }
            if let Some(family) = self.families.get_mut(&spec.name) {
                family.users.remove(&job.job);
            }
        }
        Some(families)
    }

    /// Makes the job a user of its new families.
    fn adopt(&mut self, job: &JobFamilies, specs: Vec<Arc<FamilySpec>>) -> Declaration {
        let families: Arc<[_]> = specs.into_iter().map(|spec| self.share(&job.job, spec)).collect();
        let before = self.jobs.get(&job.job);
        let refreshed = before.and_then(|before| before.refreshed);
        let moved = before.is_some_and(|before| before.plugin != job.plugin);
        let prefix: Arc<str> = text::prefix(&job.job, &job.plugin).into();
        if moved {
            self.relabel_host_series(&job.job, &prefix);
        }
        let next = Job {
            plugin: job.plugin.clone(),
            prefix,
            families: Arc::clone(&families),
            max_age: job.max_age,
            max_series: job.series,
            refreshed,
        };
        self.jobs.insert(job.job.clone(), next);
        Declaration { job: job.job.clone(), families }
    }

    /// Makes the job a user of one family, which is made or changed where it has to be.
    fn share(&mut self, job: &JobName, spec: Arc<FamilySpec>) -> Arc<FamilySpec> {
        let known = self.families.get(&spec.name).map(|family| Arc::clone(&family.spec));
        if known.as_ref() != Some(&spec) {
            known.iter().for_each(|before| self.disown_names(before));
            let own = spec.names().into_iter().map(|name| (name, spec.name.clone()));
            Arc::make_mut(&mut self.names).extend(own);
        }
        let family = self.families.entry(spec.name.clone()).or_insert_with(|| Family::new(Arc::clone(&spec), false));
        if family.spec != spec {
            family.replace_spec(spec);
        }
        family.users.insert(job.clone());
        Arc::clone(&family.spec)
    }

    /// The host's series of a job go on under the name of its new plugin.
    fn relabel_host_series(&mut self, job: &JobName, prefix: &Arc<str>) {
        for spec in Arc::clone(&self.host).iter() {
            self.edit(job, &spec.name, |block| {
                Arc::make_mut(block).prefix = Arc::clone(prefix);
                true
            });
        }
    }
}
