//! What lies below an open folder, in the order of names. Each step goes from an open folder to one name in it and
//! follows no link, so that whatever is swapped meanwhile, nothing outside is reached. No path is ever given to the
//! system.

use std::{ffi::CString, os::fd::OwnedFd};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat},
    io::Errno,
};

use crate::folder::Folder;

/// Folders on the way down that are kept open; those above are opened again from below, on the way back.
const OPEN: usize = 64;
/// The most names that wait at once, in all folders on the way down: some 60 MiB.
const WAITING: usize = 1_000_000;
/// How often a name is looked at that is another thing each time.
const LOOKS: usize = 16;
/// A device or a pipe that is swapped in must not hold up the open.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Opens a folder of a tree, each step without a link.
///
/// # Errors
/// How many steps were made, and why not the next.
pub(crate) fn descend(root: OwnedFd, folder: &Folder) -> Result<OwnedFd, (usize, Errno)> {
    folder.names().iter().enumerate().try_fold(root, |at, (step, name)| {
        openat(at, name, READ | OFlags::DIRECTORY, Mode::empty()).map_err(|error| (step, error))
    })
}

/// What a name stands for.
pub(crate) enum Found {
    /// A regular file, open.
    File(OwnedFd, Stat),
    /// A folder; what is in it comes next.
    Folder(Stat),
    /// A symbolic link, and what it says.
    Link(CString, Stat),
    /// A socket, a pipe or a device.
    Other,
    /// It was there when its folder was read.
    Gone,
}

/// Why a walk can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WalkError {
    #[error(transparent)]
    Read(#[from] Errno),
    #[error("it is another thing each time that it is looked at")]
    Restless,
    #[error("it was moved while what is in it was read")]
    Moved,
    #[error("more than {most} names wait to be read")]
    TooMany { most: usize },
}

/// A walk on its way.
pub(crate) struct Walk {
    /// From the top down to where it is.
    way: Vec<Place>,
    /// Of what was found last; a folder's ends in `/`.
    path: Vec<u8>,
    waiting: usize,
}

/// A folder on the way.
struct Place {
    /// None while it is too far up.
    folder: Option<OwnedFd>,
    /// Device and number.
    identity: (u64, u64),
    /// What is left of it.
    names: std::vec::IntoIter<CString>,
    /// The length of its path, with the `/`.
    path: usize,
}

impl Walk {
    /// Begins at a folder, which is not found itself.
    pub(crate) fn new(folder: OwnedFd) -> Result<Self, WalkError> {
        let mut walk = Self { way: Vec::new(), path: Vec::new(), waiting: 0 };
        let stat = fstat(&folder)?;
        walk.enter(folder, &stat)?;
        Ok(walk)
    }

    /// The path, from where it began, of what was found last or couldn't be.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// What comes next; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Found>, WalkError> {
        loop {
            let Some(place) = self.way.last_mut() else { return Ok(None) };
            let Some(name) = place.names.next() else {
                self.leave()?;
                continue;
            };
            self.waiting -= 1;
            self.path.truncate(place.path);
            self.path.extend_from_slice(name.to_bytes());
            let Some(folder) = &place.folder else { return Err(WalkError::Moved) };
            return Ok(Some(match look(folder, &name)? {
                Seen::Folder(inner, stat) => {
                    self.path.push(b'/');
                    self.enter(inner, &stat)?;
                    Found::Folder(stat)
                }
                Seen::Found(found) => found,
            }));
        }
    }

    fn enter(&mut self, folder: OwnedFd, stat: &Stat) -> Result<(), WalkError> {
        let names = names(&folder, WAITING - self.waiting)?.ok_or(WalkError::TooMany { most: WAITING })?;
        self.waiting += names.len();
        if let Some(far) = self.way.len().checked_sub(OPEN).and_then(|far| self.way.get_mut(far)) {
            far.folder = None;
        }
        let (path, names) = (self.path.len(), names.into_iter());
        self.way.push(Place { folder: Some(folder), identity: identity(stat), names, path });
        Ok(())
    }

    /// Goes back to the folder above, which must still be the one that it came from.
    fn leave(&mut self) -> Result<(), WalkError> {
        let left = self.way.pop().and_then(|place| place.folder);
        let Some(above) = self.way.last_mut() else { return Ok(()) };
        self.path.truncate(above.path);
        if above.folder.is_none() {
            let folder = openat(left.ok_or(WalkError::Moved)?, c"..", READ | OFlags::DIRECTORY, Mode::empty())?;
            if identity(&fstat(&folder)?) != above.identity {
                return Err(WalkError::Moved);
            }
            above.folder = Some(folder);
        }
        Ok(())
    }
}

/// All names in a folder, sorted; none where there are more than `most`.
pub(crate) fn names(folder: &OwnedFd, most: usize) -> Result<Option<Vec<CString>>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        if names.len() == most {
            return Ok(None);
        }
        names.push(name.to_owned());
    }
    names.sort_unstable();
    Ok(Some(names))
}

enum Seen {
    Folder(OwnedFd, Stat),
    Found(Found),
}

/// Looks at a name, and opens it only if that is harmless. What was looked at may be another thing by the time that it
/// is opened: then it is looked at again.
fn look(folder: &OwnedFd, name: &CString) -> Result<Seen, WalkError> {
    for _ in 0..LOOKS {
        let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(Seen::Found(Found::Gone)),
            stat => stat?,
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let opened = match kind {
            FileType::RegularFile => openat(folder, name, READ, Mode::empty()),
            FileType::Directory => openat(folder, name, READ | OFlags::DIRECTORY, Mode::empty()),
            FileType::Symlink => match readlinkat(folder, name, Vec::new()) {
                Ok(target) => return Ok(Seen::Found(Found::Link(target, stat))),
                Err(error) => Err(error),
            },
            _ => return Ok(Seen::Found(Found::Other)),
        };
        match opened {
            Ok(opened) => {
                let stat = fstat(&opened)?;
                match (kind, FileType::from_raw_mode(stat.st_mode)) {
                    (FileType::Directory, FileType::Directory) => return Ok(Seen::Folder(opened, stat)),
                    (FileType::RegularFile, FileType::RegularFile) => {
                        return Ok(Seen::Found(Found::File(opened, stat)));
                    }
                    _ => {}
                }
            }
            // A link, a file, a socket; no link; nothing.
            Err(Errno::LOOP | Errno::NOTDIR | Errno::NXIO | Errno::INVAL | Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(WalkError::Restless)
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}
