//! The rules between families: limits of a job, one meaning for a name, no name taken twice. Nothing is
//! changed here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use watchkeeper_model::JobName;

use crate::{
    DeclareError, JobFamilies, Owner,
    spec::FamilySpec,
    state::{Family, State},
};

/// Each job's families, checked.
type Specs = Vec<Vec<Arc<FamilySpec>>>;

impl State {
    /// Checks that the jobs can be declared together, as if they had declared nothing before. Returns their
    /// families, checked.
    pub(crate) fn check(&self, jobs: &[JobFamilies]) -> Result<Specs, DeclareError> {
        let mut redeclared = HashSet::new();
        if let Some(twice) = jobs.iter().find(|job| !redeclared.insert(&job.job)) {
            return Err(DeclareError::JobTwice(twice.job.clone()));
        }
        let mut newcomers = Newcomers { state: self, redeclared, specs: HashMap::new(), names: HashMap::new() };
        jobs.iter().map(|job| newcomers.admit(job)).collect()
    }
}

/// Families on their way in, checked against those that stay and against each other.
struct Newcomers<'a> {
    state: &'a State,
    /// The jobs whose former families don't count.
    redeclared: HashSet<&'a JobName>,
    specs: HashMap<String, (Arc<FamilySpec>, &'a JobName)>,
    names: HashMap<String, (String, &'a JobName)>,
}

impl<'a> Newcomers<'a> {
    fn admit(&mut self, job: &'a JobFamilies) -> Result<Vec<Arc<FamilySpec>>, DeclareError> {
        self.limits(job)?;
        let mut own = HashSet::new();
        let mut specs = Vec::with_capacity(job.families.len());
        for spec in &job.families {
            let family = |error| DeclareError::Family { job: job.job.clone(), error };
            let spec = Arc::new(spec.clone().of_plugin().map_err(family)?);
            if !own.insert(spec.name.clone()) {
                return Err(DeclareError::FamilyTwice { job: job.job.clone(), family: spec.name.clone() });
            }
            if let Some((equal, _)) = self.specs.get(&spec.name).filter(|(before, _)| *before == spec) {
                specs.push(Arc::clone(equal));
                continue;
            }
            self.same_as_before(&job.job, &spec)?;
            self.own_names(&job.job, &spec)?;
            self.specs.insert(spec.name.clone(), (Arc::clone(&spec), &job.job));
            specs.push(spec);
        }
        Ok(specs)
    }

    fn limits(&self, job: &JobFamilies) -> Result<(), DeclareError> {
        let limits = &self.state.limits;
        let within = |what, found, limit| {
            let over = || DeclareError::Limit { job: job.job.clone(), what, found, limit };
            if found > limit { Err(over()) } else { Ok(()) }
        };
        within("metric families", job.families.len(), limits.families_per_job)?;
        for spec in &job.families {
            within("labels of a family", spec.labels.len(), limits.labels)?;
            let longest = spec.labels.iter().map(String::len).max().unwrap_or(0);
            within("bytes in a label's name", longest, limits.label_name_bytes)?;
        }
        Ok(())
    }

    /// A family of the same name must be the same family.
    fn same_as_before(&self, job: &JobName, spec: &FamilySpec) -> Result<(), DeclareError> {
        let staying = self.state.families.get(&spec.name).and_then(|family| Some((&family.spec, self.user(family)?)));
        let joining = self.specs.get(&spec.name).map(|(spec, job)| (spec, Owner::Job((*job).clone())));
        for (before, other) in staying.into_iter().chain(joining) {
            if let Some(difference) = difference(before, spec) {
                return Err(DeclareError::Clash { job: job.clone(), family: spec.name.clone(), difference, other });
            }
        }
        Ok(())
    }

    /// No other family may take one of its names.
    fn own_names(&mut self, job: &'a JobName, spec: &FamilySpec) -> Result<(), DeclareError> {
        for name in spec.names() {
            let staying = self
                .state
                .names
                .get(&name)
                .and_then(|family| Some((family.clone(), self.user(self.state.families.get(family)?)?)));
            let joining = self.names.get(&name).map(|(family, job)| (family.clone(), Owner::Job((*job).clone())));
            for (other_family, other) in staying.into_iter().chain(joining) {
                if other_family != spec.name {
                    let (job, family) = (job.clone(), spec.name.clone());
                    return Err(DeclareError::Name { job, family, name, other_family, other });
                }
            }
            self.names.insert(name, (spec.name.clone(), job));
        }
        Ok(())
    }

    /// Somebody who goes on using a family, if there is one.
    fn user(&self, family: &Family) -> Option<Owner> {
        if family.of_host {
            return Some(Owner::Host);
        }
        family.users.iter().find(|user| !self.redeclared.contains(user)).cloned().map(Owner::Job)
    }
}

/// The first thing in which two families of one name differ.
fn difference(before: &FamilySpec, spec: &FamilySpec) -> Option<&'static str> {
    let differs = [
        (before.kind != spec.kind, "type"),
        (before.labels != spec.labels, "list of labels"),
        (before.buckets != spec.buckets, "list of buckets"),
        (before.unit != spec.unit, "unit"),
        (before.help != spec.help, "help"),
    ];
    differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
}
