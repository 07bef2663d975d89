//! What an operator wrote under `grants.command`: the names of commands.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use watchkeeper_contract::{Grant, GrantError, RunGrant};
use watchkeeper_model::JobName;

use crate::{NAME, Programs, command::Command};

/// The commands of a grant by their names.
pub(crate) type Granted = BTreeMap<String, Arc<Command>>;

pub(crate) struct CommandGrant(Arc<Granted>);

impl Grant for CommandGrant {
    fn begin(&self, job: &JobName) -> Box<dyn RunGrant> {
        Box::new(Programs::new(job.clone(), Arc::clone(&self.0)))
    }

    fn covers(&self, older: &dyn Grant) -> bool {
        let older: &dyn Any = older;
        older.downcast_ref::<Self>().is_some_and(|older| older.0.keys().all(|name| self.0.contains_key(name)))
    }

    fn describe(&self) -> Vec<String> {
        self.0.values().map(|command| command.describe()).collect()
    }
}

/// Reads a list of names.
pub(crate) fn parse(
    commands: &BTreeMap<String, Arc<Command>>,
    written: &toml::Value,
) -> Result<CommandGrant, GrantError> {
    let names: Option<Vec<&str>> = written.as_array().and_then(|names| names.iter().map(toml::Value::as_str).collect());
    let names = names.filter(|names| !names.is_empty()).ok_or_else(|| {
        let hint = r#"write `command = ["NAME"]`, with the names of commands of watchkeeper.toml"#;
        refused("not a list of names in quotes".to_owned(), hint)
    })?;
    let found = |name: &str| {
        let command =
            commands.get(name).ok_or_else(|| refused(format!("there is no command {name:?}"), &known(commands)))?;
        Ok((name.to_owned(), Arc::clone(command)))
    };
    Ok(CommandGrant(Arc::new(names.into_iter().map(found).collect::<Result<_, _>>()?)))
}

fn known(commands: &BTreeMap<String, Arc<Command>>) -> String {
    if commands.is_empty() {
        return "name the command in watchkeeper.toml first, under `[commands.NAME]`".to_owned();
    }
    let names: Vec<&str> = commands.keys().map(String::as_str).collect();
    format!("watchkeeper.toml names {}", names.join(", "))
}

fn refused(message: String, hint: &str) -> GrantError {
    GrantError { key: NAME.to_owned(), message, hint: hint.to_owned() }
}
