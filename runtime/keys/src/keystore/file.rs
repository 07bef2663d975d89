//! Keystores and passwords on disk: read only where nobody else could have, written whole or not at all, and never over
//! something.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use alloy_primitives::hex;
use watchkeeper_config::{PasswordSource, TrustError, read_private};
use zeroize::Zeroizing;

use super::{Keystore, KeystoreError, private_key::random};

/// The most bytes of a keystore; it has about 500.
const KEYSTORE_LIMIT: u64 = 64 << 10;

/// The most bytes of a password.
pub const PASSWORD_LIMIT: u64 = 4 << 10;

/// Reads a keystore that nobody but its owner may read.
///
/// # Errors
/// [`KeystoreError::Missing`], [`KeystoreError::File`] and [`KeystoreError::Format`].
pub fn read_keystore(path: &Path) -> Result<Keystore, KeystoreError> {
    match read_private(path, KEYSTORE_LIMIT) {
        Ok(text) => Keystore::parse(path, &text),
        Err(TrustError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Err(KeystoreError::Missing { path: path.to_owned() })
        }
        Err(error) => Err(error.into()),
    }
}

/// The password, from a file that nobody but its owner may read, or as it was given. One line end at a file's end doesn't
/// count.
///
/// # Errors
/// [`KeystoreError::File`], and [`KeystoreError::NoPassword`] where a file is empty.
pub fn read_password(source: &PasswordSource) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let path = match source {
        PasswordSource::Given(secret) => return Ok(Zeroizing::new(secret.expose().as_bytes().to_vec())),
        PasswordSource::File(path) => path,
    };
    let mut password = read_private(path, PASSWORD_LIMIT)?;
    let line =
        password.strip_suffix(b"\n").map_or(password.len(), |line| line.strip_suffix(b"\r").unwrap_or(line).len());
    password.truncate(line);
    if password.is_empty() {
        return Err(KeystoreError::NoPassword { path: path.clone(), why: "the password is empty" });
    }
    Ok(password)
}

/// A new password: 32 random bytes as hexadecimal digits, and a line end.
///
/// # Errors
/// [`KeystoreError::Encryption`].
pub fn random_password() -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    random(bytes.as_mut_slice())?;
    let mut text = Zeroizing::new(vec![b'\n'; 65]);
    hex::encode_to_slice(*bytes, text.get_mut(..64).unwrap_or_default())
        .map_err(|error| KeystoreError::Encryption(error.to_string()))?;
    Ok(text)
}

/// Writes a file that only its owner may read. It is written aside, synced, and gets its name when it is whole; a file that
/// is there stays.
///
/// # Errors
/// [`KeystoreError::Exists`] and [`KeystoreError::Unwritable`].
pub fn write_private(path: &Path, text: &[u8]) -> Result<(), KeystoreError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeystoreError::Exists { path: path.to_owned() },
        _ => KeystoreError::Unwritable { path: path.to_owned(), source },
    };
    let mut number = [0; 8];
    random(&mut number)?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let aside = Aside(folder.join(format!(".{}.new", hex::encode(number))));
    let write = || {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&aside.0)?;
        file.write_all(text)?;
        file.sync_all()?;
        // Unlike a rename, a link never takes the place of a file that is there.
        fs::hard_link(&aside.0, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(failed)
}

/// A file on its way to its name; this name of it goes in any case.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        // Not there if it couldn't be made.
        let _gone = fs::remove_file(&self.0);
    }
}
