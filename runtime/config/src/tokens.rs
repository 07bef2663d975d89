//! `[server.tokens.NAME]` of `watchkeeper.toml`: who may ask and act by a bearer token. Only the tokens' hashes stand in
//! the file; the tokens themselves never come here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use watchkeeper_model::TokenName;

use crate::{
    ConfigError,
    source::{KeyPath, Source},
    values::Moment,
};

/// A bearer token, known by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSettings {
    /// SHA-256 of the token's text.
    pub hash: [u8; 32],
    /// From when on it is worth nothing; none if it stays.
    pub expires: Option<Timestamp>,
    /// What it may; at least one of the two.
    pub rights: Rights,
}

/// What somebody may. Neither right contains the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// See everything that is shown.
    pub read: bool,
    /// Start, cancel, pause, resume, skip and reload.
    pub act: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenShape {
    hash: String,
    expires: Option<Moment>,
    rights: Vec<String>,
}

pub(crate) fn resolve(
    source: &Source<'_>,
    given: BTreeMap<String, TokenShape>,
) -> Result<BTreeMap<TokenName, TokenSettings>, ConfigError> {
    let mut tokens = BTreeMap::<TokenName, TokenSettings>::new();
    for (name, shape) in given {
        let key = KeyPath::of(&["server", "tokens", &name]);
        let name = TokenName::new(&name)
            .map_err(|error| source.error(&key, error.to_string(), "write a name such as `deploy-script`"))?;
        let token = shape.resolve(source, &key)?;
        if let Some((other, _)) = tokens.iter().find(|(_, other)| other.hash == token.hash) {
            let message = format!("is also that of `{other}`");
            return Err(source.error(&key.with("hash"), message, format!("make one with `{}`", new_token(&name))));
        }
        tokens.insert(name, token);
    }
    Ok(tokens)
}

impl TokenShape {
    fn resolve(self, source: &Source<'_>, key: &KeyPath) -> Result<TokenSettings, ConfigError> {
        let hash = self.hash.strip_prefix("sha256:").and_then(parse_hex).ok_or_else(|| {
            // Not quoted: it may be the token itself.
            let hint = "write `sha256:` and 64 hexadecimal digits, as `watchkeeper token new NAME` prints them";
            source.error(&key.with("hash"), "is not the hash of a token", hint)
        })?;
        let mut rights = Rights::default();
        for (index, right) in self.rights.iter().enumerate() {
            match right.as_str() {
                "read" => rights.read = true,
                "act" => rights.act = true,
                _ => {
                    let message = format!("{right:?} is no right");
                    return Err(source.error(&key.with("rights").with(index), message, r#"write "read" or "act""#));
                }
            }
        }
        if rights == Rights::default() {
            let hint = r#"write `rights = ["read"]` or `rights = ["read", "act"]`, or leave the token out"#;
            return Err(source.error(&key.with("rights"), "the token may do nothing", hint));
        }
        Ok(TokenSettings { hash, expires: self.expires.map(|moment| moment.0), rights })
    }
}

fn new_token(name: &TokenName) -> String {
    format!("watchkeeper token new {name}")
}

/// 64 hexadecimal digits, of either case.
fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes?.try_into().ok()
}
