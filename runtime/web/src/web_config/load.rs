//! From the file to what the server needs.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::{HeaderName, HeaderValue};
use rustls::ServerConfig;

use super::{headers, shape::Shape, tls};
use crate::access::AccessError;

/// The largest file of ours; certificate chains are much smaller.
const MAX_FILE: u64 = 1 << 20;

/// What the files say.
pub(crate) struct Loaded {
    users: BTreeMap<String, String>,
    /// The hash that takes longest: for users that don't exist.
    slowest: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    tls: Option<Arc<ServerConfig>>,
    verifies_clients: bool,
}

impl Loaded {
    /// Whether a user with a password is needed.
    pub(crate) fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// The bcrypt hash to hold a password against, and whether it is the user's. None where there are no users at all.
    pub(crate) fn password(&self, user: &str) -> Option<(&str, bool)> {
        match self.users.get(user) {
            Some(hash) => Some((hash, true)),
            None => self.slowest.as_deref().map(|hash| (hash, false)),
        }
    }

    /// To be added to each answer.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// How connections are secured, if they are.
    pub(crate) fn tls(&self) -> Option<&Arc<ServerConfig>> {
        self.tls.as_ref()
    }

    /// What keeps others out.
    pub(crate) fn guard(&self) -> Guard {
        Guard { tls: self.tls.is_some(), users: self.has_users(), clients: self.verifies_clients }
    }
}

/// What keeps others out. It is checked at the start, so it stays what it was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Connections are secured.
    pub(crate) tls: bool,
    /// A user with a password is needed.
    pub(crate) users: bool,
    /// Nobody connects without a certificate that a named authority signed.
    pub(crate) clients: bool,
}

/// How files looked: enough to see that one was replaced or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamps(Vec<(PathBuf, Option<Stamp>)>);

/// Modification time in seconds and nanoseconds, size, inode.
type Stamp = (i64, i64, u64, u64);

impl Stamps {
    fn of<'a>(files: impl Iterator<Item = &'a Path>) -> Self {
        let stamp = |path: &Path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.mtime(), metadata.mtime_nsec(), metadata.size(), metadata.ino()))
        };
        Self(files.map(|path| (path.to_owned(), stamp(path))).collect())
    }

    pub(super) fn now(&self) -> Self {
        Self::of(self.0.iter().map(|(path, _)| path.as_path()))
    }
}

/// Reads the file and those that it names. The stamps are older than what was read, so that no change is missed.
///
/// # Errors
/// [`AccessError::WebConfig`], naming file and key.
pub(super) fn load(path: &Path) -> Result<(Loaded, Stamps), AccessError> {
    let own = Stamps::of([path].into_iter());
    let text = read(path)?;
    let shape = parse(path, &text)?;
    let wrong = |message: String| AccessError::WebConfig { path: path.to_owned(), message };
    let folder = path.parent().unwrap_or(Path::new(""));
    let files = tls::Files::of(&shape.tls_server_config, folder);
    let mut stamps = own;
    stamps.0.extend(Stamps::of(files.all()).0);
    let tls = if shape.tls_server_config.is_on() {
        Some(Arc::new(tls::configure(&shape.tls_server_config, &files).map_err(wrong)?))
    } else {
        None
    };
    let mut users = BTreeMap::new();
    let mut slowest: Option<(u32, String)> = None;
    for (user, hash) in shape.basic_auth_users {
        let cost = hash.0.parse::<bcrypt::HashParts>().map_err(|_| {
            let hint = "make one with `htpasswd -nBC 10 NAME`";
            wrong(format!("basic_auth_users: {user}: is not a bcrypt hash\nhint: {hint}"))
        });
        let cost = cost?.get_cost();
        if slowest.as_ref().is_none_or(|(most, _)| *most < cost) {
            slowest = Some((cost, hash.0.clone()));
        }
        users.insert(user, hash.0);
    }
    let loaded = Loaded {
        users,
        slowest: slowest.map(|(_, hash)| hash),
        headers: headers::check(&shape.http_server_config.headers).map_err(wrong)?,
        verifies_clients: tls.is_some() && tls::verifies_clients(&shape.tls_server_config),
        tls,
    };
    Ok((loaded, stamps))
}

/// An empty file says nothing, and is right.
fn parse(path: &Path, text: &str) -> Result<Shape, AccessError> {
    // A snippet of the file could show a hash or a key.
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options::<Option<Shape>>(text, options).map(Option::unwrap_or_default).map_err(
        |error| {
            let hint = "the keys are those of exporter-toolkit's web configuration file, but for `rate_limit` and \
                    `client_allowed_sans`, which are not supported";
            AccessError::WebConfig { path: path.to_owned(), message: format!("{error}\nhint: {hint}") }
        },
    )
}

/// A whole file, if it isn't too large.
///
/// # Errors
/// [`AccessError::WebConfig`] with the system's reason.
fn read(path: &Path) -> Result<String, AccessError> {
    bytes(path)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned()))
        .map_err(|message| AccessError::WebConfig { path: path.to_owned(), message })
}

/// The bytes of a file.
///
/// # Errors
/// The system's reason, without the file's name.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE) {
        Ok(bytes)
    } else {
        Err(format!("is larger than {MAX_FILE} bytes"))
    }
}
