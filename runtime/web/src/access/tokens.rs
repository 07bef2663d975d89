//! Bearer tokens: found by the hash of what was shown.

use jiff::Timestamp;

use super::secret::{Hash, equal, sha256};
use crate::api::{Actor, Right};

/// A bearer token, known by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// How the ledger calls who shows it.
    pub name: String,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// From when on it is worth nothing; none if it stays.
    pub expires: Option<Timestamp>,
    /// What it may.
    pub rights: Vec<Right>,
}

/// All tokens, and the local one.
pub(super) struct Tokens {
    named: Vec<Token>,
    local: Token,
}

/// What a token that was found is good for.
pub(super) struct Shown {
    pub(super) actor: Actor,
    pub(super) rights: Vec<Right>,
    pub(super) expires: Option<Timestamp>,
}

impl Tokens {
    pub(super) fn new(named: Vec<Token>, local: Hash) -> Self {
        let rights = vec![Right::Read, Right::Act];
        Self { named, local: Token { name: "local".to_owned(), hash: local, expires: None, rights } }
    }

    /// Whether a named token has the right. An expired one counts: reading doesn't open because a token runs out.
    pub(super) fn any_may(&self, right: Right) -> bool {
        self.named.iter().any(|token| token.rights.contains(&right))
    }

    /// The token with this text, if it still is worth something.
    pub(super) fn find(&self, text: &str, now: Timestamp) -> Option<Shown> {
        let hash = sha256(text.as_bytes());
        let named = self.named.iter().map(|token| (token, format!("token {}", token.name)));
        let all = named.chain([(&self.local, "local token".to_owned())]);
        // Each is compared, so that the time says nothing of which it is.
        let found =
            all.fold(None, |found, (token, name)| if equal(&token.hash, &hash) { Some((token, name)) } else { found });
        let (token, name) = found.filter(|(token, _)| token.expires.is_none_or(|expires| now < expires))?;
        let actor = Actor { name: name.into() };
        Some(Shown { actor, rights: token.rights.clone(), expires: token.expires })
    }
}
