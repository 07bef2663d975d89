//! Names that operators choose. They become file names, labels and parts of URLs, so their alphabet is small.

use std::{fmt, sync::Arc};

/// Why a text can't be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: use 1 to 63 lower-case letters, digits, `-` and `_`, beginning with a letter or digit")]
pub struct InvalidName(String);

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks a name: 1 to 63 of `a-z 0-9 - _`, the first a letter or digit.
            ///
            /// # Errors
            /// [`InvalidName`], quoting at most 63 characters of the text.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
                let first = text.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
                if first && text.len() <= 63 && text.chars().all(inner) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName(text.chars().take(63).collect()))
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

name!(
    /// A job: the stem of its file in `jobs.d/`.
    JobName
);
name!(
    /// A plugin: the stem of its component's file.
    PluginName
);
name!(
    /// An account that payments are made from.
    AccountName
);
name!(
    /// A bearer token of the server: who acts, as the ledger's actions have it.
    TokenName
);

#[cfg(test)]
mod tests {
    use super::JobName;

    #[test]
    fn names_have_a_small_alphabet() {
        for good in ["a", "evm-chain", "0x1", "zkfair_l2", &"a".repeat(63)] {
            assert_eq!(JobName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "_a", "A", "a.b", "a/b", "..", "ü", "a b", &"a".repeat(64)] {
            assert!(JobName::new(bad).is_err(), "{bad}");
        }
    }
}
