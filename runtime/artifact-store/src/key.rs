//! For whom artifacts are encrypted, and what opens them again: age's X25519 recipients and identities. No identity is ever printed.

use std::{fmt, path::Path, sync::Arc};

use age::x25519;
use watchkeeper_config::read_private;

/// The most bytes of a file with identities.
const FILE_LIMIT: u64 = 1 << 20;

/// What opens encrypted artifacts. Prints how many there are.
#[derive(Clone, Default)]
pub struct Identities(Arc<[x25519::Identity]>);

impl Identities {
    /// Reads a file as `age-keygen` writes it, which nobody but its owner may read.
    ///
    /// # Errors
    /// Names the file, and the line that is no identity; never what stands there.
    pub fn read(file: &Path) -> Result<Self, String> {
        let bytes = read_private(file, FILE_LIMIT).map_err(|error| error.to_string())?;
        Self::parse(&bytes).map_err(|why| format!("{}: {why}", file.display()))
    }

    /// Reads the text of such a file: an identity on each line, beside empty lines and comments.
    ///
    /// # Errors
    /// Names the line that is no identity, never what stands there.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let hint = "hint: an identity is a line `AGE-SECRET-KEY-1…`, as `age-keygen` prints it";
        let mut identities = Vec::new();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = std::str::from_utf8(line).unwrap_or("?").trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let identity = line.parse().map_err(|_| format!("line {}: not an age identity\n{hint}", number + 1))?;
            identities.push(identity);
        }
        if identities.is_empty() {
            return Err(format!("holds no age identity\n{hint}"));
        }
        Ok(Self(identities.into()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|identity| identity as &dyn age::Identity)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} identities", self.0.len())
    }
}

/// Whom artifacts are encrypted to; empty where they are not.
#[derive(Clone, Default)]
pub(crate) struct Recipients(Arc<[x25519::Recipient]>);

impl Recipients {
    pub(crate) fn parse(texts: &[String]) -> Result<Self, String> {
        let recipients = texts.iter().enumerate().map(|(index, text)| {
            let wrong = "not an age recipient\nhint: write the public key that `age-keygen` prints, `age1…`; never a secret key";
            text.parse().map_err(|_| format!("recipient {}: {wrong}", index + 1))
        });
        Ok(Self(recipients.collect::<Result<Vec<_>, String>>()?.into()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(|recipient| recipient as &dyn age::Recipient)
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_identity_is_read_among_comments_and_never_printed() {
        let secret = x25519::Identity::generate().to_string();
        let text = format!("# created: today\r\n\n{}\r\n", secret.expose_secret());
        let identities = Identities::parse(text.as_bytes()).unwrap();
        assert_eq!(format!("{identities:?}"), "1 identities");
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line_alone() {
        let secret = x25519::Identity::generate().to_string();
        let wrong = secret.expose_secret().replace('1', "2");
        let error = Identities::parse(format!("#\n{wrong}").as_bytes()).unwrap_err();
        assert!(error.starts_with("line 2: not an age identity"), "{error}");
        assert!(!error.contains(&wrong), "{error}");
        assert!(Identities::parse(b"# nothing").is_err());
        let Err(error) = Recipients::parse(&[secret.expose_secret().to_owned()]) else {
            panic!("a secret is no recipient")
        };
        assert!(!error.contains(secret.expose_secret()), "{error}");
    }
}
