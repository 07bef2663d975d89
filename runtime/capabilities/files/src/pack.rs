//! A folder of a tree into an archive: what was found is written, counted, bounded, and named where it changed
//! meanwhile.

use std::{io, os::fd::OwnedFd, sync::Arc};

use prometheus::IntCounter;
use rustix::fs::{Stat, fstat};
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::clean;

use crate::{
    FilesFault,
    archive::Archive,
    changed::{Changed, Version},
    trees::{Tree, unreadable},
    walk::{Found, Walk, WalkError},
};

/// The most characters of a name in [`Packed::changed`].
const NAME: usize = 300;

/// What was packed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packed {
    /// Regular files. One with several names is there, and counts, once for each.
    pub files: u64,
    /// The bytes of their contents.
    pub bytes: u64,
    /// Sockets, pipes and devices, which are left out.
    pub skipped: u64,
    /// Files that changed while they were read, or were gone by then: the first hundred, from the tree on, for people.
    pub changed: Vec<String>,
}

/// What is packed, and who is told how it goes.
pub(crate) struct Order {
    pub(crate) tree: Arc<Tree>,
    /// As it was asked for; empty for the tree.
    pub(crate) folder: String,
    pub(crate) stop: CancellationToken,
    pub(crate) bytes: IntCounter,
}

impl Order {
    /// Packs what is in an open folder, and ends the archive.
    pub(crate) fn pack(&self, folder: OwnedFd, archive: &mut Archive) -> Result<Packed, FilesFault> {
        let (mut packed, mut changed) = (Packed::default(), Changed::default());
        let mut walk = Walk::new(folder).map_err(|error| self.fault(error, &[]))?;
        loop {
            if self.stop.is_cancelled() {
                return Err(FilesFault::Stopped);
            }
            let found = walk.next();
            let path = walk.path();
            match found.map_err(|error| self.fault(error, path))? {
                None => break,
                Some(Found::Folder(stat)) => archive.folder(path, &stat).map_err(unread)?,
                Some(Found::Link(target, stat)) => archive.link(path, target.to_bytes(), &stat).map_err(unread)?,
                Some(Found::Other) => packed.skipped += 1,
                Some(Found::Gone) => changed.note(|| self.name(path)),
                Some(Found::File(file, stat)) => {
                    let size = self.size(&stat, packed.bytes, path)?;
                    let written = archive.file(path, &stat, size, &file).map_err(unread)?;
                    written.map_err(|error| self.fault(error.into(), path))?;
                    if fstat(&file).map(|after| Version::from(&after)) != Ok(Version::from(&stat)) {
                        changed.note(|| self.name(path));
                    }
                    packed.files += 1;
                    packed.bytes += size;
                    self.bytes.inc_by(size);
                }
            }
        }
        archive.end().map_err(unread)?;
        Ok(Packed { changed: changed.into_names(), ..packed })
    }

    /// A file's size, if the operator allows so much.
    fn size(&self, stat: &Stat, before: u64, path: &[u8]) -> Result<u64, FilesFault> {
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        if before.saturating_add(size) <= self.tree.max_size {
            return Ok(size);
        }
        let (place, most) = (self.tree.place(&self.path(path)), self.tree.max_size);
        Err(FilesFault::TooLarge(format!(
            "{place}: with its {size} bytes, the files are over the {most} bytes that the tree may have\n\
             hint: raise `files.{}.max_size` in watchkeeper.toml",
            self.tree.name
        )))
    }

    fn fault(&self, error: WalkError, path: &[u8]) -> FilesFault {
        let place = self.tree.place(&self.path(path));
        match error {
            WalkError::Read(error) => unreadable(&place, error),
            WalkError::Restless | WalkError::Moved => FilesFault::Io(format!("{place}: {error}")),
            WalkError::TooMany { .. } => FilesFault::TooLarge(format!("{place}: {error}")),
        }
    }

    fn name(&self, path: &[u8]) -> String {
        clean(&self.path(path), NAME)
    }

    /// From the tree on.
    fn path(&self, path: &[u8]) -> String {
        let path = String::from_utf8_lossy(path);
        match (self.folder.is_empty(), path.is_empty()) {
            (true, _) => path.into_owned(),
            (false, true) => self.folder.clone(),
            (false, false) => format!("{}/{path}", self.folder),
        }
    }
}

/// Writing fails in one way only; the pieces know why, and their end tells.
fn unread(_: io::Error) -> FilesFault {
    FilesFault::Unread
}
