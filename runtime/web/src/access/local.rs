//! The token in a file beside the store: whoever can read the file may do everything, as they could with the store itself.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    path::Path,
};

use tempfile::NamedTempFile;

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

/// Written aside and put in its place whole: no kill leaves half a token, which the next start would refuse.
fn make(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    let token = random().map_err(io::Error::other)?;
    file.write_all(format!("{}\n", hex(&token)).as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::ErrorKind::NotFound, os::unix::fs::PermissionsExt};

    use super::{AccessError, open, read_local_token};

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
    fn nobody_ever_sees_a_part_of_a_token() {
        for _ in 0..100 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("watchkeeper.token");
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    loop {
                        match read_local_token(&path) {
                            Ok(_) => return,
                            Err(AccessError::LocalToken { source, .. }) => assert_eq!(source.kind(), NotFound),
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
                open(&path).unwrap();
                reader.join().unwrap();
            });
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left in the folder");
        }
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
