//! A tar archive unpacked into a folder: beside it first, and under its name once all of it was compared. Whoever wrote the archive may
//! mean ill: nothing gets out of the folder, nothing is unpacked twice, and a link is made but never gone through.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Component, Path, PathBuf},
};

use bytes::{Buf, Bytes};
use tar::{Archive, EntryType};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{content::Content, file::failed, print};
use crate::failure::Failure;

const ASIDE: &str = ".watchkeeper-unpack-";
/// Pieces that wait to be unpacked.
const DEPTH: usize = 4;

/// A folder that is about to be made. Dropped, it leaves nothing.
pub(super) struct NewFolder {
    path: PathBuf,
    parent: PathBuf,
    aside: TempDir,
}

impl NewFolder {
    /// Makes ready a folder that is not there yet, or is empty.
    ///
    /// # Errors
    /// 64: something is there, or what it is to be in isn't; 1 if nothing can be written there.
    pub(super) fn begin(to: &Path) -> Result<Self, Failure> {
        let path = std::path::absolute(to).map_err(failed(to))?;
        let hint = "name a new or empty folder: nothing is ever unpacked over something else";
        let there = |what: &str| Err(Failure::Usage(format!("{}: {what}\nhint: {hint}", path.display())));
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_dir() => return there("is there, and is no folder"),
            Ok(_) if fs::read_dir(&path).map_err(failed(&path))?.next().is_some() => return there("is not empty"),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&path)(error)),
        }
        let parent = path.parent().unwrap_or(Path::new("/")).to_owned();
        if !parent.is_dir() {
            return Err(Failure::Usage(format!("{}: is not there\nhint: mkdir -p it first", parent.display())));
        }
        let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(&parent).map_err(failed(&parent))?;
        Ok(Self { path, parent, aside })
    }

    /// Unpacks into the folder, gives it its name, and says how many files, folders and links are in it.
    ///
    /// # Errors
    /// The content isn't whole, holds what can't be unpacked, or can't be written: then there is nothing.
    pub(super) async fn fill(self, content: Content) -> Result<(PathBuf, u64), Failure> {
        let (pieces, taken) = mpsc::channel(DEPTH);
        let folder = self.aside.path().to_owned();
        let unpacking = spawn_blocking(move || unpack(taken, &folder));
        let fed = feed(content, pieces).await;
        let unpacked = unpacking.await.map_err(Failure::failed)?;
        fed?;
        let count = unpacked.map_err(|error| Failure::Failed(print::plain_lines(&whole_text(&error))))?;
        rustix::fs::sync();
        fs::rename(self.aside.path(), &self.path).map_err(failed(&self.path))?;
        let _renamed = self.aside.keep();
        File::open(&self.parent).and_then(|parent| parent.sync_all()).map_err(failed(&self.parent))?;
        Ok((self.path, count))
    }
}

/// Hands all of the content on, as long as it is taken.
async fn feed(mut content: Content, pieces: mpsc::Sender<Bytes>) -> Result<(), Failure> {
    while let Some(piece) = content.next().await? {
        if pieces.send(piece).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn unpack(pieces: mpsc::Receiver<Bytes>, folder: &Path) -> io::Result<u64> {
    let mut archive = Archive::new(Pieces { pieces, rest: Bytes::new() });
    archive.set_overwrite(false);
    let (mut count, mut folders) = (0, Vec::new());
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        stays_inside(folder, &path)?;
        match entry.header().entry_type() {
            EntryType::XGlobalHeader => continue,
            // Last, and from the innermost on, so that none is closed to what comes into it.
            EntryType::Directory => folders.push((path, entry)),
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::GNUSparse
            | EntryType::Symlink
            | EntryType::Link => {
                entry.unpack_in(folder)?;
            }
            _ => return Err(refused(&path, "is neither a file, nor a folder, nor a link")),
        }
        count += 1;
    }
    folders.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (_, mut entry) in folders {
        entry.unpack_in(folder)?;
    }
    // The content counts once all of it was compared, also what stands behind the archive's end.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(count)
}

/// Refuses a path that leads out of the folder, by its own words or through a link that came before it.
fn stays_inside(folder: &Path, path: &Path) -> io::Result<()> {
    let mut place = folder.to_owned();
    for part in path.components() {
        // Only what is before the last part can be gone through.
        if place != folder && fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
            return Err(refused(path, "leads through a link"));
        }
        match part {
            Component::CurDir => {}
            Component::Normal(name) => place.push(name),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(refused(path, "leads out of the folder"));
            }
        }
    }
    Ok(())
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::other(format!(
        "the archive can't be unpacked: {} {why}\nhint: --to gets the archive as it is",
        path.display()
    ))
}

