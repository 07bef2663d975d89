//! What the store promises, on a folder and on a store in memory whose requests fail as told.

mod corruption;
mod deleting;
mod faulty;
mod leftovers;
mod putting;
mod reading;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use age::{secrecy::ExposeSecret, x25519};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::{ObjectStore, path::Path};
use tempfile::TempDir;
use url::Url;
use watchkeeper_config::ArtifactStoreSettings;
use watchkeeper_model::JobName;

use self::faulty::Faulty;
use crate::{
    ArtifactName, ArtifactPath, Check, Identities, Manifest, PutOrder, Scope, Store, StoreError, backend::Backend,
    key::Recipients, no_progress,
};

fn memory() -> (Store, Arc<Faulty>) {
    let faulty = Arc::new(Faulty::default());
    let backend = Arc::new(Backend::over(Arc::clone(&faulty)));
    (Store { backend, recipients: Recipients::default(), identities: Identities::default() }, faulty)
}

fn folder() -> (Store, TempDir) {
    let folder = TempDir::new().unwrap();
    let url = Url::from_file_path(folder.path()).unwrap();
    let settings = ArtifactStoreSettings { url, options: BTreeMap::new(), recipients: Vec::new(), identity_file: None };
    (Store::open("main", &settings).unwrap(), folder)
}

/// The same store, encrypting to a fresh key that it has.
fn encrypting(store: Store) -> Store {
    let identity = x25519::Identity::generate();
    let recipients = Recipients::parse(&[identity.to_public().to_string()]).unwrap();
    let identities = Identities::parse(identity.to_string().expose_secret().as_bytes()).unwrap();
    Store { recipients, identities, ..store }
}

fn scope() -> Scope {
    Scope { job: job(), name: ArtifactName::new("main").unwrap() }
}

fn job() -> JobName {
    JobName::new("db").unwrap()
}

fn order() -> PutOrder {
    PutOrder {
        job: job(),
        name: scope().name,
        run: Some("a run".to_owned()),
        check: Check::None,
        minimum_size: 0,
        metadata: BTreeMap::from([("database".to_owned(), "payments".to_owned())]),
        now: Timestamp::now(),
    }
}

fn pieces(content: &Bytes) -> impl Stream<Item = Bytes> + Send + Unpin + use<> {
    let piece = |at| content.slice(at..content.len().min(at + 200_000));
    let pieces: Vec<Bytes> = (0..content.len()).step_by(200_000).map(piece).collect();
    futures_util::stream::iter(pieces)
}

async fn put(store: &Store, content: &Bytes) -> Manifest {
    put_as(store, order(), content).await.unwrap()
}

async fn put_as(store: &Store, order: PutOrder, content: &Bytes) -> Result<Manifest, StoreError> {
    let complete = async { Ok(()) };
    store.put(order, pieces(content), complete, no_progress()).await
}

/// What a reading gives before it ends, and how it ends.
async fn read(store: &Store, path: &ArtifactPath) -> (Vec<u8>, Result<(), StoreError>) {
    let manifest = match store.manifest(path).await {
        Ok(manifest) => manifest,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut stream = store.read(manifest, no_progress());
    let mut content = Vec::new();
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => content.extend_from_slice(&piece),
            Err(error) => return (content, Err(error)),
        }
    }
    (content, Ok(()))
}

/// Bytes that zstd can't make smaller.
fn noise(size: usize) -> Bytes {
    let mut random = fastrand::Rng::with_seed(size as u64);
    std::iter::repeat_with(|| random.u8(..)).take(size).collect::<Vec<_>>().into()
}

/// All objects, sorted, without the folder that the store's prefix is.
async fn objects(faulty: &Faulty) -> Vec<String> {
    let mut names: Vec<String> = faulty
        .memory
        .list(None)
        .map_ok(|meta| meta.location.as_ref().trim_start_matches("some/where/").to_owned())
        .try_collect()
        .await
        .unwrap();
    names.sort();
    names
}

fn at(object: &str) -> Path {
    Path::from(format!("some/where/{object}"))
}

/// All files below a folder.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path.display().to_string()) }
    }
    found
}

/// Waits for what must come soon.
async fn soon(what: &str, holds: impl AsyncFn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
