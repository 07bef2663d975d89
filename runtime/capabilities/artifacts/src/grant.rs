//! What an operator wrote under `grants.artifacts`: one store, whose artifacts, and the policy by which they are deleted.

use std::{any::Any, collections::BTreeSet, sync::Arc};

use serde::Deserialize;
use watchkeeper_artifact_store::{Policy, Store};
use watchkeeper_contract::{Grant, GrantError, RunGrant};
use watchkeeper_model::JobName;

use crate::{Keeping, NAME, stores::House};

/// What a job may do with artifacts.
pub(crate) struct Granted {
    pub(crate) house: Arc<House>,
    pub(crate) store: Store,
    /// Whether it may store under its own name.
    pub(crate) write: bool,
    /// Whose artifacts it may read, verify and mark beside its own.
    pub(crate) read: BTreeSet<JobName>,
    /// By what its own are deleted; none deletes nothing.
    pub(crate) retention: Option<Policy>,
}

pub(crate) struct ArtifactsGrant(Arc<Granted>);

impl Grant for ArtifactsGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(Keeping::new(job.clone(), Arc::clone(&self.0)))
    }

    /// Another policy may keep what the older one deletes, so that a run under it ends.
    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.downcast_ref::<Self>().is_some_and(|older| {
            self.0.store.name() == older.0.store.name()
                && (self.0.write || !older.0.write)
                && self.0.read.is_superset(&older.0.read)
                && (self.0.retention == older.0.retention || older.0.retention.is_none())
        })
    }

    fn describe(&self) -> Vec<String> {
        let Granted { store, write, read, retention, .. } = &*self.0;
        let mut lines = Vec::new();
        if *write {
            let clear = if store.encrypts() { "encrypted" } else { "not encrypted" };
            lines.push(format!("stores artifacts in {}, {clear}", store.name()));
            lines.push(match retention {
                Some(_) => "deletes its own artifacts by its retention policy".to_owned(),
                None => "deletes no artifact: it has no retention policy".to_owned(),
            });
        }
        if !read.is_empty() {
            let jobs: Vec<&str> = read.iter().map(JobName::as_str).collect();
            lines.push(format!("reads and marks the artifacts of {} in {}", jobs.join(", "), store.name()));
        }
        lines
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    store: String,
    #[serde(default)]
    write: bool,
    #[serde(default)]
    read: Vec<String>,
    retention: Option<toml::Value>,
}

/// Reads `store`, `write`, `read` and `retention`.
pub(crate) fn parse(house: &Arc<House>, written: &toml::Value) -> Result<ArtifactsGrant, GrantError> {
    let shape = r#"write `[grants.artifacts]` with `store = "NAME"`, and `write = true` or `read = ["JOB"]`"#;
    let written = Written::deserialize(written.clone()).map_err(|error| refused(NAME, error.message(), shape))?;
    let store = house.stores.get(&written.store).ok_or_else(|| {
        refused("artifacts.store", format!("there is no artifact store {:?}", written.store), known(house))
    })?;
    let read = written
        .read
        .iter()
        .map(|job| {
            JobName::new(job).map_err(|error| refused("artifacts.read", error.to_string(), "write names of jobs"))
        })
        .collect::<Result<BTreeSet<_>, _>>()?;
    if !written.write && read.is_empty() {
        return Err(refused(NAME, "it grants nothing", shape));
    }
    let retention = written.retention.map(Policy::deserialize).transpose().map_err(|error| {
        let (message, hint) = match error.message().split_once("\nhint: ") {
            Some((message, hint)) => (message.to_owned(), hint.to_owned()),
            None => (error.message().to_owned(), "write such as `keep_last = 7` or `keep_within = \"48h\"`".to_owned()),
        };
        refused("artifacts.retention", message, hint)
    })?;
    if retention.is_some() && !written.write {
        let hint = "add `write = true`, or leave `retention` out: a job deletes only what is its own";
        return Err(refused("artifacts.retention", "the job stores nothing", hint));
    }
    let granted = Granted { house: Arc::clone(house), store: store.clone(), write: written.write, read, retention };
    Ok(ArtifactsGrant(Arc::new(granted)))
}

fn refused(key: &str, message: impl Into<String>, hint: impl Into<String>) -> GrantError {
    GrantError { key: key.to_owned(), message: message.into(), hint: hint.into() }
}

fn known(house: &House) -> String {
    if house.stores.is_empty() {
        return "name the store in watchkeeper.toml first, under `[artifacts.NAME]`".to_owned();
    }
    let names: Vec<&str> = house.stores.keys().map(String::as_str).collect();
    format!("watchkeeper.toml names {}", names.join(", "))
}
