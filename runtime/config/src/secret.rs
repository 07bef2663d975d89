//! Texts that must not be seen, and the environment that they come from.

use std::fmt;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

const REDACTED: &str = "[redacted]";

/// A text that prints as `[redacted]` wherever it is printed; only [`Secret::expose`] gives it. Zeroed when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Hand it to what needs it, never to a log, a message or a plugin.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// Where values of `${NAME}` come from: the process' environment, or a test's.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why a secret's text can't be made: message and hint, neither with a value.
pub(crate) type Unmade = (String, String);

/// Replaces each `${NAME}` by the environment's value, and `$$` by `$`.
pub(crate) fn expand(text: &str, environment: Environment<'_>) -> Result<Secret, Unmade> {
    let mut whole = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        whole.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            whole.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            return Err((
                "a `$` stands alone".to_owned(),
                "write `${NAME}` for a value of the environment, and `$$` for a `$`".to_owned(),
            ));
        };
        whole.push_str(&lookup(name, environment)?);
        rest = after;
    }
    whole.push_str(rest);
    Ok(Secret(whole))
}

fn lookup(name: &str, environment: Environment<'_>) -> Result<String, Unmade> {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(inner) {
        let hint = "write `${NAME}` with letters, digits and `_`".to_owned();
        return Err((format!("`${{{name}}}` names no environment variable"), hint));
    }
    let hint = format!("set {name} before Watchkeeper starts");
    match environment(name) {
        None => Err((format!("the environment has no {name}"), hint)),
        Some(value) if value.trim().is_empty() => Err((format!("{name} is empty in the environment"), hint)),
        Some(value) if value.chars().any(char::is_control) => {
            Err((format!("{name} holds a line end or control character"), hint))
        }
        Some(value) => Ok(value),
    }
}
