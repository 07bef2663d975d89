//! What an operator wrote under `grants.files`, as the trees that a job may read.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use tokio::runtime::Handle;
use watchkeeper_contract::{Grant, GrantError, RunGrant};
use watchkeeper_model::JobName;

use crate::{
    FilesMetrics, NAME, TreeReader,
    trees::{Tree, Trees},
};

/// The trees of a grant by their names, and what reading them takes.
pub(crate) struct Granted {
    pub(crate) trees: BTreeMap<String, Arc<Tree>>,
    pub(crate) metrics: FilesMetrics,
    pub(crate) runtime: Handle,
}

pub(crate) struct FilesGrant(Arc<Granted>);

impl Grant for FilesGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(TreeReader::new(job.clone(), Arc::clone(&self.0)))
    }

    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.downcast_ref::<Self>().is_some_and(|older| {
            older.0.trees.iter().all(|(name, older)| {
                self.0.trees.get(name).is_some_and(|ours| ours.path == older.path && ours.max_size >= older.max_size)
            })
        })
    }

    fn describe(&self) -> Vec<String> {
        let line = |tree: &Arc<Tree>| format!("reads all files of the tree {} ({})", tree.name, tree.path.display());
        self.0.trees.values().map(line).collect()
    }
}

/// Reads `files = ["NAME"]`.
pub(crate) fn parse(open: &Trees, written: &toml::Value) -> Result<FilesGrant, GrantError> {
    let names: Option<Vec<&str>> = written.as_array().and_then(|list| list.iter().map(toml::Value::as_str).collect());
    let names = names.filter(|names| !names.is_empty()).ok_or_else(|| {
        refused("not a list of trees".to_owned(), r#"write `files = ["NAME"]`, with a tree's name of watchkeeper.toml"#)
    })?;
    let tree = |name: &str| match open.trees.get(name) {
        Some(tree) => Ok((name.to_owned(), Arc::clone(tree))),
        None => Err(refused(format!("there is no tree {name:?}"), &known(open))),
    };
    let trees = names.into_iter().map(tree).collect::<Result<_, _>>()?;
    let (metrics, runtime) = (open.metrics.clone(), open.runtime.clone());
    Ok(FilesGrant(Arc::new(Granted { trees, metrics, runtime })))
}

fn refused(message: String, hint: &str) -> GrantError {
    GrantError { key: NAME.to_owned(), message, hint: hint.to_owned() }
}

fn known(open: &Trees) -> String {
    if open.trees.is_empty() {
        return "name the tree in watchkeeper.toml first, under `[files.NAME]`".to_owned();
    }
    let names: Vec<&str> = open.trees.keys().map(String::as_str).collect();
    format!("watchkeeper.toml names {}", names.join(", "))
}
