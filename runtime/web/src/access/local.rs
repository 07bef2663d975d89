//! The token in a file beside the store: whoever can read the file may do everything, as they could with the store itself.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use super::{
    AccessError,
    secret::{Hash, hex, random, sha256},
};

/// Hexadecimal digits of a token.
const DIGITS: usize = 64;

/// The hash of the token in a file. Makes the file if it is missing.
///
/// # Errors
/// The file can't be read or made, others can read or write it, or it holds no token.
pub(super) fn open(path: &Path) -> Result<Hash, AccessError> {
    make(path).map_err(|source| AccessError::LocalToken { path: path.to_owned(), source })?;
    Ok(sha256(read_local_token(path)?.as_bytes()))
}

/// Reads the token of a running instance, to act on it from the same machine.
///
/// # Errors
/// The file can't be read, others can read or write it, or it holds no token.
pub fn read_local_token(path: &Path) -> Result<String, AccessError> {
    let failed = |source| AccessError::LocalToken { path: path.to_owned(), source };
    let wrong = |problem| AccessError::LocalTokenUnsafe { path: path.to_owned(), problem };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(wrong("is not a file"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(wrong("belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(wrong("can be read or written by others"));
    }
    let mut text = String::new();
    file.take(1_024).read_to_string(&mut text).map_err(failed)?;
    let token = text.trim_end();
    if token.len() != DIGITS || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("does not hold a token"));
    }
    Ok(token.to_owned())
}

fn make(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    };
    let token = random().map_err(io::Error::other)?;
    file.write_all(format!("{}\n", hex(&token)).as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{open, read_local_token};

    #[test]
    fn a_missing_token_is_made_for_its_owner_alone_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchkeeper.token");
        let first = open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(&path).unwrap(), first);
        assert_eq!(read_local_token(&path).unwrap().len(), 64);
        assert_ne!(open(&folder.path().join("other.token")).unwrap(), first);
    }

    #[test]
    fn a_token_that_others_can_read_or_that_is_none_is_refused_without_being_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watchkeeper.token");
        open(&path).unwrap();
        let token = read_local_token(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains("watchkeeper.token: can be read or written by others"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, &token[1..]).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains("does not hold a token") && !error.contains(&token[1..]), "{error}");
        assert!(open(folder.path()).unwrap_err().to_string().contains("is not a file"));
    }
}
