//! The ledger's file: on a disk in memory, real SQLite, real commits. What can go wrong with it is decided here; what is in
//! it is the ledger's.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use jiff::Timestamp;
use tempfile::TempDir;
use watchkeeper_ledger::{Book, MAX_ROWS, NodeStart, RunFilter};

use crate::{Trouble, history::Kept};

/// An empty ledger's file, so that each seed needn't make one.
static EMPTY: OnceLock<Option<Vec<u8>>> = OnceLock::new();

/// Where the ledger is, and how it is.
pub(super) struct Store {
    folder: TempDir,
    path: PathBuf,
    files: u32,
    /// Until when it takes nothing: it is full, busy or gone, which is the same to who asks.
    pub(super) away_until: i64,
}

impl Store {
    pub(super) fn new() -> Result<Self, Trouble> {
        let folder = folder()?;
        let path = folder.path().join("ledger-0.db");
        let empty = EMPTY.get_or_init(|| make_empty().ok());
        let empty = empty.as_ref().ok_or_else(|| Trouble::new("an empty ledger can't be made"))?;
        fs::write(&path, empty)?;
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(Self { folder, path, files: 0, away_until: 0 })
    }

    pub(super) fn open(&self, started: Timestamp) -> Result<Book, Trouble> {
        let node = NodeStart { host: "simulation".to_owned(), version: "0".to_owned(), started };
        Ok(Book::open(&self.path, &node)?)
    }

    /// Goes on with a copy of the files as they are now: what an orderly close would still write is not in them.
    pub(super) fn keep_as_killed(&mut self) -> Result<(), Trouble> {
        self.files += 1;
        let path = self.folder.path().join(format!("ledger-{}.db", self.files));
        fs::copy(&self.path, &path)?;
        let log = |path: &Path| path.with_extension("db-wal");
        if log(&self.path).exists() {
            fs::copy(log(&self.path), log(&path))?;
        }
        self.path = path;
        Ok(())
    }

    /// All that the ledger holds.
    pub(super) fn kept(&self, book: &Book) -> Result<Vec<Kept>, Trouble> {
        let mut all = Vec::new();
        for job in book.jobs()? {
            let mut filter = RunFilter { job: Some(job.job.clone()), limit: MAX_ROWS, ..RunFilter::default() };
            let mut runs = Vec::new();
            loop {
                let page = book.runs(&filter)?;
                filter.before_id = page.last().map(|run| run.start.id);
                let last = page.len() < MAX_ROWS;
                runs.extend(page);
                if last {
                    break;
                }
            }
            let skips = book.skips(&job.job, Timestamp::MIN, MAX_ROWS)?;
            let skips = Some(skips).filter(|skips| skips.len() < MAX_ROWS);
            all.push(Kept { job, runs, skips });
        }
        Ok(all)
    }
}

fn make_empty() -> Result<Vec<u8>, Trouble> {
    let folder = folder()?;
    let path = folder.path().join("ledger.db");
    let node = NodeStart { host: "simulation".to_owned(), version: "0".to_owned(), started: Timestamp::UNIX_EPOCH };
    drop(Book::open(&path, &node)?);
    Ok(fs::read(&path)?)
}

/// A folder in memory where the system has one: nothing of a seed outlives it.
fn folder() -> Result<TempDir, Trouble> {
    let memory = Path::new("/dev/shm");
    Ok(if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? })
}
