//! The store that a command is about, and the keys that open what lies in it.

use std::path::{Path, PathBuf};

use url::Url;
use watchkeeper_artifact_store::{Identities, Store};
use watchkeeper_config::{ArtifactStoreSettings, Settings, read_private};
use zeroize::Zeroizing;

use super::{
    args::{KeyOptions, StoreOptions},
    failure, source,
};
use crate::failure::Failure;

/// The most bytes of a file with identities.
const LIMIT: u64 = 1 << 20;

/// A store that is ready to be asked.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) url: Url,
}

/// Opens the store that the options name, without keys.
///
/// # Errors
/// As [`source::configuration`], [`source::choose`] and [`source::address`]; 1 if it is a folder that isn't there.
pub(super) fn open(options: &StoreOptions) -> Result<Opened, Failure> {
    let (name, settings) = settings(options)?;
    let opened = make(&name, ArtifactStoreSettings { identity_file: None, ..settings });
    opened.map_err(|failure| blame(options, failure))
}

/// Opens it with the keys that are named, else with those of its settings.
///
/// # Errors
/// As [`open`]; 64 or 78 if a key can't be read.
pub(super) fn open_with_keys(options: &StoreOptions, keys: &KeyOptions) -> Result<Opened, Failure> {
    let Some(identities) = read_identities(&keys.identities)? else {
        let (name, settings) = settings(options)?;
        return make(&name, settings).map_err(|failure| blame(options, failure));
    };
    let opened = open(options)?;
    Ok(Opened { store: opened.store.with_identities(identities), ..opened })
}

/// Opens a store of a configuration that was read already, without keys.
///
/// # Errors
/// As [`source::choose`].
pub(super) fn open_configured(settings: &Settings, file: &Path, name: Option<&str>) -> Result<Opened, Failure> {
    let (name, settings) = source::choose(settings, file, name)?;
    make(name, ArtifactStoreSettings { identity_file: None, ..settings.clone() })
}

fn settings(options: &StoreOptions) -> Result<(String, ArtifactStoreSettings), Failure> {
    if let Some(url) = &options.url {
        let settings = source::address(url, &options.options)?;
        return Ok((settings.url.to_string(), settings));
    }
    let settings = source::configuration(&options.config, options.store.as_deref())?;
    let (name, store) = source::choose(&settings, &options.config, options.store.as_deref())?;
    Ok((name.to_owned(), store.clone()))
}

/// What is wrong with an address is wrong usage: there is no configuration.
fn blame(options: &StoreOptions, failure: Failure) -> Failure {
    match failure {
        Failure::Config(text) if options.url.is_some() => Failure::Usage(text),
        other => other,
    }
}

/// Nothing here is encrypted, so that recipients can't be in the way either.
fn make(name: &str, settings: ArtifactStoreSettings) -> Result<Opened, Failure> {
    let settings = ArtifactStoreSettings { recipients: Vec::new(), ..settings };
    if let Some(folder) = folder(&settings.url)
        && !folder.is_dir()
    {
        let hint = "look at the address, or mount what it is on";
        return Err(Failure::Failed(format!("{}: there is no such folder\nhint: {hint}", folder.display())));
    }
    let store = Store::open(name, &settings).map_err(|error| failure(&error))?;
    Ok(Opened { store, url: settings.url })
}

/// The folder that a store is, if it is one.
pub(super) fn folder(url: &Url) -> Option<PathBuf> {
    url.to_file_path().ok().filter(|_| url.scheme() == "file")
}

/// None where no file is named.
fn read_identities(files: &[PathBuf]) -> Result<Option<Identities>, Failure> {
    let mut all = Zeroizing::new(Vec::new());
    for file in files {
        let text = read_private(file, LIMIT).map_err(|error| Failure::Usage(error.to_string()))?;
        Identities::parse(&text).map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))?;
        all.extend_from_slice(&text);
        all.push(b'\n');
    }
    if files.is_empty() {
        return Ok(None);
    }
    Identities::parse(&all).map(Some).map_err(Failure::Usage)
}
