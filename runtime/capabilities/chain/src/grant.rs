//! What an operator wrote under `grants.chain`, as the chains and methods that a job may read.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use watchkeeper_contract::{Grant, GrantError, RunGrant, Settlement};
use watchkeeper_model::{JobName, Outcome};

use crate::{ChainReads, NAME, methods, named::NamedChain};

/// The chains of a grant by their names.
pub(crate) type Granted = BTreeMap<String, GrantedChain>;

/// One chain, and what may be asked of it.
pub(crate) struct GrantedChain {
    pub(crate) chain: Arc<NamedChain>,
    pub(crate) methods: BTreeSet<&'static str>,
    /// The patterns as written; none where all plain reads are granted.
    written: Option<Vec<String>>,
}

pub(crate) struct ChainGrant(Arc<Granted>);

impl Grant for ChainGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(ChainReads::new(job.clone(), Arc::clone(&self.0)))
    }

    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.downcast_ref::<Self>().is_some_and(|older| {
            older
                .0
                .iter()
                .all(|(name, chain)| self.0.get(name).is_some_and(|ours| ours.methods.is_superset(&chain.methods)))
        })
    }

    fn describe(&self) -> Vec<String> {
        let line = |(name, chain): (&String, &GrantedChain)| match &chain.written {
            Some(patterns) => format!("reads chain {name}, only {}", patterns.join(", ")),
            None => format!("reads chain {name}: blocks, contracts, events, state of the node"),
        };
        self.0.iter().map(line).collect()
    }

    fn chains(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

#[async_trait]
impl RunGrant for ChainReads {
    /// Reads leave nothing behind.
    async fn settle(self: Box<Self>, _outcome: Outcome, _settlement: &mut Settlement) {}
}

/// Reads `chain = ["zkfair"]`, or `[chain.zkfair]` with `methods = ["eth_*", "txpool_status"]`.
pub(crate) fn parse(
    chains: &BTreeMap<String, Arc<NamedChain>>,
    written: &toml::Value,
) -> Result<ChainGrant, GrantError> {
    let find = |name: &str, key: &str| {
        chains.get(name).cloned().ok_or_else(|| refused(key, format!("there is no chain {name:?}"), known(chains)))
    };
    let mut granted = Granted::new();
    match written {
        toml::Value::Array(names) => {
            for name in names {
                let name = name.as_str().ok_or_else(shape)?;
                let chain = find(name, NAME)?;
                let methods = methods::plain().collect();
                granted.insert(name.to_owned(), GrantedChain { chain, methods, written: None });
            }
        }
        toml::Value::Table(tables) => {
            for (name, table) in tables {
                let key = format!("{NAME}.{name}");
                let chain = find(name, &key)?;
                let table = table.as_table().ok_or_else(shape)?;
                if let Some(unknown) = table.keys().find(|key| *key != "methods") {
                    let key = format!("{key}.{unknown}");
                    return Err(refused(&key, "unknown key".to_owned(), "the only key is `methods`".to_owned()));
                }
                let written = table.get("methods").map(|methods| patterns(&key, methods)).transpose()?;
                let methods = match &written {
                    Some(patterns) => patterns.iter().flat_map(|pattern| methods::matching(pattern)).collect(),
                    None => methods::plain().collect(),
                };
                granted.insert(name.clone(), GrantedChain { chain, methods, written });
            }
        }
        _ => return Err(shape()),
    }
    if granted.is_empty() {
        return Err(refused(NAME, "it names no chain".to_owned(), known(chains)));
    }
    Ok(ChainGrant(Arc::new(granted)))
}

/// The patterns of `methods`, each of which allows something.
fn patterns(chain: &str, written: &toml::Value) -> Result<Vec<String>, GrantError> {
    let key = format!("{chain}.methods");
    let hint = r#"write names of read-only methods, or beginnings as in `methods = ["eth_*", "txpool_status"]`"#;
    let list: Option<Vec<&str>> = written.as_array().and_then(|list| list.iter().map(toml::Value::as_str).collect());
    let list = list
        .filter(|list| !list.is_empty())
        .ok_or_else(|| refused(&key, "not a list of methods".to_owned(), hint.to_owned()))?;
    if let Some(nothing) = list.iter().find(|pattern| methods::matching(pattern).is_empty()) {
        let message = format!("{nothing:?} is no read-only method, and begins none");
        let hint =
            format!("{hint}; tracing and pool contents need their full names, and nothing that writes can be granted");
        return Err(refused(&key, message, hint));
    }
    Ok(list.into_iter().map(str::to_owned).collect())
}

fn shape() -> GrantError {
    let hint = r#"write `chain = ["NAME"]`, or a table `[grants.chain.NAME]` with `methods`"#;
    refused(NAME, "not a list of chains, nor a table of them".to_owned(), hint.to_owned())
}

fn refused(key: &str, message: String, hint: String) -> GrantError {
    GrantError { key: key.to_owned(), message, hint }
}

fn known(chains: &BTreeMap<String, Arc<NamedChain>>) -> String {
    if chains.is_empty() {
        return "name the chain in watchkeeper.toml first".to_owned();
    }
    let names: Vec<&str> = chains.keys().map(String::as_str).collect();
    format!("watchkeeper.toml names {}", names.join(", "))
}