/// An error and what it comes from.
fn whole_text(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.rest.len());
        self.rest.copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

    use bytes::Bytes;
    use tar::{Builder, EntryType, Header};
    use tokio::sync::mpsc;

    use super::{unpack, whole_text};

    /// A file, or a link to `target`, with any name that fits, also one that the crate wouldn't write.
    fn add(archive: &mut Builder<Vec<u8>>, kind: EntryType, name: &str, mode: u32, content: &str) {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        let linked = matches!(kind, EntryType::Symlink | EntryType::Link);
        if linked {
            header.set_link_name_literal(content).unwrap();
        }
        header.set_size(if linked { 0 } else { content.len() as u64 });
        header.set_cksum();
        archive.append(&header, if linked { "" } else { content }.as_bytes()).unwrap();
    }

    fn unpack_into(folder: &Path, archive: Builder<Vec<u8>>) -> io::Result<u64> {
        let (sender, pieces) = mpsc::channel(1000);
        for piece in archive.into_inner().unwrap().chunks(700) {
            sender.try_send(Bytes::copy_from_slice(piece)).unwrap();
        }
        drop(sender);
        unpack(pieces, folder)
    }

    #[test]
    fn files_folders_and_links_are_made_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Builder::new(Vec::new());
        add(&mut archive, EntryType::Directory, "closed/", 0o500, "");
        add(&mut archive, EntryType::Regular, "closed/file", 0o6640, "text");
        add(&mut archive, EntryType::Symlink, "away", 0o777, "/etc/passwd");
        add(&mut archive, EntryType::Link, "same", 0o777, "closed/file");
        assert_eq!(unpack_into(folder.path(), archive).unwrap(), 4);
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("closed"), mode("closed/file")), (0o500, 0o640));
        assert_eq!(fs::read(folder.path().join("same")).unwrap(), b"text");
        assert_eq!(fs::read_link(folder.path().join("away")).unwrap(), Path::new("/etc/passwd"));
    }

    #[test]
    fn nothing_gets_out_of_the_folder_and_nothing_is_unpacked_twice() {
        let outside = tempfile::tempdir().unwrap();
        let link = outside.path().to_str().unwrap();
        type Entry<'a> = (EntryType, &'a str, &'a str);
        let cases: [(&[Entry<'_>], &str); 8] = [
            (&[(EntryType::Regular, "../out", "x")], "../out leads out of the folder"),
            (&[(EntryType::Regular, "/out", "x")], "/out leads out of the folder"),
            (&[(EntryType::Directory, "a/../../out", "")], "leads out of the folder"),
            (&[(EntryType::Symlink, "a", link), (EntryType::Regular, "a/out", "x")], "a/out leads through a link"),
            (&[(EntryType::Symlink, "a", "."), (EntryType::Regular, "a/b/c", "x")], "a/b/c leads through a link"),
            (&[(EntryType::Symlink, "a", link), (EntryType::Directory, "a", "")], "a"),
            (&[(EntryType::Symlink, "a", "out"), (EntryType::Regular, "a", "x")], "exists"),
            (&[(EntryType::Fifo, "pipe", "")], "pipe is neither a file"),
        ];
        for (entries, expected) in cases {
            let folder = tempfile::tempdir_in(outside.path()).unwrap();
            let mut archive = Builder::new(Vec::new());
            for (kind, name, content) in entries {
                add(&mut archive, *kind, name, 0o644, content);
            }
            let error = whole_text(&unpack_into(folder.path(), archive).unwrap_err());
            assert!(error.contains(expected), "{entries:?}: {error}");
            assert!(!outside.path().join("out").exists(), "{entries:?}");
        }
    }

    #[test]
    fn a_hard_link_reaches_nothing_outside() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "x").unwrap();
        let folder = tempfile::tempdir_in(outside.path()).unwrap();
        let mut archive = Builder::new(Vec::new());
        add(&mut archive, EntryType::Link, "stolen", 0o644, "../secret");
        assert!(unpack_into(folder.path(), archive).is_err());
        assert!(!folder.path().join("stolen").exists());
    }
}
