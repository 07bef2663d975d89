//! `backup restore`: the content of an artifact as a file, as a folder, or on standard output; whole, or not at all.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use futures_util::TryStreamExt;
use serde::Serialize;
use watchkeeper_artifact_store::{Check, Manifest, Store};

use super::{
    args::RestoreOptions, by_hand, content::Content, failure, file::NewFile, open, print, progress::Meter,
    unpack::NewFolder,
};
use crate::{args::Format, failure::Failure};

#[derive(Serialize)]
struct Restored {
    path: String,
    /// The file or folder.
    to: PathBuf,
    /// Bytes of the content.
    size: u64,
    /// The content's.
    sha256: String,
    /// Files, folders and links, where it was unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
}

/// Restores one artifact.
///
/// # Errors
/// 64 for what would overwrite something, or can't be meant; 1 if the content isn't whole, can't be opened or can't be written: then no
/// file was touched.
pub(super) async fn restore(options: &RestoreOptions) -> Result<(), Failure> {
    let to_stdout = options.to.as_deref() == Some(Path::new("-"));
    if to_stdout {
        check_stdout(options)?;
    }
    let opened = open::open_with_keys(&options.store, &options.keys)?;
    let path = options.artifact.find(&opened.store).await?;
    let manifest = opened.store.manifest(&path).await.map_err(|error| failure(&error))?;
    if to_stdout {
        return pour(&opened.store, manifest).await;
    }
    let restored = match (&options.unpack, &options.to) {
        (Some(folder), _) => unpack(&opened.store, &manifest, folder).await?,
        (None, to) => {
            write(&opened.store, &manifest, to.as_deref().unwrap_or(Path::new(".")), options.overwrite).await?
        }
    };
    if options.format == Format::Json {
        return print::json(&restored);
    }
    let to = restored.to.display().to_string();
    let entries = restored.entries.map(|count| format!(", {count} files, folders and links")).unwrap_or_default();
    print::say(&format!("{to}: {} of {}, as put in{entries}\n", print::bytes(restored.size), restored.path))?;
    if let Some(next) = by_hand::next(manifest.content.check, &to) {
        eprintln!("hint: {next}");
    }
    Ok(())
}

async fn write(store: &Store, manifest: &Manifest, to: &Path, overwrite: bool) -> Result<Restored, Failure> {
    let file = NewFile::begin(to, manifest, overwrite)?;
    let meter = Meter::begin(manifest.path.to_string());
    let content = Content::new(store.read(manifest.clone(), meter.progress()))?;
    let to = file.fill(content).await.map_err(without_trace)?;
    Ok(Restored::new(manifest, to, None))
}

async fn unpack(store: &Store, manifest: &Manifest, to: &Path) -> Result<Restored, Failure> {
    if manifest.content.check != Check::Tar {
        let (path, check) = (&manifest.path, manifest.content.check);
        let hint = "--to restores it as a file";
        return Err(Failure::Usage(format!("{path}: is no tar archive, its check is {check}\nhint: {hint}")));
    }
    let folder = NewFolder::begin(to)?;
    let meter = Meter::begin(manifest.path.to_string());
    let content = Content::new(store.read(manifest.clone(), meter.progress()))?;
    let (to, entries) = folder.fill(content).await.map_err(without_trace)?;
    Ok(Restored::new(manifest, to, Some(entries)))
}

/// Hands the content on as it is read. Whoever reads it must look at how this ends.
async fn pour(store: &Store, manifest: Manifest) -> Result<(), Failure> {
    let closed =
        |error: io::Error| Failure::failed(format!("standard output: {error}; not all of the content was taken"));
    // Not by way of Rust's own, which looks for line ends.
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned().map_err(closed)?);
    let meter = Meter::begin(manifest.path.to_string());
    let mut content = store.read(manifest, meter.progress());
    let beginning = |failure| {
        let hint = "throw away what went to standard output: it is only the beginning, up to what is wrong";
        with_line(failure, &format!("hint: {hint}"))
    };
    while let Some(piece) = content.try_next().await.map_err(|error| beginning(failure(&error)))? {
        out.write_all(&piece).map_err(closed)?;
    }
    Ok(())
}

/// # Errors
/// 64: the content would go to a terminal, or among something else.
fn check_stdout(options: &RestoreOptions) -> Result<(), Failure> {
    if options.format == Format::Json {
        return Err(Failure::Usage("the content goes to standard output, so JSON can't\nhint: name a file".to_owned()));
    }
    if io::stdout().is_terminal() {
        let hint = "name a file, or send it on by a pipe";
        return Err(Failure::Usage(format!("the content would go to this terminal\nhint: {hint}")));
    }
    Ok(())
}

impl Restored {
    fn new(manifest: &Manifest, to: PathBuf, entries: Option<u64>) -> Self {
        let content = &manifest.content;
        Self { path: manifest.path.to_string(), to, size: content.size, sha256: content.sha256.hex(), entries }
    }
}

fn without_trace(failure: Failure) -> Failure {
    with_line(failure, "nothing was restored, and nothing was overwritten")
}

fn with_line(failure: Failure, line: &str) -> Failure {
    match failure {
        Failure::Failed(text) => Failure::Failed(format!("{text}\n{line}")),
        other => other,
    }
}
