//! What operators write: TOML texts to a resolved, checked configuration, and the rules by which a file is trusted.
//!
//! Two steps, never mixed: [`read_trusted`] and [`list_jobs`] touch the disk and know no TOML; [`Settings::parse`] and
//! [`JobSpec::parse`] know TOML and touch nothing. Every error names the file, the line, the key, and what to write. What a
//! capability's grant may hold, and what a plugin makes of its `[config]`, is not known here: both stay raw.

mod account;
mod address;
mod amount;
mod artifact_store;
mod chain;
mod command;
mod endpoint;
mod error;
mod explain;
mod folder;
mod history;
mod host_limits;
mod http;
mod job;
mod json;
mod local;
mod origin;
mod paths;
mod policy;
mod probe;
mod retention;
mod run_limits;
mod secret;
mod server;
mod settings;
mod source;
mod tokens;
mod tree;
mod trigger;
mod trust;
mod values;

pub use account::{AccountPolicy, AccountSettings, AwsKms, KeySource, PasswordSource, TokenPolicy, Web3Signer};
pub use address::parse_address;
pub use amount::{Amount, Misread, show_amount};
pub use artifact_store::ArtifactStoreSettings;
pub use chain::{ChainName, ChainSettings, Currency, Multicall};
pub use command::{Argument, CommandSettings, Hole, Piece};
pub use endpoint::Endpoint;
pub use error::ConfigError;
pub use folder::{JobFiles, list_jobs};
pub use history::History;
pub use host_limits::{CompileLimits, HostLimits};
pub use http::{HttpOrigin, ServiceSettings};
pub use job::{Grants, JobSpec};
pub use local::LocalServer;
pub use origin::Origin;
pub use retention::RetentionSettings;
pub use run_limits::RunLimits;
pub use secret::Secret;
pub use server::ServerSettings;
pub use settings::Settings;
pub use source::text_of;
pub use tokens::{Rights, TokenSettings};
pub use tree::TreeSettings;
pub use trust::{Fingerprint, TrustError, fingerprint, read_private, read_trusted};
pub use values::show_duration;
