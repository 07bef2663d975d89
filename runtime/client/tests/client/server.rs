//! A server to ask, its deployment on disk, and commands as a person would give them.

use std::{
    env, fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot, task::JoinHandle};
use watchkeeper_client::{Api, ClientError, Format, Reach, Request, Screen, perform};
use watchkeeper_model::SystemClock;
use watchkeeper_web::{Access, AccessSettings, Options, Token, serve};

use crate::house::Kept;

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) house: Arc<Kept>,
    folder: TempDir,
    address: SocketAddr,
    runtime: Runtime,
    end: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// What a command printed.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) out: String,
    pub(crate) notes: String,
}

impl Server {
    pub(crate) fn new(house: Kept) -> Self {
        Self::with(house, Vec::new(), None)
    }

    /// A server with further tokens, and perhaps a web configuration file, in a folder that can hold what that names.
    pub(crate) fn with(house: Kept, tokens: Vec<Token>, web_config: Option<(TempDir, PathBuf)>) -> Self {
        let (folder, web_config) = match web_config {
            Some((folder, path)) => (folder, Some(path)),
            None => (tempfile::tempdir().unwrap(), None),
        };
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Self { house: Arc::new(house), folder, address, runtime, end: None };
        server.write("watchkeeper.toml", &format!("[server]\nlisten = \"{address}\"\n"));
        server.open(listener, tokens, web_config);
        server
    }

    fn open(&mut self, listener: TcpListener, tokens: Vec<Token>, web_config: Option<PathBuf>) {
        let local_token = self.path("watchkeeper.token");
        let settings = AccessSettings { web_config, tokens, local_token, open_reading: false };
        let access = Arc::new(Access::open(settings, Arc::new(SystemClock)).unwrap());
        let options = Options { allowed_hosts: Vec::new(), allowed_origins: Vec::new(), access };
        let (end, ended) = oneshot::channel::<()>();
        let house = self.house.clone();
        let serving = self.runtime.spawn(async move {
            let ended = async { drop(ended.await) };
            serve(listener, house, options, ended).await.unwrap();
        });
        self.end = Some((end, serving));
    }

    /// Starts the server again, at the same address.
    pub(crate) fn open_again(&mut self) {
        let listener = self.runtime.block_on(TcpListener::bind(self.address)).unwrap();
        self.open(listener, Vec::new(), None);
    }

    pub(crate) fn shut(&mut self) {
        let (end, serving) = self.end.take().unwrap();
        drop(end);
        self.runtime.block_on(serving).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// As somebody on the same machine: by the configuration, with the local token.
    pub(crate) fn reach(&self) -> Reach {
        Reach { config: Some(self.path("watchkeeper.toml")), ..Reach::default() }
    }

    /// As somebody elsewhere, without a token.
    pub(crate) fn outside(&self) -> Reach {
        Reach { url: Some(format!("http://{}", self.address)), ..Reach::default() }
    }

    pub(crate) fn ask(&self, request: Request) -> Result<Printed, ClientError> {
        ask(&self.reach(), Format::Text, request).1
    }

    /// What a program reads.
    pub(crate) fn ask_json(&self, request: Request) -> String {
        ask(&self.reach(), Format::Json, request).1.unwrap().out
    }
}

/// Gives a command; what it printed is there also where it failed.
pub(crate) fn ask(reach: &Reach, format: Format, request: Request) -> (String, Result<Printed, ClientError>) {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let done = Api::new(reach, &|_| None)
        .and_then(|api| perform(request, &api, &mut Screen::new(&mut out, &mut notes, format)));
    let out = String::from_utf8(out).unwrap();
    let notes = String::from_utf8(notes).unwrap();
    (out.clone(), done.map(|()| Printed { out, notes }))
}

/// Holds a text against `tests/snapshots/NAME.txt`; `BLESS=1` writes it anew, for review.
pub(crate) fn check(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.txt"));
    if env::var_os("BLESS").is_some() {
        fs::write(&file, found).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "--- {name}, expected\n{expected}--- found\n{found}");
}
