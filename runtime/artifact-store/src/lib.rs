//! Artifacts as they lie in a store: the format, writing, reading back, checks, retention. It must not know WebAssembly, jobs'
//! schedules, or the ledger: a restore needs nothing but the store and a key.
//!
//! Below the store's prefix lie `JOB/NAME/ID/content.zst[.age]` and, written last, `JOB/NAME/ID/manifest.json`: an artifact is there when
//! its manifest is. All that lies in a store is untrusted: names are parsed strictly, sizes are bounded, and no byte is handed on before
//! its block was compared.

mod backend;
mod blocks;
mod check;
mod clean;
mod error;
mod key;
mod lease;
mod list;
mod manifest;
mod mark;
mod path;
mod prune;
mod put;
mod read;
mod retain;
mod store;
#[cfg(test)]
mod tests;
mod upload;
mod verify;

pub use check::{Check, CheckError, UnknownCheck};
pub use error::{Aborted, Damage, StoreError};
pub use key::Identities;
pub use list::Listed;
pub use manifest::{BLOCK, Blocks, Content, Manifest, Stored};
pub use mark::{Mark, Marked, Part};
pub use path::{ArtifactId, ArtifactName, ArtifactPath, InvalidPath, Prefix, Scope};
pub use put::PutOrder;
pub use retain::{Candidate, Kept, Period, Plan, Policy, Reason, Rules, UnusablePolicy, plan};
pub use store::{Progress, Store, no_progress};
pub use verify::Reading;
