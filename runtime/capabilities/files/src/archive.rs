//! Tar, as GNU tar writes it (the `tar` crate's headers): names and link targets to the byte whatever their length,
//! owners as numbers, times in whole seconds. Where entries come from is not known here.
//!
//! The crate's `Builder` is not used: it writes an archive's end whenever it is dropped, and one that broke off must
//! have none.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use rustix::{fs::Stat, io::Errno};
use tar::{EntryType, Header};

use crate::pieces::Pieces;

/// What GNU tar calls an entry that only holds the next one's name.
const LONG_NAME: &[u8] = b"././@LongLink";
const BLOCK: u64 = 512;
const ZEROS: [u8; 4_096] = [0; 4_096];

/// An archive being written.
pub(crate) struct Archive(Pieces);

impl Archive {
    pub(crate) const fn new(pieces: Pieces) -> Self {
        Self(pieces)
    }

    /// A folder; `path` ends in `/`.
    pub(crate) fn folder(&mut self, path: &[u8], stat: &Stat) -> io::Result<()> {
        self.entry(EntryType::Directory, path, &[], stat, 0)
    }

    /// A symbolic link, to wherever it says.
    pub(crate) fn link(&mut self, path: &[u8], target: &[u8], stat: &Stat) -> io::Result<()> {
        self.entry(EntryType::Symlink, path, target, stat, 0)
    }

    /// A regular file with exactly `size` bytes: more of it are left out, missing ones are zeros.
    ///
    /// # Errors
    /// The inner one: the file can't be read, and the archive can't go on. The outer one: nobody takes the archive.
    pub(crate) fn file(
        &mut self,
        path: &[u8],
        stat: &Stat,
        size: u64,
        file: impl AsFd,
    ) -> io::Result<Result<(), Errno>> {
        self.entry(EntryType::Regular, path, &[], stat, size)?;
        let mut left = size;
        while left > 0 {
            match self.0.take(&file, left)? {
                Ok(0) => break,
                Ok(length) => left = left.saturating_sub(length as u64),
                Err(error) => return Ok(Err(error)),
            }
        }
        self.zeros(left)?;
        self.pad(size)?;
        Ok(Ok(()))
    }

    /// Writes the archive's end.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.zeros(2 * BLOCK)
    }

    /// Where the bytes went; nothing is added.
    pub(crate) fn into_pieces(self) -> Pieces {
        self.0
    }

    fn entry(&mut self, kind: EntryType, path: &[u8], target: &[u8], stat: &Stat, size: u64) -> io::Result<()> {
        self.long(EntryType::GNULongName, path)?;
        self.long(EntryType::GNULongLink, target)?;
        let mut header = Header::new_gnu();
        put(&mut header.as_old_mut().name, path);
        put(&mut header.as_old_mut().linkname, target);
        header.set_mode(stat.st_mode & 0o7777);
        header.set_uid(stat.st_uid.into());
        header.set_gid(stat.st_gid.into());
        header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
        self.header(header, kind, size)
    }

    /// A name that has no room in a header goes before it, as an entry of its own.
    fn long(&mut self, kind: EntryType, name: &[u8]) -> io::Result<()> {
        let mut header = Header::new_gnu();
        if name.len() <= header.as_old().name.len() {
            return Ok(());
        }
        put(&mut header.as_old_mut().name, LONG_NAME);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        let size = name.len() as u64 + 1;
        self.header(header, kind, size)?;
        self.0.write_all(name)?;
        self.zeros(1)?;
        self.pad(size)
    }

    fn header(&mut self, mut header: Header, kind: EntryType, size: u64) -> io::Result<()> {
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        self.0.write_all(header.as_bytes())
    }

    /// Fills the last block of `size` bytes.
    fn pad(&mut self, size: u64) -> io::Result<()> {
        self.zeros((BLOCK - size % BLOCK) % BLOCK)
    }

    fn zeros(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let some = usize::try_from(count).map_or(ZEROS.len(), |count| count.min(ZEROS.len()));
            self.0.write_all(ZEROS.get(..some).unwrap_or_default())?;
            count -= some as u64;
        }
        Ok(())
    }
}

/// Puts a name, or its begin, where it has its place.
fn put(place: &mut [u8; 100], name: &[u8]) {
    for (place, byte) in place.iter_mut().zip(name) {
        *place = *byte;
    }
}
