//! One run's power over artifacts. Plain functions, so that any binding of the contract can call them. What they begin are tasks of
//! the host, which end with the run: a put that isn't whole by then leaves nothing.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchkeeper_artifact_store::{
    ArtifactName, ArtifactPath, Check, Listed, Manifest, Mark, Marked, Part, Prefix, Progress, PutOrder, Reading, Scope,
};
use watchkeeper_contract::{ByteStream, RunGrant, RunInfo, Settlement, Verdict, byte_stream};
use watchkeeper_model::{JobName, Outcome};

use crate::{
    KeepError,
    feed::{Feed, complete},
    grant::Granted,
    telemetry::Operation,
};

/// Manifests that are read at once.
const READS: usize = 8;
/// The most artifacts that one answer lists.
const MOST_ENTRIES: usize = 10_000;

/// A run's handle. Clones share what it began.
#[derive(Clone)]
pub struct Keeping {
    job: JobName,
    granted: Arc<Granted>,
    cancel: CancellationToken,
    tasks: TaskTracker,
}

/// The run that asks.
#[derive(Debug, Clone)]
pub struct Asker(pub Arc<RunInfo>);

/// What a plugin wants stored.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is called.
    pub name: String,
    /// How the host checks it: `none`, `tar`, `pg-custom` or `pg-plain`.
    pub check: String,
    /// The least bytes that it must have.
    pub minimum_size: u64,
    /// What is to be said of it.
    pub metadata: Vec<(String, String)>,
}

/// An artifact, and what was proved of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What was proved.
    pub marks: Vec<Marked>,
}

/// An artifact that is being read.
pub struct Read {
    /// Its content.
    pub content: ByteStream,
    /// Whether all of it came.
    pub ended: oneshot::Receiver<Result<(), KeepError>>,
}

/// What retention did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// The times of those that there are now, in nanoseconds since the Unix epoch, oldest first.
    pub kept: Vec<u64>,
    /// The paths of those that were deleted.
    pub deleted: Vec<String>,
}

type Answer<T> = Result<T, KeepError>;

impl Keeping {
    pub(crate) fn new(job: JobName, granted: Arc<Granted>) -> Self {
        Self { job, granted, cancel: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    /// The store's name in the configuration.
    pub fn store(&self) -> &str {
        self.granted.store.name()
    }

    /// Stores all of `content`, once the plugin says that it is complete; or nothing.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn put(
        &self,
        asker: &Asker,
        wanted: Wanted,
        content: ByteStream,
        said: oneshot::Receiver<Verdict>,
    ) -> Answer<Kept> {
        let operation = self.begin("put");
        let order = match self.order(asker, wanted) {
            Ok(order) => order,
            Err(error) => return operation.end(Err(error)),
        };
        let progress = report(asker, format!("storing {}", order.name));
        let (store, cancel) = (self.granted.store.clone(), self.cancel.clone());
        let (feed, source) = Feed::new(content, &cancel);
        let stored =
            self.spawn(async move { Ok(store.put(order, feed, complete(source, said, cancel), progress).await?) });
        let stored = stored.await;
        if let Ok(manifest) = &stored {
            self.granted.house.metrics.moved(self.store(), "put", manifest.stored.size);
        }
        operation.end(stored.map(|manifest| Kept { manifest, marks: Vec::new() }))
    }

    fn order(&self, asker: &Asker, wanted: Wanted) -> Answer<PutOrder> {
        self.may_write()?;
        let name = ArtifactName::new(&wanted.name).map_err(|error| self.denied(&error.to_string(), None))?;
        let check: Check = wanted.check.parse().map_err(|_| {
            self.denied("there is no such check\nhint: use `none`, `tar`, `pg-custom` or `pg-plain`", None)
        })?;
        if asker.0.dry_run {
            return Err(KeepError::DryRun(format!("would store {}/{name} in {}", self.job, self.store())));
        }
        Ok(PutOrder {
            job: self.job.clone(),
            name,
            run: Some(asker.0.id.to_string()),
            check,
            minimum_size: wanted.minimum_size,
            metadata: wanted.metadata.into_iter().collect(),
            now: self.granted.house.clock.now(),
        })
    }

    /// Reads an artifact's content.
    ///
    /// # Errors
    /// [`KeepError`]; what is found later, [`Read::ended`] tells.
    pub async fn get(&self, asker: &Asker, path: &str) -> Answer<Read> {
        let operation = self.begin("get");
        let path = match self.readable(path) {
            Ok(path) => path,
            Err(error) => return operation.end(Err(error)),
        };
        let store = self.granted.store.clone();
        let manifest = match store.manifest(&path).await {
            Ok(manifest) => manifest,
            Err(error) => return operation.end(Err(error.into())),
        };
        let (metrics, size) = (self.granted.house.metrics.clone(), manifest.stored.size);
        let progress = report(asker, format!("reading {}", path.name));
        let (sink, content) = byte_stream();
        let (tell, ended) = oneshot::channel();
        let cancel = self.cancel.clone();
        let read = async move {
            let mut pieces = std::pin::pin!(store.read(manifest, progress));
            let ended = loop {
                let piece = match pieces.next().await {
                    None => break Ok(()),
                    Some(Err(error)) => break Err(KeepError::from(error)),
                    Some(Ok(piece)) => piece,
                };
                if sink.send(piece).await.is_err() {
                    break Err(KeepError::Aborted("nobody read it to its end".to_owned()));
                }
            };
            metrics.moved(store.name(), "get", if ended.is_ok() { size } else { 0 });
            sink.finish(ended.clone().map_err(|error| error.to_string()));
            let _gone = tell.send(operation.end(ended));
        };
        self.tasks.spawn_on(
            async move {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = read => {}
                }
            },
            &self.granted.house.runtime,
        );
        Ok(Read { content, ended })
    }

