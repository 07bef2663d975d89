//! An artifact store in memory. It checks no format and deletes nothing: it keeps what it is given, if its producer ended well and it is
//! large enough, remembers what it was asked for, and fails where a test wants it to.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

use alloy_primitives::keccak256;

use crate::artifacts::{Artifact, Error, Mark, Options, Reading, Retention};

/// A store. Clones are the same store, so that a test can look at it after a run.
///
/// ```
/// use std::time::Duration;
/// use watchkeeper_sdk::{artifacts::Error, testing::{Operation, Store}};
///
/// let store = Store::new();
/// store.holds("postgres/app/1", "a dump", Duration::from_secs(100));
/// store.fails(Operation::Put, Error::Unavailable("no answer".into()));
/// assert_eq!(store.artifacts()[0].size, 6);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Store(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    held: RefCell<BTreeMap<String, Held>>,
    failing: RefCell<BTreeMap<Operation, Error>>,
    corrupt: RefCell<BTreeMap<String, String>>,
    asked: RefCell<Vec<String>>,
}

#[derive(Debug)]
struct Held {
    artifact: Artifact,
    content: Vec<u8>,
    /// Parts that were read, of how many.
    read: BTreeSet<(u32, u32)>,
}

/// What a store can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// To store.
    Put,
    /// To read back.
    Get,
    /// To list.
    Entries,
    /// To read and compare.
    Verify,
    /// To mark.
    Mark,
    /// To apply the policy.
    Retain,
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an artifact that is there already, `JOB/NAME/ID`, begun at a time since the Unix epoch.
    pub fn holds(&self, path: &str, content: impl Into<Vec<u8>>, created: Duration) {
        self.keep(path.to_owned(), content.into(), created, Vec::new());
    }

    /// Marks an artifact.
    pub fn marks(&self, path: &str, what: &str, at: Duration) {
        if let Some(held) = self.0.held.borrow_mut().get_mut(path) {
            held.artifact.marks.retain(|mark| mark.what != what);
            held.artifact.marks.push(Mark { what: what.to_owned(), at });
        }
    }

    /// Has every such operation answer with an error; a put takes the content before.
    pub fn fails(&self, operation: Operation, error: Error) {
        self.0.failing.borrow_mut().insert(operation, error);
    }

    /// Has an operation work again.
    pub fn works(&self, operation: Operation) {
        self.0.failing.borrow_mut().remove(&operation);
    }

    /// Has an artifact read as corrupt, with these words: only half of its content comes.
    pub fn corrupts(&self, path: &str, why: &str) {
        self.0.corrupt.borrow_mut().insert(path.to_owned(), why.to_owned());
    }

    /// What it holds, by path.
    pub fn artifacts(&self) -> Vec<Artifact> {
        self.0.held.borrow().values().map(|held| held.artifact.clone()).collect()
    }

    /// The content of an artifact.
    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        self.0.held.borrow().get(path).map(|held| held.content.clone())
    }

    /// What it was asked for, in order: `put app pg-custom`, `get PATH`, `entries PREFIX`, `verify PATH 0/1`, `mark PATH restored`,
    /// `retain app`.
    pub fn asked(&self) -> Vec<String> {
        self.0.asked.borrow().clone()
    }

    pub(crate) fn put(
        &self,
        path: (&str, &str),
        content: Vec<u8>,
        produced: Result<(), String>,
        options: Options,
        now: Duration,
    ) -> Result<Artifact, Error> {
        let (job, name) = path;
        self.ask(Operation::Put, format!("put {name} {}", options.check.word()))?;
        let size = content.len() as u64;
        produced.map_err(Error::Aborted)?;
        if size < options.minimum_size {
            return Err(Error::Aborted(format!("it has {size} bytes, less than {}", options.minimum_size)));
        }
        let path = format!("{job}/{name}/{:012}-{:08}", now.as_secs(), self.0.asked.borrow().len());
        Ok(self.keep(path, content, now, options.metadata))
    }

    /// What comes of it, and how it ends.
    pub(crate) fn get(&self, path: &str) -> Result<(Vec<u8>, Result<(), Error>), Error> {
        self.ask(Operation::Get, format!("get {path}"))?;
        let mut content = self.content(path).ok_or_else(|| Error::NotFound(path.to_owned()))?;
        let ended = self.sound(path);
        if ended.is_err() {
            content.truncate(content.len() / 2);
        }
        Ok((content, ended))
    }

    pub(crate) fn entries(&self, prefix: &str, newest: u32) -> Result<Vec<Artifact>, Error> {
        self.ask(Operation::Entries, format!("entries {prefix}"))?;
        let mut entries: Vec<Artifact> =
            self.artifacts().into_iter().filter(|artifact| artifact.path.starts_with(prefix)).collect();
        entries.sort_by_key(|artifact| artifact.created);
        let rest = entries.len().saturating_sub(usize::try_from(newest).unwrap_or(usize::MAX));
        Ok(entries.split_off(rest))
    }

    pub(crate) fn verify(&self, path: &str, part: u32, parts: u32, now: Duration) -> Result<Reading, Error> {
        self.ask(Operation::Verify, format!("verify {path} {part}/{parts}"))?;
        self.sound(path)?;
        let (bytes, verified) = {
            let mut held = self.0.held.borrow_mut();
            let held = held.get_mut(path).ok_or_else(|| Error::NotFound(path.to_owned()))?;
            held.read.insert((parts, part));
            let all = (0..parts).all(|part| held.read.contains(&(parts, part)));
            (held.artifact.stored_size / u64::from(parts.max(1)), all)
        };
        if verified {
            self.marks(path, Mark::VERIFIED, now);
        }
        Ok(Reading { bytes, verified })
    }

    pub(crate) fn mark(&self, path: &str, mark: &str, now: Duration) -> Result<(), Error> {
        self.ask(Operation::Mark, format!("mark {path} {mark}"))?;
        self.marks(path, mark, now);
        Ok(())
    }

    pub(crate) fn retain(&self, job: &str, name: &str) -> Result<Retention, Error> {
        self.ask(Operation::Retain, format!("retain {name}"))?;
        let mut own = self.artifacts();
        own.retain(|artifact| artifact.path.starts_with(&format!("{job}/{name}/")));
        let oldest = own.iter().map(|artifact| artifact.created).min();
        Ok(Retention { kept: own.len() as u64, oldest, deleted: Vec::new() })
    }

    fn ask(&self, operation: Operation, asked: String) -> Result<(), Error> {
        self.0.asked.borrow_mut().push(asked);
        self.0.failing.borrow().get(&operation).cloned().map_or(Ok(()), Err)
    }

    fn sound(&self, path: &str) -> Result<(), Error> {
        self.0.corrupt.borrow().get(path).cloned().map_or(Ok(()), |why| Err(Error::Corrupt(why)))
    }

    fn keep(&self, path: String, content: Vec<u8>, created: Duration, metadata: Vec<(String, String)>) -> Artifact {
        let artifact = Artifact {
            path: path.clone(),
            created,
            size: content.len() as u64,
            stored_size: (content.len() / 2) as u64,
            // Stands for the real one: it differs where contents do.
            sha256: keccak256(&content).0,
            marks: Vec::new(),
            metadata,
        };
        let held = Held { artifact: artifact.clone(), content, read: BTreeSet::new() };
        self.0.held.borrow_mut().insert(path, held);
        artifact
    }
}
