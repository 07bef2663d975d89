//! Whether the open files are still the ones under their names: a ledger that was deleted or replaced goes on taking
//! writes that nobody will find again, and SQLite doesn't tell.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{LedgerError, open};

/// Which files were opened: the ledger's and its log's.
#[derive(Debug)]
pub(crate) struct Identity {
    files: [(PathBuf, Option<Inode>); 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
}

impl Identity {
    /// What is there now: to be taken right after the files were opened.
    pub(crate) fn of(path: &Path) -> Result<Self, LedgerError> {
        let known = |path: PathBuf| {
            let inode = Inode::of(&path).map_err(|error| away(&path, &error.to_string()))?;
            Ok::<_, LedgerError>((path, inode))
        };
        Ok(Self { files: [known(path.to_owned())?, known(open::beside(path, "-wal"))?] })
    }

    /// # Errors
    /// [`LedgerError::Unavailable`] as long as another file or none is there.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        for (path, opened) in &self.files {
            match Inode::of(path) {
                Ok(found) if found == *opened => {}
                Ok(None) => return Err(away(path, "the file is gone")),
                Ok(Some(_)) => return Err(away(path, "another file has taken its place")),
                Err(error) => return Err(away(path, &error.to_string())),
            }
        }
        Ok(())
    }
}

impl Inode {
    fn of(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(file) => Ok(Some(Self { device: file.dev(), number: file.ino() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn away(path: &Path, what: &str) -> LedgerError {
    LedgerError::Unavailable(format!(
        "{}: {what}\nhint: put back the file that was there, or restart watchkeeper to use what is there now",
        path.display()
    ))
}
