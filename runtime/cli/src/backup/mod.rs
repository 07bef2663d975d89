//! `watchkeeper backup`: what jobs stored, looked at, read back, restored and deleted, with nothing but the store and the key. No ledger
//! and no running process is asked, so that it works on another machine, and years later. What an artifact is, is
//! the artifact store's room; here are arguments, files, questions, and what people see.

pub(crate) mod args;
mod by_hand;
mod confirm;
mod content;
mod file;
mod list;
mod open;
mod policy;
mod print;
mod progress;
mod prune;
mod restore;
mod show;
mod source;
mod target;
mod unpack;
mod verify;

use watchkeeper_artifact_store::StoreError;

use self::args::BackupCommand;
use crate::{args::LogFormat, failure::Failure, logs, run::block_on};

/// `watchkeeper backup …`.
///
/// # Errors
/// 64 for what the arguments can't mean, or what isn't done without being asked for; 78 if the configuration is wrong; 1 if the store
/// can't be used, or if what lies in it is not what was stored.
pub(crate) fn run(command: BackupCommand) -> Result<(), Failure> {
    logs::start("warn", Some(LogFormat::Text))?;
    block_on(async {
        match command {
            BackupCommand::List(options) => list::list(&options).await,
            BackupCommand::Show(options) => show::show(&options).await,
            BackupCommand::Verify(options) => verify::verify(&options).await,
            BackupCommand::Restore(options) => restore::restore(&options).await,
            BackupCommand::Prune(options) => prune::prune(&options).await,
        }
    })
}

/// What the store says, without what a terminal would obey: some of it was read there.
fn failure(error: &StoreError) -> Failure {
    let text = print::plain_lines(&error.to_string());
    match error {
        StoreError::Settings { .. } => Failure::Config(text),
        StoreError::Invalid(_) => Failure::Usage(text),
        _ => Failure::Failed(text),
    }
}

/// Who does it, for marks and leases.
fn who(command: &str) -> String {
    let system = rustix::system::uname();
    let host = print::plain(&system.nodename().to_string_lossy(), 64);
    format!("watchkeeper backup {command} on {host}, process {}", std::process::id())
}
