//! The job files of `jobs.d`. A folder that can't be read is an error, never a folder without jobs.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use watchkeeper_model::JobName;

use crate::{ConfigError, TrustError, job::job_name, trust::resolve_trusted};

/// More files than this in one folder are a mistake.
const MOST_FILES: usize = 20_000;

/// What stands in `jobs.d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFiles {
    /// The jobs and their files, by name.
    pub jobs: Vec<(JobName, PathBuf)>,
    /// Files that end in `.toml` and whose name is no job's.
    pub misnamed: Vec<ConfigError>,
}

/// Lists `NAME.toml` of a folder. Names that begin with a dot (Kubernetes' `..data`, editors' files) and names that don't
/// end in `.toml` (`head.toml~`, `.head.toml.swp`, `README`) are left out.
///
/// # Errors
/// [`TrustError`] if the folder can't be read or others may write to it.
pub fn list_jobs(folder: &Path) -> Result<JobFiles, TrustError> {
    let real = resolve_trusted(folder)?;
    let unreadable = |source: io::Error| TrustError::Unreadable { path: folder.to_owned(), source };
    let mut files = JobFiles { jobs: Vec::new(), misnamed: Vec::new() };
    for (number, entry) in fs::read_dir(&real).map_err(unreadable)?.enumerate() {
        if number == MOST_FILES {
            return Err(unreadable(io::Error::other(format!("more than {MOST_FILES} files"))));
        }
        let name = entry.map_err(unreadable)?.file_name();
        let shown = name.to_string_lossy();
        if shown.starts_with('.') || !shown.ends_with(".toml") {
            continue;
        }
        let path = folder.join(&name);
        match job_name(&path) {
            Ok(job) => files.jobs.push((job, path)),
            Err(error) => files.misnamed.push(error),
        }
    }
    files.jobs.sort();
    files.misnamed.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(files)
}
