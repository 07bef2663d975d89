//! Bearer tokens: read from where secrets are kept, never from the command line, and made new from the system's random
//! bytes.

use std::{fs::File, io::Read, path::Path};

use sha2::{Digest, Sha256};
use watchkeeper_config::Secret;
use watchkeeper_model::TokenName;

use crate::{ClientError, Format, Screen};

/// The longest token.
const LONGEST: u64 = 1024;

/// A bearer token; prints as `[redacted]`.
pub(crate) type Token = Secret;

/// Reads a token's file: one line. Pipes will do.
pub(crate) fn read_token(path: &Path) -> Result<Token, ClientError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 2).read_to_string(&mut text));
    read.map_err(|source| ClientError::File { path: path.to_owned(), source })?;
    token_of(&text, &path.display().to_string())
}

/// Checks that a text can be a token; `from` is where it stands.
pub(crate) fn token_of(text: &str, from: &str) -> Result<Token, ClientError> {
    let text = text.trim();
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || !printable || text.len() as u64 > LONGEST {
        let message = format!("{from} holds no token");
        return Err(ClientError::usage(message, "a token is one word; `watchkeeper token new NAME` makes one"));
    }
    Ok(Secret::new(text))
}

/// Makes a token and prints it, this once, with the lines by which `watchkeeper.toml` knows it.
///
/// # Errors
/// The system gives no random bytes, or the output can't be written.
pub fn new_token(name: &TokenName, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| ClientError::Random(error.into()))?;
    // The beginning tells people, and programs that look for lost secrets, what it is.
    let token = format!("wk_{}", hex(&random));
    let hash = format!("sha256:{}", hex(&Sha256::digest(&token)));
    match screen.format() {
        Format::Json => screen.json(&serde_json::json!({ "name": name, "token": token, "hash": hash })),
        Format::Text => screen.text(&format!(
            "{token}\n\n\
             This is the token; it is shown only now. The server knows it once these lines stand in watchkeeper.toml\n\
             and Watchkeeper was restarted:\n\n\
             [server.tokens.{name}]\n\
             hash = \"{hash}\"\n\
             rights = [\"read\", \"act\"]\n"
        )),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
