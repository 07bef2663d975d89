//! Which artifacts a command is about, as people write them.

use std::str::FromStr;

use watchkeeper_artifact_store::{ArtifactPath, InvalidPath, Listed, Prefix, Scope, Store};

use super::failure;
use crate::failure::Failure;

/// One artifact, or all that are below a job or name.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    One(ArtifactPath),
    Below(Prefix),
}

impl FromStr for Target {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let path = text.parse().map(Self::One);
        // What has two slashes, or nothing at all, can only be meant for a path.
        if path.is_ok() || text.is_empty() || text.trim_end_matches('/').matches('/').count() > 1 {
            return path;
        }
        text.parse().map(Self::Below)
    }
}

/// One artifact, or the newest of a name.
#[derive(Debug, Clone)]
pub(crate) enum Newest {
    One(ArtifactPath),
    Of(Scope),
}

impl FromStr for Newest {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        match text.parse() {
            Ok(Prefix::Name(scope)) => Ok(Self::Of(scope)),
            _ => text.parse().map(Self::One),
        }
    }
}

impl Newest {
    /// The path, looked for in the store where only the name is known.
    pub(super) async fn find(&self, store: &Store) -> Result<ArtifactPath, Failure> {
        match self {
            Self::One(path) => Ok(path.clone()),
            Self::Of(scope) => {
                let mut listed = some(store, &Prefix::Name(scope.clone())).await?;
                listed.pop().map(|newest| newest.path).ok_or_else(|| nothing(store, &scope.to_string()))
            }
        }
    }
}

/// What is below a prefix, the oldest first: at least one.
///
/// # Errors
/// There is none, or the store can't be used.
pub(super) async fn some(store: &Store, below: &Prefix) -> Result<Vec<Listed>, Failure> {
    let listed = store.list(below).await.map_err(|error| failure(&error))?;
    if listed.is_empty() {
        return Err(nothing(store, &name(below)));
    }
    Ok(listed)
}

/// A prefix as people write it.
pub(super) fn name(below: &Prefix) -> String {
    match below {
        Prefix::All => String::new(),
        Prefix::Job(job) => job.to_string(),
        Prefix::Name(scope) => scope.to_string(),
    }
}

fn nothing(store: &Store, below: &str) -> Failure {
    let hint = "`watchkeeper backup list` shows what there is";
    Failure::Failed(format!("{below}: no artifact in store {}\nhint: {hint}", store.name()))
}

#[cfg(test)]
mod tests {
    use super::{Newest, Target};

    const PATH: &str = "db/main/20260131T020000Z-0a1b2c3d";

    #[test]
    fn artifacts_are_named_by_path_name_or_job() {
        assert!(matches!(PATH.parse(), Ok(Target::One(_))));
        for below in ["db", "db/", "db/main", "db/main/"] {
            assert!(matches!(below.parse(), Ok(Target::Below(_))), "{below}");
        }
        assert!(matches!(PATH.parse(), Ok(Newest::One(_))));
        assert!(matches!("db/main".parse(), Ok(Newest::Of(_))));
    }

    #[test]
    fn what_is_neither_is_told_how_to_be_written() {
        for wrong in ["", "/", "db/main/x", "../../etc", "DB"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
        for wrong in ["", "db", "db/main/x", "/db/main"] {
            let error = wrong.parse::<Newest>().unwrap_err().to_string();
            assert!(error.ends_with("hint: write JOB/NAME/ID, as `backup list` prints it"), "{error}");
        }
    }
}
