//! One run's grant: what its plugin asks for, checked, and the threads that do it. Plain functions, so that any binding
//! of the contract can call them.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchkeeper_contract::{ByteStream, RunGrant, Settlement, byte_stream, clean};
use watchkeeper_model::{JobName, Outcome};

use crate::{
    FilesFault, Packed,
    archive::Archive,
    folder::Folder,
    grant::Granted,
    pack::Order,
    pieces::Pieces,
    telemetry::{self, Pack},
    trees::{Tree, unreadable},
    walk,
};

/// Archives of one run that are written at once; more wait until one is at its end or nobody reads it any more.
const PACKS: usize = 4;
/// The most names that are told of a folder.
const ENTRIES: usize = 10_000;

/// A run's handle on the trees that its job was granted. Clones share what is going.
#[derive(Clone)]
pub struct TreeReader {
    job: JobName,
    granted: Arc<Granted>,
    places: Arc<Semaphore>,
    stop: CancellationToken,
    going: TaskTracker,
}

/// An archive on its way.
#[derive(Debug)]
pub struct Packing {
    /// The archive. Its verdict is good only where it is whole.
    pub tar: ByteStream,
    /// What was packed. Comes once the last byte was taken on its way, or once it is clear that it never is.
    pub ended: oneshot::Receiver<Result<Packed, FilesFault>>,
}

impl TreeReader {
    pub(crate) fn new(job: JobName, granted: Arc<Granted>) -> Self {
        let places = Arc::new(Semaphore::new(PACKS));
        Self { job, granted, places, stop: CancellationToken::new(), going: TaskTracker::new() }
    }

    /// Whether there is a grant for a tree.
    pub fn has(&self, tree: &str) -> bool {
        self.granted.trees.contains_key(tree)
    }

    /// Packs a tree, or a folder in it (`a/b`; empty for the whole).
    ///
    /// # Errors
    /// [`FilesFault::Denied`]; [`FilesFault::NotFound`] and [`FilesFault::Io`] of the folder itself. All others come
    /// with the end.
    pub async fn pack(&self, tree: &str, folder: &str) -> Result<Packing, FilesFault> {
        let (tree, path) = self.check(tree, folder)?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_closed| FilesFault::Stopped)?;
        let order = Order {
            folder: folder.to_owned(),
            stop: self.stop.clone(),
            bytes: self.granted.metrics.bytes(&self.job, &tree.name),
            tree,
        };
        let pack = Pack::begin(&self.granted.metrics, &self.job, &order.tree.name);
        let (sink, tar) = byte_stream();
        let (opened, found) = oneshot::channel();
        let (tell, ended) = oneshot::channel();
        let runtime = self.granted.runtime.clone();
        let work = move || {
            let _place = place;
            let folder = match order.tree.open(&path) {
                Ok(folder) => folder,
                Err(fault) => {
                    pack.ended(&Err(fault.clone()));
                    let _nobody_asks = opened.send(Err(fault));
                    return;
                }
            };
            if opened.send(Ok(())).is_err() {
                return;
            }
            let pieces = Pieces::new(sink, runtime, order.stop.clone());
            let done = write(&order, folder, pieces);
            pack.ended(&done);
            let _nobody_asks = tell.send(done);
        };
        self.going.spawn_blocking_on(work, &self.granted.runtime);
        found.await.map_err(|_gone| broken())??;
        Ok(Packing { tar, ended })
    }

    /// The names in a folder, sorted by their bytes; those that are no UTF-8 with replacement characters.
    ///
    /// # Errors
    /// [`FilesFault::Denied`], [`FilesFault::NotFound`], [`FilesFault::Io`]; [`FilesFault::TooLarge`] where there are
    /// more than 10,000.
    pub async fn entries(&self, tree: &str, folder: &str) -> Result<Vec<String>, FilesFault> {
        let (tree, path) = self.check(tree, folder)?;
        let folder = folder.to_owned();
        let work = move || {
            let opened = tree.open(&path)?;
            let names = walk::names(&opened, ENTRIES).map_err(|error| unreadable(&tree.place(&folder), error))?;
            let names = names.ok_or_else(|| {
                FilesFault::TooLarge(format!("{}: more than {ENTRIES} names are in it", tree.place(&folder)))
            })?;
            Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
        };
        self.going.spawn_blocking_on(work, &self.granted.runtime).await.map_err(|_gone| broken())?
    }

    fn check(&self, tree: &str, folder: &str) -> Result<(Arc<Tree>, Folder), FilesFault> {
        let denied = |label: &str, why: String| {
            let fault = FilesFault::Denied(why);
            telemetry::denied(&self.granted.metrics, &self.job, label, &fault);
            fault
        };
        let (job, name) = (&self.job, clean(tree, 100));
        let tree = self.granted.trees.get(tree).ok_or_else(|| {
            let hint = "list it under `grants.files` in the job's file";
            denied("", format!("job `{job}`: `files` doesn't grant the tree {name:?}\nhint: {hint}"))
        })?;
        let path = Folder::parse(folder).map_err(|why| {
            let folder = clean(folder, 100);
            denied(&tree.name, format!("job `{job}`: `files` grants no folder {folder:?} of the tree {name:?}: {why}"))
        })?;
        Ok((Arc::clone(tree), path))
    }
}

/// Writes an archive and ends its stream, well only if it is whole.
fn write(order: &Order, folder: std::os::fd::OwnedFd, pieces: Pieces) -> Result<Packed, FilesFault> {
    let mut archive = Archive::new(pieces);
    let packed = order.pack(folder, &mut archive);
    let pieces = archive.into_pieces();
    match packed {
        Ok(packed) => pieces.finish(Ok(())).map(|()| packed),
        Err(fault) => {
            let fault = pieces.over().unwrap_or(fault);
            pieces.finish(Err(fault.to_string()))?;
            Err(fault)
        }
    }
}

fn broken() -> FilesFault {
    FilesFault::Io("reading the tree broke off".to_owned())
}

#[async_trait]
impl RunGrant for TreeReader {
    /// What was read is read; what still reads is stopped.
    async fn settle(self: Box<Self>, _outcome: Outcome, _settlement: &mut Settlement) {
        self.stop.cancel();
        self.going.close();
        self.going.wait().await;
    }
}
