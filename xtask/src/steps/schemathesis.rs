//! Schemathesis, which makes up the requests of the fuzz tests: pinned with all that it needs by
//! `tests/fuzz/requirements.txt`, in a virtual environment under the target directory.

use std::path::PathBuf;

use super::{Done, python};
use crate::{command, project::Project};

/// Installs it, unless it is there. None where there is no Python: the tests that need it then fail and say so.
pub(crate) fn install(project: &Project) -> Done<Option<PathBuf>> {
    if command::find("python3").is_none() {
        return Ok((None, "MISSING: install python3 (3.11 or later), the fuzz tests will fail".to_owned()));
    }
    let place = project.services().join("schemathesis");
    let program = place.join("bin/schemathesis");
    let installed = python::environment(&place, &project.root().join("tests/fuzz/requirements.txt"), &program)?;
    let note = if installed { "installed from PyPI" } else { "already installed" };
    Ok((Some(program), note.to_owned()))
}
