//! A folder with a store, and artifacts in it that were begun whenever a test wants.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use age::{secrecy::ExposeSecret, x25519};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;
use watchkeeper_artifact_store::{ArtifactName, Check, Manifest, PutOrder, Store, no_progress};
use watchkeeper_config::ArtifactStoreSettings;
use watchkeeper_model::JobName;

use crate::support::{Deployment, Ended, Watchkeeper};

const BINARY: &str = env!("CARGO_BIN_EXE_watchkeeper");
/// The identity file of a shelf that encrypts.
pub(super) const KEY: &str = "backup.key";

/// A deployment whose configuration names the store `main`, a folder.
pub(super) struct Shelf {
    pub(super) deployment: Deployment,
    store: Store,
    runtime: Runtime,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self::with(Deployment::new(""), Vec::new())
    }

    /// One that encrypts to a key in [`KEY`]; the configuration doesn't name the key.
    pub(super) fn encrypting() -> Self {
        let deployment = Deployment::new("");
        let recipient = write_key(&deployment, KEY);
        Self::with(deployment, vec![recipient])
    }

    fn with(deployment: Deployment, recipients: Vec<String>) -> Self {
        fs::create_dir(deployment.path("store")).unwrap();
        let url = url_of(&deployment);
        deployment.configure(&format!("[artifacts.main]\nurl = \"{url}\"\nrecipients = {recipients:?}\n"));
        let url = url.parse().unwrap();
        let settings = ArtifactStoreSettings { url, options: BTreeMap::new(), recipients, identity_file: None };
        let store = Store::open("main", &settings).unwrap();
        Self { deployment, store, runtime: Runtime::new().unwrap() }
    }

    /// Stores content under `JOB/NAME`, begun so many hours ago.
    pub(super) fn put(&self, name: &str, check: Check, content: &[u8], hours_ago: i64) -> Manifest {
        let (job, name) = name.split_once('/').unwrap();
        let metadata = [("database", "shop"), ("odd", "a\u{1b}[31mred\nline")];
        let order = PutOrder {
            job: JobName::new(job).unwrap(),
            name: ArtifactName::new(name).unwrap(),
            run: Some("01KB4QW7M5V2X8N3J6R9T1Y4Z0".to_owned()),
            check,
            minimum_size: 0,
            metadata: metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            now: Timestamp::now() - SignedDuration::from_hours(hours_ago) - SignedDuration::from_secs(60),
        };
        let pieces: Vec<_> = content.chunks(64 << 10).map(bytes::Bytes::copy_from_slice).collect();
        let content = futures_util::stream::iter(pieces);
        self.runtime.block_on(self.store.put(order, content, std::future::ready(Ok(())), no_progress())).unwrap()
    }

    /// The store's address, as `--url` takes it.
    pub(super) fn url(&self) -> String {
        url_of(&self.deployment)
    }

    /// A file of an artifact in the store.
    pub(super) fn object(&self, manifest: &Manifest, name: &str) -> PathBuf {
        self.deployment.path(&format!("store/{}/{name}", manifest.path))
    }

    /// The file with an artifact's content.
    pub(super) fn content(&self, manifest: &Manifest) -> PathBuf {
        self.object(manifest, manifest.stored.object())
    }

    /// Changes one byte of an artifact's content.
    pub(super) fn flip(&self, manifest: &Manifest, at: usize) {
        let file = self.content(manifest);
        let mut bytes = fs::read(&file).unwrap();
        bytes[at] ^= 1;
        fs::write(file, bytes).unwrap();
    }

    /// All files and folders below the store's, or below another folder of the deployment.
    pub(super) fn below(&self, folder: &str) -> Vec<String> {
        let root = self.deployment.path(folder);
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        found.sort();
        found
    }

    /// Calls `watchkeeper backup …` in the deployment's folder.
    pub(super) fn call(&self, arguments: &[&str]) -> Ended {
        Watchkeeper::call_in(&self.deployment.path(""), &[&["backup"], arguments].concat())
    }

    /// Calls it, and gives its standard output as it is.
    pub(super) fn poured(&self, arguments: &[&str]) -> (Vec<u8>, Ended) {
        let mut command = Command::new(BINARY);
        command.arg("backup").args(arguments).current_dir(self.deployment.path("")).stdin(Stdio::null());
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.stdout, Ended { code: output.status.code(), stdout: String::new(), stderr })
    }

    /// Calls it on a terminal, where somebody gives an answer to the first question. All that it says is in `stdout`.
    pub(super) fn answered(&self, arguments: &[&str], answer: &str) -> Ended {
        const TERMINAL: &str = r#"
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said, asked = b"", False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
    if said.endswith(b"[y/N]: ") and not asked:
        asked = True
        os.write(terminal, sys.argv[1].encode() + b"\n")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
        let mut command = Command::new("python3");
        command.args(["-c", TERMINAL, answer, BINARY, "backup"]).args(arguments).current_dir(self.deployment.path(""));
        let output = command.stdin(Stdio::null()).output().expect("python3 is there");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Writes a new age identity to a file that its owner alone may read, and gives its recipient.
pub(super) fn write_key(deployment: &Deployment, name: &str) -> String {
    let identity = x25519::Identity::generate();
    let mut file = fs::File::create(deployment.path(name)).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
    writeln!(file, "# a key\n{}", identity.to_string().expose_secret()).unwrap();
    identity.to_public().to_string()
}

/// Bytes that don't get smaller, so that there are as many of them in the store.
pub(super) fn noise(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    fastrand::Rng::with_seed(7).fill(&mut bytes);
    bytes
}

/// SQL as `pg_dump` ends it.
pub(super) fn sql() -> Vec<u8> {
    let rows = (0..20_000).map(|row| format!("INSERT INTO orders VALUES ({row}, 'note {row}');\n"));
    let end = "--\n-- PostgreSQL database dump complete\n--\n\n".to_owned();
    rows.chain([end]).collect::<String>().into_bytes()
}

#[track_caller]
pub(super) fn succeeded(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

/// It failed with a code, and said something of which this is a part.
#[track_caller]
pub(super) fn failed(ended: &Ended, code: i32, said: &str) {
    assert!(ended.code == Some(code) && ended.stderr.contains(said), "{said}\n{ended:?}");
}

/// Its answer as JSON.
#[track_caller]
pub(super) fn answer(ended: &Ended) -> serde_json::Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

pub(super) fn text(path: impl AsRef<OsStr>) -> String {
    path.as_ref().to_str().unwrap().to_owned()
}

fn url_of(deployment: &Deployment) -> String {
    format!("file://{}", text(deployment.path("store")))
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        found.push(text(entry.path().strip_prefix(root).unwrap()));
        if entry.file_type().unwrap().is_dir() {
            walk(root, &entry.path(), found);
        }
    }
}
