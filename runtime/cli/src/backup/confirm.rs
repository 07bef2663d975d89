//! Questions to people, before something is lost. Programs aren't asked: they say beforehand that they mean it.

use std::io::{self, IsTerminal};

use crate::failure::Failure;

/// Whether there is a terminal to ask on.
pub(super) fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on a terminal.
///
/// # Errors
/// 64 with `otherwise` where there is none, and 1 where the answer isn't yes.
pub(super) fn confirm(question: &str, otherwise: &str) -> Result<(), Failure> {
    if !possible() {
        return Err(Failure::Usage(otherwise.to_owned()));
    }
    eprint!("{question} [y/N]: ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Failure::failed(format!("standard input: {error}")))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::failed("nothing was done")),
    }
}
