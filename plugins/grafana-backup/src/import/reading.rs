//! A backup as it is read back: file by file, each of which has to be what its name says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use watchkeeper_sdk::{artifacts::Error as ArtifactError, fail, prelude::*, stream::Later};

use crate::{
    entry::{Entry, Kind},
    manifest::{Manifest, shown},
    tar,
};

/// The most files of a backup.
const MOST_FILES: usize = 250_000;

/// A backup that is read.
pub(super) struct Reading {
    path: String,
    /// The archive, and how it ends; none once that was heard.
    rest: Option<(tar::Reader, Later<Result<(), ArtifactError>>)>,
}

impl Reading {
    pub(super) async fn open(path: &str) -> Result<Self> {
        let stored = artifacts::get(path).await?;
        Ok(Self { path: path.to_owned(), rest: Some((tar::Reader::new(stored.bytes), stored.ended)) })
    }

    /// The next file; none after the last one, once the store said that all of it came, unchanged.
    pub(super) async fn next(&mut self) -> Result<Option<(Entry, Value)>> {
        let Some((mut archive, ended)) = self.rest.take() else { return Ok(None) };
        let problem = match archive.next().await {
            Ok(Some((name, content))) => match parse(&name, &content) {
                Ok(file) => {
                    self.rest = Some((archive, ended));
                    return Ok(Some(file));
                }
                Err(problem) => problem,
            },
            Ok(None) => {
                ended.await?;
                return Ok(None);
            }
            Err(problem) => problem.to_string(),
        };
        // What the store says of its bytes explains what is wrong with them.
        archive.drain().await;
        ended.await?;
        fail!("{}: {problem}", self.path)
    }
}

fn parse(name: &str, content: &[u8]) -> Result<(Entry, Value), String> {
    let entry = Entry::of(name).ok_or_else(|| format!("{:?} is no file of a backup", shown(name)))?;
    let value = serde_json::from_slice(content).map_err(|error| format!("{name}: {error}"))?;
    if let Entry::Object(kind, uid) = &entry {
        let object = match kind {
            Kind::Dashboard => value_at(&value, "dashboard"),
            _ => &value,
        };
        if value_at(object, "uid").as_str() != Some(uid.as_str()) {
            return Err(format!("{name} holds another object"));
        }
    }
    Ok((entry, value))
}

/// A field of an object; null where there is none.
pub(super) fn value_at<'a>(object: &'a Value, key: &str) -> &'a Value {
    object.get(key).unwrap_or(&Value::Null)
}

/// Reads all of a backup and holds it against its manifest.
pub(super) async fn check(path: &str) -> Result<Manifest> {
    let mut reading = Reading::open(path).await?;
    let (mut counts, mut names, mut manifest) = (BTreeMap::<Kind, u64>::new(), BTreeSet::new(), None);
    while let Some((entry, content)) = reading.next().await? {
        if manifest.is_some() || names.len() >= MOST_FILES || !names.insert(entry.clone()) {
            fail!("{path}: {} comes twice, behind the manifest, or is one file too many", entry.name());
        }
        match entry {
            Entry::Object(kind, _) => *counts.entry(kind).or_default() += 1,
            Entry::All(kind) => {
                *counts.entry(kind).or_default() += content.as_array().map_or(1, |all| all.len() as u64)
            }
            Entry::Manifest => manifest = Some(read_manifest(path, content)?),
        }
    }
    match manifest {
        Some(manifest) if manifest.counts == counts => Ok(manifest),
        Some(_) => fail!("{path}: it doesn't hold what its manifest says"),
        None => fail!("{path}: it has no manifest"),
    }
}

fn read_manifest(path: &str, content: Value) -> Result<Manifest> {
    let manifest: Manifest =
        serde_json::from_value(content).map_err(|error| Error::failed(format!("{path}: MANIFEST.json: {error}")))?;
    match manifest.strange() {
        None => Ok(manifest),
        Some(strange) => fail!("{path}: {strange}"),
    }
}
