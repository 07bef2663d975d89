//! The launcher as a program of its own: what `watchkeeper launch-command` is in the real one.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let (mut folder, mut user) = (PathBuf::from("/"), None);
    let mut words = std::env::args_os().skip(1);
    assert_eq!(words.next().unwrap_or_default(), watchkeeper_command::SUBCOMMAND);
    while let Some(word) = words.next().filter(|word| word != "--") {
        let value = words.next().unwrap_or_default();
        match word.to_str() {
            Some("--folder") => folder = value.into(),
            Some("--user") => user = value.into_string().ok(),
            _ => return ExitCode::FAILURE,
        }
    }
    let command: Vec<OsString> = words.collect();
    watchkeeper_command::launch(&folder, user.as_deref(), &command)
}
