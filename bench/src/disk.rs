//! The limit of everything durable: how long the disk takes to keep one page. Files lie where temporary folders lie, which
//! must be a disk.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::machine;

/// What a database writes at least.
const PAGE: usize = 4_096;
/// Pages of the file, which is written whole first: a log that is used again grows no more, and costs the disk the least.
const PAGES: u64 = 4_096;

/// A folder on a disk; removed when dropped.
///
/// # Errors
/// Temporary folders lie in memory.
pub(crate) fn folder() -> Result<TempDir> {
    let folder = TempDir::new().context("no temporary folder")?;
    ensure!(
        !machine::is_in_memory(folder.path()),
        "{} is in memory: set TMPDIR to a folder on a disk",
        folder.path().display()
    );
    Ok(folder)
}

/// A file that is written in place, page by page, each on disk before the next.
pub(crate) struct Disk {
    file: File,
    written: u64,
    _folder: TempDir,
}

impl Disk {
    /// # Errors
    /// There is no disk, or not enough of it.
    pub(crate) fn open() -> Result<Self> {
        let folder = folder()?;
        let path = folder.path().join("pages");
        fs::write(&path, vec![1; PAGE * usize::try_from(PAGES)?])?;
        let file = File::options().write(true).open(&path)?;
        file.sync_all()?;
        Ok(Self { file, written: 0, _folder: folder })
    }

    /// Writes the next page, and waits until it is on disk.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn write(&mut self) -> Result<()> {
        let page = [u8::try_from(self.written % 251)?; PAGE];
        self.file.write_all_at(&page, self.written % PAGES * PAGE as u64)?;
        self.written += 1;
        Ok(self.file.sync_data()?)
    }

    /// Pages a second, one after the other.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn rate(&mut self, round: Duration) -> Result<f64> {
        let begun = Instant::now();
        let mut pages = 0_u32;
        while begun.elapsed() < round {
            self.write()?;
            pages += 1;
        }
        Ok(f64::from(pages) / begun.elapsed().as_secs_f64())
    }
}
