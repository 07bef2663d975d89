//! What a plugin may name in a tree: folders by their plain path, and nothing that leads out of it.

use std::ffi::CString;

/// The longest path of a folder that can be asked for.
const LONGEST: usize = 4_096;

/// A folder in a tree, by the names on the way to it; none is the tree itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder(Vec<CString>);

impl Folder {
    /// Reads a path as `a/b`; the empty one is the tree.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        if text.len() > LONGEST {
            return Err("it is longer than 4096 bytes");
        }
        let names = text.split('/').map(|name| match name {
            "" => Err("it has an empty part: no `/` may stand at its begin, at its end or twice"),
            "." | ".." => Err("its parts may not be `.` or `..`"),
            name => CString::new(name).map_err(|_| "it has a NUL byte"),
        });
        names.collect::<Result<_, _>>().map(Self)
    }

    /// The names on the way.
    pub(crate) fn names(&self) -> &[CString] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Folder;

    #[test]
    fn only_plain_paths_downwards_are_folders() {
        assert_eq!(Folder::parse("").unwrap().names().len(), 0);
        for (text, parts) in [("a", 1), ("a/b c/…", 3), ("...", 1), ("..a/b..", 2), ("a\nb", 1), ("-rf", 1)] {
            assert_eq!(Folder::parse(text).unwrap().names().len(), parts, "{text}");
        }
        for text in ["/", "/a", "a/", "a//b", "..", "../a", "a/..", "a/../b", ".", "./a", "a/.", "a\0b", "\0"] {
            assert!(Folder::parse(text).is_err(), "{text:?}");
        }
        assert!(Folder::parse(&"a/".repeat(2_049)).is_err());
    }
}
