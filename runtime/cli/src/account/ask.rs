//! Keys and passwords from people, without showing them, and from programs on standard input.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use watchkeeper_keys::{PASSWORD_LIMIT, PrivateKey};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The most bytes that are read for a key.
const KEY_LIMIT: u64 = 1 << 10;

/// A private key: asked for on a terminal, else read from standard input.
///
/// # Errors
/// What was given is none.
pub(super) fn private_key() -> Result<PrivateKey, Failure> {
    let text = if io::stdin().is_terminal() {
        hidden("private key: ")?
    } else {
        let mut text = Zeroizing::new(String::with_capacity(KEY_LIMIT as usize));
        let read = io::stdin().lock().take(KEY_LIMIT).read_to_string(&mut text);
        read.map_err(|error| Failure::failed(format!("standard input: {error}")))?;
        text
    };
    PrivateKey::parse(&text).map_err(|error| Failure::Usage(error.to_string()))
}

/// A password that is typed twice.
///
/// # Errors
/// It is empty, too long, or not the same twice; or there is no terminal.
pub(super) fn new_password() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    let password = hidden("password: ")?;
    if password.is_empty() || password.len() as u64 > PASSWORD_LIMIT {
        return usage("the password is empty or too long\nhint: --password-file makes one");
    }
    if *hidden("password, again: ")? != *password {
        return usage("these are two passwords\nhint: type the same twice");
    }
    Ok(Zeroizing::new(password.as_bytes().to_vec()))
}

fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    // rpassword asks first: what is typed or pasted at once would show.
    let _quiet = Quiet::begin();
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
        Failure::Usage(format!("there is no terminal to ask on: {error}\nhint: name a --password-file"))
    })
}

/// The terminal shows nothing that is typed, as long as this lives.
struct Quiet(Option<(File, Termios)>);

impl Quiet {
    /// Where there is no terminal, whoever asks will say so.
    fn begin() -> Self {
        let quiet = || -> io::Result<_> {
            let terminal = File::options().read(true).write(true).open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&terminal, OptionalActions::Now, &silent)?;
            Ok((terminal, before))
        };
        Self(quiet().ok())
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some((terminal, before)) = &self.0 {
            // A terminal that is gone shows nothing any more.
            let _gone = tcsetattr(terminal, OptionalActions::Now, before);
        }
    }
}
