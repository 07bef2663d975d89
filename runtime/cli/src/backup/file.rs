//! A file that is restored: written aside, in the folder where it is to be, and synced; it gets its name once it is whole. Until then
//! what had the name has it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use watchkeeper_artifact_store::{Check, Manifest};

use super::{confirm::confirm, content::Content};
use crate::failure::Failure;

const ASIDE: &str = ".watchkeeper-restore-";

/// A file that is about to be made. Dropped, it leaves nothing.
pub(super) struct NewFile {
    path: PathBuf,
    folder: PathBuf,
    aside: NamedTempFile,
    replaces: bool,
}

impl NewFile {
    /// Makes ready a file, or one in a folder, named after the artifact. What is there is replaced only if that was asked for.
    ///
    /// # Errors
    /// 64: it is there and stays, or its folder isn't; 1 if nothing can be written there.
    pub(super) fn begin(to: &Path, manifest: &Manifest, overwrite: bool) -> Result<Self, Failure> {
        let path = if to.is_dir() { to.join(file_name(manifest)) } else { to.to_owned() };
        let path = std::path::absolute(&path).map_err(failed(to))?;
        let replaces = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => true,
            Ok(_) => {
                let hint = "name a new file, or a folder, or - for standard output";
                return Err(Failure::Usage(format!("{}: is there, and is no file\nhint: {hint}", path.display())));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(failed(&path)(error)),
        };
        if replaces && !overwrite {
            let there = format!("{} is there already", path.display());
            let otherwise =
                format!("{there}\nhint: --overwrite replaces it, once all of the content is as it was put in");
            confirm(&format!("{there}: replace it?"), &otherwise)?;
        }
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        if !folder.is_dir() {
            return Err(Failure::Usage(format!("{}: is not there\nhint: mkdir -p it first", folder.display())));
        }
        let aside = tempfile::Builder::new().prefix(ASIDE).tempfile_in(&folder).map_err(failed(&folder))?;
        Ok(Self { path, folder, aside, replaces })
    }

    /// Fills the file and gives it its name.
    ///
    /// # Errors
    /// The content isn't whole, or can't be written: then there is no file, and what was there is as it was.
    pub(super) async fn fill(mut self, mut content: Content) -> Result<PathBuf, Failure> {
        while let Some(piece) = content.next().await? {
            self.aside.write_all(&piece).map_err(failed(&self.path))?;
        }
        self.aside.as_file().sync_all().map_err(failed(&self.path))?;
        let named = match self.replaces {
            true => self.aside.persist(&self.path),
            false => self.aside.persist_noclobber(&self.path),
        };
        named.map_err(|error| failed(&self.path)(error.error))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed(&self.folder))?;
        Ok(self.path)
    }
}

/// Such as `db-main-20260131T020000Z-0a1b2c3d.dump`.
fn file_name(manifest: &Manifest) -> String {
    let ending = match manifest.content.check {
        Check::PgCustom => ".dump",
        Check::PgPlain => ".sql",
        Check::Tar => ".tar",
        Check::None => "",
    };
    format!("{}{ending}", manifest.path.to_string().replace('/', "-"))
}

pub(super) fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| Failure::failed(format!("{path}: {error}"))
}