    /// The newest artifacts under `JOB/` or `JOB/NAME/`, the oldest of them first.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn entries(&self, prefix: &str, newest: u32) -> Answer<Vec<Kept>> {
        let operation = self.begin("entries");
        let prefix = match self.listable(prefix) {
            Ok(prefix) => prefix,
            Err(error) => return operation.end(Err(error)),
        };
        let store = self.granted.store.clone();
        let newest = usize::try_from(newest).unwrap_or(usize::MAX).min(MOST_ENTRIES);
        let entries = self.spawn_until_end(async move {
            let mut listed = store.list(&prefix).await?;
            let listed = listed.split_off(listed.len().saturating_sub(newest));
            let read = |Listed { path, marks, .. }| {
                let store = store.clone();
                async move { Ok(Kept { manifest: store.manifest(&path).await?, marks }) }
            };
            stream::iter(listed).map(read).buffered(READS).try_collect().await
        });
        operation.end(entries.await)
    }

    /// Reads a part of what is stored and compares.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn verify(&self, asker: &Asker, path: &str, part: u32, parts: u32) -> Answer<Reading> {
        let operation = self.begin("verify");
        let asked = self.readable(path).and_then(|path| {
            let wrong = || self.denied(&format!("there is no part {part} of {parts}\nhint: parts count from 0"), None);
            Ok((path, Part::new(part, parts).ok_or_else(wrong)?))
        });
        let (path, part) = match asked {
            Ok(asked) => asked,
            Err(error) => return operation.end(Err(error)),
        };
        if asker.0.dry_run {
            return operation.end(Err(KeepError::DryRun(format!("would read {path} back"))));
        }
        let progress = report(asker, format!("verifying {}", path.name));
        let (store, by) = (self.granted.store.clone(), format!("job {}", self.job));
        let reading = async move { Ok(store.verify(&path, part, &by, progress).await?) };
        let reading = self.spawn_until_end(reading).await;
        if let Ok(reading) = &reading {
            self.granted.house.metrics.moved(self.store(), "verify", reading.bytes);
        }
        operation.end(reading)
    }

    /// Records that something was made to work of an artifact.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn mark_restored(&self, asker: &Asker, path: &str) -> Answer<()> {
        let operation = self.begin("mark");
        let path = match self.readable(path) {
            Ok(path) => path,
            Err(error) => return operation.end(Err(error)),
        };
        if asker.0.dry_run {
            return operation.end(Err(KeepError::DryRun(format!("would mark {path} as restored"))));
        }
        let (store, by) = (self.granted.store.clone(), format!("job {}", self.job));
        let marked = async move { Ok(store.mark(&path, Mark::Restored, &by).await?) };
        operation.end(self.spawn_until_end(marked).await)
    }

    /// Applies the grant's policy to this job's artifacts of a name, and removes what puts that were cut off left behind.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn retain(&self, asker: &Asker, name: &str) -> Answer<Retained> {
        let operation = self.begin("retain");
        let asked = self
            .may_write()
            .and_then(|()| ArtifactName::new(name).map_err(|error| self.denied(&error.to_string(), None)));
        let name = match asked {
            Ok(name) => name,
            Err(error) => return operation.end(Err(error)),
        };
        let dry_run = asker.0.dry_run;
        let (granted, job) = (Arc::clone(&self.granted), self.job.clone());
        let retained = self.spawn(async move {
            let (store, holder) = (&granted.store, &granted.house.holder);
            let scope = Scope { job: job.clone(), name };
            if !dry_run {
                store.clean(&job, holder).await?;
            }
            let Some(policy) = &granted.retention else {
                let listed = store.list(&Prefix::Name(scope)).await?;
                let kept = listed.iter().map(|listed| nanoseconds(&listed.path)).collect();
                return Ok(Retained { kept, deleted: Vec::new() });
            };
            let plan = store.retain(&scope, policy, dry_run, holder).await?;
            let deleted: Vec<String> = plan.delete.iter().map(ToString::to_string).collect();
            if dry_run {
                let which = if deleted.is_empty() { "nothing".to_owned() } else { deleted.join(", ") };
                return Err(KeepError::DryRun(format!("would delete {which}")));
            }
            let mut kept: Vec<u64> = plan.keep.iter().map(|kept| nanoseconds(&kept.path)).collect();
            kept.sort_unstable();
            Ok(Retained { kept, deleted })
        });
        let retained = retained.await;
        if let Ok(retained) = &retained {
            self.granted.house.metrics.deleted(self.store(), &self.job, &retained.deleted);
        }
        operation.end(retained)
    }

    /// Runs work as a task of the host, which goes on where its caller stops waiting; the run's end waits for it.
    async fn spawn<T: Send + 'static>(&self, work: impl Future<Output = Answer<T>> + Send + 'static) -> Answer<T> {
        let gone = || KeepError::Unavailable("it was interrupted".to_owned());
        self.tasks.spawn_on(work, &self.granted.house.runtime).await.unwrap_or_else(|_| Err(gone()))
    }

    /// The same for work that may stop anywhere: the run's end stops it.
    async fn spawn_until_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Answer<T>> + Send + 'static,
    ) -> Answer<T> {
        let cancel = self.cancel.clone();
        let stopped = async move {
            cancel.cancelled().await;
            Err(KeepError::Unavailable("the run ended first".to_owned()))
        };
        self.spawn(async move {
            tokio::select! {
                biased;
                answer = work => answer,
                stopped = stopped => stopped,
            }
        })
        .await
    }

    fn begin(&self, operation: &'static str) -> Operation {
        Operation::begin(&self.granted.house.metrics, self.store(), &self.job, operation)
    }

    fn may_write(&self) -> Answer<()> {
        if self.granted.write { Ok(()) } else { Err(self.denied("it may store nothing", Some("write = true"))) }
    }

    fn may_read(&self, job: &JobName) -> Answer<()> {
        if (job == &self.job && self.granted.write) || self.granted.read.contains(job) {
            return Ok(());
        }
        Err(self.denied(&format!("it may not read the artifacts of {job}"), Some(&format!("read = [\"{job}\"]"))))
    }

    fn readable(&self, path: &str) -> Answer<ArtifactPath> {
        let path: ArtifactPath = path.parse().map_err(|error| self.denied(&format!("{error}"), None))?;
        self.may_read(&path.job)?;
        Ok(path)
    }

    fn listable(&self, prefix: &str) -> Answer<Prefix> {
        let prefix: Prefix = prefix.parse().map_err(|error| self.denied(&format!("{error}"), None))?;
        match prefix.job() {
            Some(job) => self.may_read(job)?,
            None => {
                return Err(self.denied("it may not list all of a store\nhint: ask for `JOB/` or `JOB/NAME/`", None));
            }
        }
        Ok(prefix)
    }

    fn denied(&self, why: &str, line: Option<&str>) -> KeepError {
        let hint = line.map(|line| format!("\nhint: add `{line}` under `[grants.artifacts]`")).unwrap_or_default();
        KeepError::Denied(format!("job `{}`: artifacts: {why}{hint}", self.job))
    }
}

fn report(asker: &Asker, stage: String) -> Progress {
    let info = Arc::clone(&asker.0);
    Arc::new(move |done, total| info.report(&stage, done, total))
}

fn nanoseconds(path: &ArtifactPath) -> u64 {
    u64::try_from(path.created().as_nanosecond()).unwrap_or(0)
}

#[async_trait]
impl RunGrant for Keeping {
    /// Ends what still goes on, and waits until it is undone.
    async fn settle(self: Box<Self>, _outcome: Outcome, _settlement: &mut Settlement) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Kept {
    /// When it was begun, in nanoseconds since the Unix epoch.
    pub fn created(&self) -> u64 {
        nanoseconds(&self.manifest.path)
    }

    /// What its maker said of it.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.manifest.metadata
    }
}
