//! A folder of this machine as a store: parts are written aside, synced, and renamed; what was left aside is found again; empty
//! folders go. Small objects go by `object_store`'s own file system, which syncs and renames too.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use object_store::PutPayload;
use rustix::fs::Advice;
use tokio::task::spawn_blocking;

/// What `object_store` adds to the name of a file that it writes aside, and passes over when it lists.
const ASIDE: &str = "#1";

/// The folder that a store is.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Says what is wrong where the folder isn't there: nothing makes it, so that nothing is stored below where a disk should be.
    pub(super) async fn present(&self) -> Result<(), String> {
        let root = self.root.clone();
        let found = blocking(move || fs::metadata(root)).await;
        let root = self.root.display();
        match found {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(format!("{root} is not a folder")),
            Err(error) => Err(format!("{root}: {error}\nhint: make the folder, or mount what it is on")),
        }
    }

    /// Begins to write an object aside. What an earlier process left is emptied.
    pub(super) async fn begin(&self, object: &str) -> io::Result<()> {
        let aside = self.aside(object);
        blocking(move || {
            if let Some(folder) = aside.parent() {
                make_folders(folder)?;
            }
            OpenOptions::new().write(true).create(true).truncate(true).open(&aside).map(drop)
        })
        .await
    }

    /// Writes bytes at their place. The disk begins with them at once, so that the last sync has little left to do.
    pub(super) async fn write(&self, object: &str, mut offset: u64, bytes: PutPayload) -> io::Result<()> {
        let aside = self.aside(object);
        blocking(move || {
            let file = OpenOptions::new().write(true).open(&aside)?;
            let begin = offset;
            for piece in bytes.iter() {
                file.write_all_at(piece, offset)?;
                offset += piece.len() as u64;
            }
            let length = std::num::NonZeroU64::new(offset - begin);
            // Advice only: the sync at the end is what counts.
            let _unsupported = rustix::fs::fadvise(&file, begin, length, Advice::DontNeed);
            Ok(())
        })
        .await
    }

    /// Syncs what was written aside and gives it its name.
    pub(super) async fn complete(&self, object: &str) -> io::Result<()> {
        let (aside, whole) = (self.aside(object), self.root.join(object));
        blocking(move || {
            File::open(&aside)?.sync_all()?;
            fs::rename(&aside, &whole)?;
            whole.parent().map_or(Ok(()), sync_folder)
        })
        .await
    }

    /// Removes what was written aside, if anything was.
    pub(super) async fn abort(&self, object: &str) -> io::Result<()> {
        let aside = self.aside(object);
        blocking(move || absent_is_fine(fs::remove_file(aside))).await
    }

    /// Removes the folders on the way to `object` that are empty now, up to the store's own.
    pub(crate) async fn tidy(&self, object: &str) {
        let (root, path) = (self.root.clone(), self.root.join(object));
        let _kept = blocking(move || {
            for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
                fs::remove_dir(folder)?;
            }
            Ok(())
        })
        .await;
    }

    /// Removes what a killed process left aside of small objects in a job's folder: written longer ago than `age`. A content
    /// written aside is removed with its upload, by [`Folder::abort`].
    pub(crate) async fn sweep(&self, job: &str, age: Duration) {
        let job = self.root.join(job);
        let _absent = blocking(move || {
            for name in fs::read_dir(job)?.flatten() {
                sweep_folder(&name.path(), age);
                for id in fs::read_dir(name.path()).into_iter().flatten().flatten() {
                    sweep_folder(&id.path(), age);
                    // Made for an object that never came; one with anything in it stays.
                    let old = id.metadata().is_ok_and(|found| found.is_dir() && is_older(&found, age));
                    if old {
                        let _full = fs::remove_dir(id.path());
                    }
                }
            }
            Ok(())
        })
        .await;
    }

    fn aside(&self, object: &str) -> PathBuf {
        self.root.join(format!("{object}{ASIDE}"))
    }
}

fn sweep_folder(folder: &Path, age: Duration) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = file.file_name();
        let Some((base, number)) = name.to_str().and_then(|name| name.rsplit_once('#')) else { continue };
        let aside =
            !base.starts_with("content.") && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if aside && file.metadata().is_ok_and(|found| found.is_file() && is_older(&found, age)) {
            let _gone = fs::remove_file(file.path());
        }
    }
}

fn is_older(found: &fs::Metadata, age: Duration) -> bool {
    let since = found.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
    since.is_some_and(|since| since > age)
}

/// Makes folders and syncs each that has a new name in it.
fn make_folders(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let Some(parent) = folder.parent() else { return Err(error) };
            make_folders(parent)?;
            make_folders(folder)
        }
        Err(error) => Err(error),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|_| Err(io::Error::other("interrupted")))
}
