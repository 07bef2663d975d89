//! moto, which is AWS KMS for the tests of accounts: pinned with all that it needs by
//! `runtime/keys/tests/kms/requirements.txt`, in a virtual environment under the target directory.

use std::path::PathBuf;

use super::{Done, python};
use crate::{command, project::Project};

/// Installs it, unless it is there. None where there is no Python: the tests that need it then fail and say so.
pub(crate) fn install(project: &Project) -> Done<Option<PathBuf>> {
    if command::find("python3").is_none() {
        return Ok((None, "MISSING: install python3 (3.11 or later), the tests of AWS KMS will fail".to_owned()));
    }
    let place = project.services().join("moto");
    let program = place.join("bin/python");
    let wanted = project.root().join("runtime/keys/tests/kms/requirements.txt");
    let note = match python::environment(&place, &wanted, &program)? {
        true => "installed from PyPI",
        false => "already installed",
    };
    Ok((Some(program), note.to_owned()))
}
