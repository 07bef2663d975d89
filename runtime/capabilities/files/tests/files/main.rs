//! What a job gets of a granted tree, on real folders: read with the `tar` crate, and unpacked by the system's own
//! `tar`.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

mod bounds;
mod changing;
mod escaping;
mod granting;
mod packing;
mod stopping;

use std::{
    any::Any,
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use prometheus::Registry;
use tempfile::TempDir;
use tokio::runtime::Handle;
use watchkeeper_config::TreeSettings;
use watchkeeper_contract::{Grant, GrantError, Open, Verdict};
use watchkeeper_files::{FilesFault, FilesMetrics, Packed, Packing, TreeReader, Trees};
use watchkeeper_model::JobName;

/// A loose bound on everything that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tree `main` in a folder of its own, beside which other things can lie.
struct Laid {
    folder: TempDir,
    registry: Registry,
    trees: Trees,
}

/// What came of a pack.
struct Got {
    bytes: Vec<u8>,
    verdict: Verdict,
    ended: Result<Packed, FilesFault>,
}

/// Something that lies in a folder, or in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    mode: u32,
    owner: (u64, u64),
    modified: u64,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Folder,
    File(Vec<u8>),
    Link(Vec<u8>),
}

type Things = BTreeMap<Vec<u8>, Thing>;

impl Laid {
    fn new() -> Self {
        Self::bounded(1 << 30)
    }

    /// With a tree that may have so many bytes.
    fn bounded(max_size: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tree")).unwrap();
        let registry = Registry::new();
        let metrics = FilesMetrics::register(&registry).unwrap();
        let settings = TreeSettings { path: folder.path().join("tree"), max_size };
        let trees = Trees::open(&BTreeMap::from([("main".to_owned(), settings)]), &metrics, &Handle::current());
        Self { folder, registry, trees }
    }

    /// In the tree.
    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("tree").join(name)
    }

    /// Beside the tree.
    fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn make(&self, folder: impl AsRef<Path>) {
        fs::create_dir_all(self.path(folder)).unwrap();
    }

    fn link(&self, name: impl AsRef<Path>, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.path(name)).unwrap();
    }

    fn grant(&self, written: &str) -> Result<Arc<dyn Grant>, GrantError> {
        let written: toml::Table = toml::from_str(written).unwrap();
        self.trees.grant(&job(), &written["files"])
    }

    fn reader(&self) -> Box<TreeReader> {
        begin(&*self.grant(r#"files = ["main"]"#).unwrap())
    }

    async fn pack(&self, folder: &str) -> Got {
        collect(self.reader().pack("main", folder).await.unwrap()).await
    }

    fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let has = |metric: &&prometheus::proto::Metric| {
            labels.iter().all(|(name, value)| {
                metric.get_label().iter().any(|label| label.name() == *name && label.value() == *value)
            })
        };
        let metric = family.and_then(|family| family.get_metric().iter().find(has));
        metric.map_or(0.0, |metric| metric.get_counter().get_value())
    }
}

fn job() -> JobName {
    JobName::new("backup").unwrap()
}

fn begin(grant: &dyn Grant) -> Box<TreeReader> {
    let begun: Box<dyn Any> = grant.begin(&job());
    begun.downcast().unwrap()
}

async fn collect(packing: Packing) -> Got {
    rest(packing, Vec::new()).await
}

/// Reads an archive on to its end.
async fn rest(Packing { mut tar, ended }: Packing, mut bytes: Vec<u8>) -> Got {
    let all = async {
        while let Some(piece) = tar.next().await {
            bytes.extend_from_slice(&piece);
        }
        Got { bytes, verdict: tar.verdict(), ended: ended.await.unwrap() }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap()
}

impl Got {
    /// The things in a whole archive, by path, as the `tar` crate reads them.
    fn things(&self) -> Things {
        assert_eq!(self.verdict, Ok(()));
        self.entries().into_iter().collect()
    }

    /// The paths in the archive's order.
    fn paths(&self) -> Vec<String> {
        self.entries().into_iter().map(|(path, _)| String::from_utf8_lossy(&path).into_owned()).collect()
    }

    fn entries(&self) -> Vec<(Vec<u8>, Thing)> {
        let mut archive = tar::Archive::new(self.bytes.as_slice());
        let entry = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
            let mut entry = entry.unwrap();
            let header = entry.header().clone();
            let path = entry.path_bytes().into_owned();
            let what = match header.entry_type() {
                tar::EntryType::Directory => What::Folder,
                tar::EntryType::Symlink => What::Link(entry.link_name_bytes().unwrap().into_owned()),
                tar::EntryType::Regular => {
                    let mut content = Vec::new();
                    std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
                    What::File(content)
                }
                other => panic!("{other:?}"),
            };
            let path = path.strip_suffix(b"/").map_or_else(|| path.clone(), <[u8]>::to_vec);
            let (mode, modified) = (header.mode().unwrap(), header.mtime().unwrap());
            (path, Thing { mode, owner: (header.uid().unwrap(), header.gid().unwrap()), modified, what })
        };
        archive.entries().unwrap().map(entry).collect()
    }

    /// Gives the archive to the system's `tar`; returns what that says.
    fn to_tar(&self, arguments: &[&str]) -> String {
        let mut tar = Command::new("tar");
        let mut tar =
            tar.args(arguments).env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut stdin, bytes) = (tar.stdin.take().unwrap(), self.bytes.clone());
        let fed = std::thread::spawn(move || stdin.write_all(&bytes));
        let output = tar.wait_with_output().unwrap();
        assert!(output.status.success());
        fed.join().unwrap().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the system's `tar` makes of the archive.
    fn unpacked(&self) -> Things {
        let folder = tempfile::tempdir().unwrap();
        self.to_tar(&[
            "--extract",
            "--preserve-permissions",
            "--file=-",
            "--directory",
            folder.path().to_str().unwrap(),
        ]);
        lying(folder.path())
    }
}

/// The things in a folder, by path.
fn lying(folder: &Path) -> Things {
    let mut things = Things::new();
    gather(folder, folder, &mut things);
    things
}

fn gather(top: &Path, folder: &Path, things: &mut Things) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let what = if meta.is_dir() {
            gather(top, &path, things);
            What::Folder
        } else if meta.is_symlink() {
            What::Link(fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec())
        } else {
            What::File(fs::read(&path).unwrap())
        };
        let owner = (meta.uid().into(), meta.gid().into());
        let thing = Thing { mode: meta.mode() & 0o7777, owner, modified: meta.mtime().unsigned_abs(), what };
        things.insert(path.strip_prefix(top).unwrap().as_os_str().as_bytes().to_vec(), thing);
    }
}
