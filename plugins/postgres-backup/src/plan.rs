//! Which database becomes which artifact: pure.

use std::collections::BTreeMap;

use watchkeeper_sdk::artifacts;

use crate::config::Config;

/// The artifact that has the roles.
pub(crate) const ROLES: &str = "roles";

/// What a job is to dump.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) dumps: Vec<Dump>,
}

/// A database and its artifact's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dump {
    pub(crate) database: String,
    pub(crate) name: String,
}

impl Plan {
    /// Every artifact has a name of its own that a store can hold.
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        if config.databases.is_empty() {
            return Err("key `databases`: no database".to_owned());
        }
        if let Some(unknown) = config.names.keys().find(|database| !config.databases.contains(database)) {
            return Err(format!("key `names`: `{unknown}` isn't among `databases`"));
        }
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        let mut dumps = Vec::new();
        for (place, database) in config.databases.iter().enumerate() {
            let name = config.names.get(database).unwrap_or(database);
            let wrong = |what: String| {
                format!(
                    "key `databases[{place}]`: {what}\nhint: name it in `names`, such as `names = {{ {database} = \"app\" }}`"
                )
            };
            if !artifacts::is_name(name) {
                return Err(wrong(format!(
                    "`{name}` can't be an artifact's name: lower-case letters, digits, `.`, `_` and `-`"
                )));
            }
            if config.roles && name == ROLES {
                return Err(wrong(format!("`{ROLES}` is the artifact that has the roles")));
            }
            if let Some(other) = taken.insert(name, database) {
                return Err(match other == database {
                    true => format!("key `databases[{place}]`: `{database}` is there twice"),
                    false => wrong(format!("`{other}` has the name `{name}` already")),
                });
            }
            dumps.push(Dump { database: database.clone(), name: name.clone() });
        }
        Ok(Self { dumps })
    }
}
