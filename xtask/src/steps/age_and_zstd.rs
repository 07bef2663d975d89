//! `age` and `zstd`, the reference tools that must be able to undo a backup, for tests and benchmarks: the machine's own,
//! or Debian's packages unpacked under the target directory.

use std::path::PathBuf;

use super::{Done, debian};
use crate::{command, project::Project};

/// The programs, each with the variable in which tests and benchmarks find it.
pub(crate) type Tools = Vec<(&'static str, PathBuf)>;

const PROGRAMS: [(&str, &str); 2] = [("age", "WATCHKEEPER_AGE"), ("zstd", "WATCHKEEPER_ZSTD")];

/// Finds or unpacks them. Leaves out what can't be had: the tests that need it then fail and say so.
pub(crate) fn install(project: &Project) -> Done<Tools> {
    let place = project.services().join("age-and-zstd");
    let here = |name: &str| {
        let unpacked = place.join("usr/bin").join(name);
        command::find(name).or_else(|| unpacked.is_file().then_some(unpacked))
    };
    let missing: Vec<_> = PROGRAMS.iter().map(|(name, _)| *name).filter(|name| here(name).is_none()).collect();
    let note = if missing.is_empty() {
        "found".to_owned()
    } else if debian::is_here() {
        debian::unpack(&missing, &place)?;
        format!("unpacked {}", missing.join(" and "))
    } else {
        format!("MISSING: install {}, the tests that need it will fail", missing.join(" and "))
    };
    let tools = PROGRAMS.iter().filter_map(|(name, variable)| Some((*variable, here(name)?))).collect();
    Ok((tools, note))
}
