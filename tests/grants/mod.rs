//! Each grant is enforced, and each denial says what to write: job, capability and key.

mod chains;
mod imports;
mod narrowing;
mod secrets;

use crate::support::{Deployment, Watchkeeper, eventually};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A job that runs a plugin often on the chain `dev`, with what stands under `[grants]`.
fn job(plugin: &str, grants: &str) -> String {
    format!(
        "plugin = \"{plugin}\"\nevery = \"250ms\"\ntimeout = \"5m\"\nconfig.chain = \"dev\"\n\n[grants]\n{grants}\n"
    )
}

/// The end of the last run of a job: its outcome and message.
fn last_run(watchkeeper: &Watchkeeper, job: &str) -> Option<(String, String)> {
    let overview = watchkeeper.overview();
    overview.last_run(job).map(|(outcome, message)| (outcome.to_owned(), message.to_owned()))
}

/// Waits until a job's file is refused, and returns the reason.
#[track_caller]
fn refused(watchkeeper: &Watchkeeper, deployment: &Deployment, job: &str) -> String {
    let path = deployment.path(&format!("jobs.d/{job}.toml")).display().to_string();
    eventually(&format!("{path} to be refused"), PATIENCE, || {
        watchkeeper.overview().problems().get(&*path).map(|&problem| problem.to_owned())
    })
}

/// Waits until a job has no problem any more.
#[track_caller]
fn accepted(watchkeeper: &Watchkeeper, job: &str) {
    eventually(&format!("{job} to be in force"), PATIENCE, || {
        watchkeeper.overview().job(job)?["problem"].is_null().then_some(())
    });
}
