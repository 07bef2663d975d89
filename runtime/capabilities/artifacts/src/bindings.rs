//! The asynchronous binding of `watchkeeper:artifacts`: waits for its turn, charges the run, takes and lends streams, and translates
//! types. Everything else is in `keeping`, for another binding to call.

use tokio::sync::oneshot;
use wasmtime::component::{Accessor, FutureReader, HasData, Linker, StreamReader};
use watchkeeper_artifact_store::{Mark, Marked, Reading};
use watchkeeper_contract::{
    Run, Verdict, bindings::backup::watchkeeper::artifacts::artifacts as wit, enter, hold, lend_stream, take_future,
    take_stream,
};

use crate::{Asker, KeepError, Keeping, Kept, Wanted, keeping::Retained};

pub(crate) fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    wit::add_to_linker::<Run, Binding>(linker, |_run| Binding)
}

struct Binding;

impl HasData for Binding {
    type Data<'a> = Self;
}

impl wit::Host for Binding {}

/// What a host function answers: the outer error ends the run, the inner one is the plugin's to handle.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::HostWithStore<Run> for Binding {
    async fn put(
        store: &Accessor<Run, Self>,
        name: String,
        content: StreamReader<u8>,
        complete: FutureReader<Result<(), String>>,
        options: wit::Options,
    ) -> Answer<wit::Artifact> {
        let words: usize = options.metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
        let (content, said) = store.with(|mut access| -> wasmtime::Result<_> {
            let content = take_stream(&mut access, content)?;
            let said: oneshot::Receiver<Verdict> = take_future(&mut access, complete)?;
            Ok((content, said))
        })?;
        let _turn = enter(store, name.len() + options.check.len() + words).await?;
        let (keeping, asker) = begin(store, "put")?;
        let wit::Options { check, minimum_size, metadata } = options;
        let kept = keeping.put(&asker, Wanted { name, check, minimum_size, metadata }, content, said).await;
        lower(store, kept)
    }

    async fn get(store: &Accessor<Run, Self>, path: String) -> Answer<wit::Content> {
        let _turn = enter(store, path.len()).await?;
        let (keeping, asker) = begin(store, "get")?;
        let read = match keeping.get(&asker, &path).await {
            Ok(read) => read,
            Err(error) => return Ok(Err(error.into())),
        };
        store.with(|mut access| {
            let bytes = lend_stream(&mut access, read.content)?;
            let ended = async move {
                let cut = || Err(KeepError::Unavailable("the run ended first".to_owned()));
                wasmtime::error::Ok(read.ended.await.unwrap_or_else(|_| cut()).map_err(wit::Error::from))
            };
            Ok(Ok(wit::Content { bytes, ended: FutureReader::new(&mut access, ended)? }))
        })
    }

    async fn entries(store: &Accessor<Run, Self>, prefix: String, newest: u32) -> Answer<Vec<wit::Artifact>> {
        let _turn = enter(store, prefix.len()).await?;
        let (keeping, _) = begin(store, "entries")?;
        match keeping.entries(&prefix, newest).await {
            Ok(entries) => {
                hold(store, entries.iter().map(bytes).sum())?;
                Ok(Ok(entries.into_iter().map(Into::into).collect()))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn verify(store: &Accessor<Run, Self>, path: String, part: u32, parts: u32) -> Answer<wit::Reading> {
        let _turn = enter(store, path.len()).await?;
        let (keeping, asker) = begin(store, "verify")?;
        let reading = keeping.verify(&asker, &path, part, parts).await;
        Ok(reading.map(|Reading { bytes, verified, .. }| wit::Reading { bytes, verified }).map_err(Into::into))
    }

    async fn mark_restored(store: &Accessor<Run, Self>, path: String) -> Answer<()> {
        let _turn = enter(store, path.len()).await?;
        let (keeping, asker) = begin(store, "mark")?;
        Ok(keeping.mark_restored(&asker, &path).await.map_err(Into::into))
    }

    async fn retain(store: &Accessor<Run, Self>, name: String) -> Answer<wit::Retention> {
        let _turn = enter(store, name.len()).await?;
        let (keeping, asker) = begin(store, "retain")?;
        match keeping.retain(&asker, &name).await {
            Ok(Retained { kept, deleted }) => {
                hold(store, deleted.iter().map(String::len).sum())?;
                let (count, oldest) = (kept.len() as u64, kept.first().copied());
                Ok(Ok(wit::Retention { kept: count, oldest, deleted }))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }
}

fn begin(store: &Accessor<Run, Binding>, verb: &str) -> wasmtime::Result<(Keeping, Asker)> {
    store.with(|mut access| {
        let run = access.data_mut();
        let asker = Asker(std::sync::Arc::clone(&run.info));
        let keeping = run.grant::<Keeping>()?.clone();
        run.used(format!("artifacts {} {verb}", keeping.store()));
        Ok((keeping, asker))
    })
}

fn lower(store: &Accessor<Run, Binding>, kept: Result<Kept, KeepError>) -> Answer<wit::Artifact> {
    if let Ok(kept) = &kept {
        hold(store, bytes(kept))?;
    }
    Ok(kept.map(Into::into).map_err(Into::into))
}

/// What the host keeps of an artifact's description.
fn bytes(kept: &Kept) -> usize {
    let words: usize = kept.metadata().iter().map(|(key, value)| key.len() + value.len()).sum();
    size_of::<wit::Artifact>() + words
}

impl From<Kept> for wit::Artifact {
    fn from(kept: Kept) -> Self {
        let created = kept.created();
        let Kept { manifest, marks } = kept;
        Self {
            path: manifest.path.to_string(),
            created,
            size: manifest.content.size,
            stored_size: manifest.stored.size,
            sha256: manifest.content.sha256.as_bytes().to_vec(),
            marks: marks.into_iter().map(lower_mark).collect(),
            metadata: manifest.metadata.into_iter().collect(),
        }
    }
}

fn lower_mark(marked: Marked) -> wit::Mark {
    let what = match marked.mark {
        Mark::Verified => "verified",
        Mark::Restored => "restored",
    };
    wit::Mark { what: what.to_owned(), at: u64::try_from(marked.at.as_nanosecond()).unwrap_or(0) }
}

impl From<KeepError> for wit::Error {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Denied(text) => Self::Denied(text),
            KeepError::NotFound(text) => Self::NotFound(text),
            KeepError::Unavailable(text) => Self::Unavailable(text),
            KeepError::Corrupt(text) => Self::Corrupt(text),
            KeepError::Aborted(text) => Self::Aborted(text),
            KeepError::DryRun(text) => Self::DryRun(text),
        }
    }
}
