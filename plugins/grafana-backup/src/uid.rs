//! Grafana's own names for its objects. They become names of files and parts of paths, so nothing else is taken for one.

use std::fmt;

/// 1 to 40 letters, digits, `-` and `_`, as Grafana documents it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uid(String);

impl Uid {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (letters && (1..=40).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_can_be_nothing_but_a_name() {
        for uid in ["nErXDvCkzz", "a", "grafana_Default-1", &"a".repeat(40)] {
            assert_eq!(Uid::parse(uid).unwrap().to_string(), uid);
        }
        for other in ["", ".", "..", "a/b", "a.json", "a b", "a\n", "a\0", "ä", "%2e", "a?b", &"a".repeat(41)] {
            assert_eq!(Uid::parse(other), None, "{other:?}");
        }
    }
}
