//! A text that somebody else had a say in: a plugin, a chain, a file, a person.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::escape;

/// Foreign text without what changes how the text around it is shown: control characters but line feeds, and the marks
/// that turn the direction of writing. It is still no HTML: pages escape it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first `characters` of it, with an ellipsis where more was there.
    pub fn start(&self, characters: usize) -> Cow<'_, str> {
        match self.0.char_indices().nth(characters) {
            Some((end, _)) => Cow::Owned(format!("{}…", self.0.get(..end).unwrap_or_default())),
            None => Cow::Borrowed(&self.0),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(escape::clean(text).into_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        match escape::clean(&text) {
            Cow::Borrowed(_) => Self(text),
            Cow::Owned(clean) => Self(clean),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
