//! What there is, from the names of objects alone. A list may lag behind: what must be sure is looked for by its name.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use jiff::Timestamp;

use crate::{
    ArtifactPath, Manifest, Mark, Marked, Part, Prefix, Store, StoreError,
    backend::{Backend, Found},
    manifest::{ENCRYPTED_OBJECT, MANIFEST, MANIFEST_LIMIT, PLAIN_OBJECT},
    upload::UPLOAD,
};

/// An artifact in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub path: ArtifactPath,
    /// When it was begun, to the second.
    pub created: Timestamp,
    /// What was proved of it.
    pub marks: Vec<Marked>,
    /// Bytes of its content as they are stored.
    pub stored_size: u64,
}

impl Store {
    /// What there is below a prefix: whole artifacts alone, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Denied`].
    pub async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, StoreError> {
        let entries = entries(&self.backend, prefix).await?;
        let whole = entries.into_iter().filter(|(_, entry)| entry.is_whole());
        let mut listed: Vec<Listed> = whole.map(|(path, entry)| entry.into_listed(path)).collect();
        listed.sort_by(|one, other| one.path.id.cmp(&other.path.id));
        Ok(listed)
    }

    /// What an artifact says of itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Corrupt`], [`StoreError::Unsupported`], [`StoreError::Unavailable`],
    /// [`StoreError::Denied`].
    pub async fn manifest(&self, path: &ArtifactPath) -> Result<Manifest, StoreError> {
        match self.backend.read(&path.object(MANIFEST), MANIFEST_LIMIT).await? {
            Some(bytes) => Manifest::parse(path, &bytes),
            None => Err(StoreError::NotFound { store: self.name().to_owned(), path: path.clone() }),
        }
    }
}

/// The objects of one artifact, or of what might become one.
#[derive(Default)]
pub(crate) struct Entry {
    objects: Vec<Object>,
    marks: Vec<Marked>,
    stored_size: u64,
}

/// An object that belongs to an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Manifest,
    Plain,
    Encrypted,
    Upload,
    Mark(Mark),
    ReadPart(Part),
}

impl Object {
    fn parse(name: &str) -> Option<Self> {
        match name {
            MANIFEST => Some(Self::Manifest),
            PLAIN_OBJECT => Some(Self::Plain),
            ENCRYPTED_OBJECT => Some(Self::Encrypted),
            UPLOAD => Some(Self::Upload),
            _ => Mark::of_object(name).map(Self::Mark).or_else(|| Part::of_object(name).map(Self::ReadPart)),
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Manifest => MANIFEST.to_owned(),
            Self::Plain => PLAIN_OBJECT.to_owned(),
            Self::Encrypted => ENCRYPTED_OBJECT.to_owned(),
            Self::Upload => UPLOAD.to_owned(),
            Self::Mark(mark) => mark.object().to_owned(),
            Self::ReadPart(part) => part.object(),
        }
    }
}

impl Entry {
    pub(crate) fn is_whole(&self) -> bool {
        self.has(Object::Manifest)
    }

    /// Whether it is whole and nothing tells of its upload any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_whole() && !self.has(Object::Upload)
    }

    fn has(&self, object: Object) -> bool {
        self.objects.contains(&object)
    }

    /// What says that a part of it was read.
    pub(crate) fn read_parts(&self) -> impl Iterator<Item = Part> + '_ {
        self.objects.iter().filter_map(|object| match object {
            Object::ReadPart(part) => Some(*part),
            _ => None,
        })
    }

    /// All of its objects but the manifest; content counts as there even where the list doesn't show it yet.
    pub(crate) fn beside_manifest(&self) -> Vec<Object> {
        let mut objects: Vec<Object> =
            self.objects.iter().copied().filter(|object| *object != Object::Manifest).collect();
        if !self.has(Object::Plain) && !self.has(Object::Encrypted) {
            objects.extend([Object::Plain, Object::Encrypted]);
        }
        objects
    }

    pub(crate) fn all_marks(&self) -> impl Iterator<Item = Object> + '_ {
        self.objects.iter().copied().filter(|object| matches!(object, Object::Mark(_) | Object::ReadPart(_)))
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.marks.iter().any(|marked| marked.mark == Mark::Verified)
    }

    fn add(&mut self, object: Object, found: &Found) {
        self.objects.push(object);
        match object {
            Object::Plain | Object::Encrypted => self.stored_size = found.size,
            Object::Mark(mark) => self.marks.push(Marked { mark, at: found.written }),
            Object::Manifest | Object::Upload | Object::ReadPart(_) => {}
        }
    }

    fn into_listed(self, path: ArtifactPath) -> Listed {
        Listed { created: path.created(), path, marks: self.marks, stored_size: self.stored_size }
    }
}

/// All that is below a prefix, whole or not. What has no name of ours is passed over.
pub(crate) async fn entries(backend: &Backend, prefix: &Prefix) -> Result<BTreeMap<ArtifactPath, Entry>, StoreError> {
    let below = match prefix {
        Prefix::All => String::new(),
        Prefix::Job(job) => job.to_string(),
        Prefix::Name(scope) => scope.to_string(),
    };
    of_prefix(backend, &below).await
}

/// The objects of one artifact.
pub(crate) async fn entry(backend: &Backend, path: &ArtifactPath) -> Result<Entry, StoreError> {
    Ok(of_prefix(backend, &path.to_string()).await?.remove(path).unwrap_or_default())
}

async fn of_prefix(backend: &Backend, prefix: &str) -> Result<BTreeMap<ArtifactPath, Entry>, StoreError> {
    let mut entries: BTreeMap<ArtifactPath, Entry> = BTreeMap::new();
    let mut objects = std::pin::pin!(backend.list(prefix));
    while let Some((name, found)) = objects.try_next().await? {
        let Some((path, object)) = name.rsplit_once('/') else { continue };
        if let (Ok(path), Some(object)) = (path.parse(), Object::parse(object)) {
            entries.entry(path).or_default().add(object, &found);
        }
    }
    Ok(entries)
}
