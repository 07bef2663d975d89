//! Why access can't be arranged as asked.

use std::{io, net::SocketAddr, path::PathBuf};

/// What keeps the server from starting. None shows a credential.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The address can be reached by others, and anybody may read.
    #[error(
        "listen: {0} can be reached by others, and nothing keeps them from reading\n\
         hint: name users in a web configuration file (`web_config`), or make a token that may read; if everybody shall \
         read, write `reading = \"open\"` in `[server]`"
    )]
    Unguarded(SocketAddr),
    /// Reading can't be open and guarded by users at once.
    #[error(
        "{}: basic_auth_users: reading is open by `reading = \"open\"` in `[server]`, and takes a password here\n\
         hint: remove one of the two; to act, everybody needs a credential either way", .0.display()
    )]
    OpenAndUsers(PathBuf),
    /// The web configuration file, or a file that it names, is wrong.
    #[error("{}: {message}", .path.display())]
    WebConfig {
        /// The file.
        path: PathBuf,
        /// Key and reason.
        message: String,
    },
    /// The local token's file can't be read or made.
    #[error("{}: the local token can't be read or made: {source}", .path.display())]
    LocalToken {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The local token's file isn't its owner's alone, or holds something else.
    #[error("{}: {problem}\nhint: delete the file; the next start makes a new token", .path.display())]
    LocalTokenUnsafe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The system gave no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(String),
}
