//! Who may see and who may act: credentials against rights. Deny by default: acting always takes a credential, and reading
//! takes one too as soon as somebody has one for it, or the listener can be reached from elsewhere.
//!
//! Here is no route and nothing that is shown. No credential is kept, logged or part of an error: only hashes of them.

mod admit;
mod error;
mod forms;
mod identity;
mod local;
mod passwords;
mod secret;
mod sessions;
mod throttle;
mod tokens;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use watchkeeper_model::Clock;

use crate::{api::Right, web_config::WebConfig};

use self::{passwords::Passwords, secret::Secret, sessions::Sessions, throttle::Throttle, tokens::Tokens};

pub(crate) use admit::{admit, login_wanted};
pub use error::AccessError;
pub(crate) use identity::{Denied, Identity, LogIn, Via, cookie_name};
pub use local::read_local_token;
pub(crate) use sessions::LIFETIME;
pub use tokens::Token;

/// What an operator decides about access.
#[derive(Debug, Clone)]
pub struct AccessSettings {
    /// The web configuration file of exporter-toolkit: TLS, users and headers.
    pub web_config: Option<PathBuf>,
    /// Bearer tokens, known by their hashes.
    pub tokens: Vec<Token>,
    /// The file of the token that may do everything. Made, readable by its owner only, if it is missing.
    pub local_token: PathBuf,
    /// Whether anybody who reaches the listener may read.
    pub open_reading: bool,
}

/// Who may do what. Shared by all connections.
pub struct Access {
    tokens: Tokens,
    sessions: Sessions,
    passwords: Passwords,
    wrong_tokens: Throttle,
    /// What form tokens are made from.
    forms: Secret,
    open_reading: bool,
    web: Option<Arc<WebConfig>>,
    clock: Arc<dyn Clock>,
}

impl Access {
    /// Reads the web configuration file with its certificates, and the local token, which it makes if it is missing.
    ///
    /// # Errors
    /// [`AccessError`], naming file and key: a file is missing, wrong, or readable by others; or reading is to be open while
    /// the web configuration file names users.
    pub fn open(settings: AccessSettings, clock: Arc<dyn Clock>) -> Result<Self, AccessError> {
        let web = settings.web_config.map(WebConfig::open).transpose()?.map(Arc::new);
        if let Some(web) = web.as_ref().filter(|web| settings.open_reading && web.loaded().has_users()) {
            return Err(AccessError::OpenAndUsers(web.path().to_owned()));
        }
        let local = local::open(&settings.local_token)?;
        Ok(Self {
            tokens: Tokens::new(settings.tokens, local),
            sessions: Sessions::new()?,
            passwords: Passwords::new()?,
            wrong_tokens: Throttle::default(),
            forms: Secret::random()?,
            open_reading: settings.open_reading,
            web,
            clock,
        })
    }

    /// Refuses an address that others can reach while nothing keeps them from reading.
    ///
    /// # Errors
    /// [`AccessError::Unguarded`].
    pub fn check(&self, listen: SocketAddr) -> Result<(), AccessError> {
        let verified = self.web.as_ref().is_some_and(|web| web.loaded().guard().clients);
        let guarded = self.open_reading || verified || !self.anybody_may_read();
        if listen.ip().to_canonical().is_loopback() || guarded {
            return Ok(());
        }
        Err(AccessError::Unguarded(listen))
    }

    /// Whether connections are TLS, so that addresses begin with `https`.
    pub fn is_tls(&self) -> bool {
        self.web.as_ref().is_some_and(|web| web.loaded().tls().is_some())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn web(&self) -> Option<&Arc<WebConfig>> {
        self.web.as_ref()
    }

    /// Where nobody has a credential for reading, nobody needs one.
    fn anybody_may_read(&self) -> bool {
        self.open_reading || !(self.has_users() || self.tokens.any_may(Right::Read))
    }

    fn has_users(&self) -> bool {
        self.web.as_ref().is_some_and(|web| web.loaded().has_users())
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("open_reading", &self.open_reading).finish_non_exhaustive()
    }
}
