//! What a job makes and keeps: backups, reports, logs. An artifact is written once and exists only when it is whole; the operator's
//! retention policy, which the host applies, is all that deletes.

mod error;
mod types;

pub use self::{
    error::Error,
    types::{Artifact, Check, Mark, Options, Reading, Retention, Stored, is_name},
};
use crate::{host, stream::Content};

/// Stores what `content` gives under this job's name, once `complete` says that its producer ended well. If that is an error, if the
/// content was cut short or if it isn't what [`Options`] want, nothing is stored.
///
/// # Errors
/// See [`Error`]; [`Error::Producer`] keeps the kind of what `complete`, or who wrote the content, said.
pub async fn put(
    name: &str,
    content: impl Into<Content>,
    complete: impl Future<Output = crate::Result<()>>,
    options: Options,
) -> Result<Artifact, Error> {
    let (answer, produced) = host::artifacts_put(name.to_owned(), content.into(), complete, options).await;
    answer.map_err(|error| Error::of_put(error, produced))
}

/// Reads an artifact back: verified, decrypted, decompressed.
///
/// # Errors
/// See [`Error`]. What goes wrong on the way is in [`Stored::ended`].
pub async fn get(path: &str) -> Result<Stored, Error> {
    host::artifacts_get(path.to_owned()).await
}

/// The newest artifacts under `JOB/` or `JOB/NAME/`, at most `newest`, the oldest of them first.
///
/// # Errors
/// See [`Error`].
pub async fn entries(prefix: &str, newest: u32) -> Result<Vec<Artifact>, Error> {
    host::artifacts_entries(prefix.to_owned(), newest).await
}

/// Reads part `part`, from 0, of `parts` of what is stored, and compares. Needs no key, and no byte enters the sandbox.
///
/// # Errors
/// [`Error::Corrupt`] names the bytes that aren't what was stored; else see [`Error`].
pub async fn verify(path: &str, part: u32, parts: u32) -> Result<Reading, Error> {
    host::artifacts_verify(path.to_owned(), part, parts).await
}

/// Records that an artifact was restored: that something which works was made of it.
///
/// # Errors
/// See [`Error`].
pub async fn mark_restored(path: &str) -> Result<(), Error> {
    host::artifacts_mark_restored(path.to_owned()).await
}

/// Applies the operator's policy to this job's artifacts of a name. Without a policy nothing is deleted.
///
/// # Errors
/// See [`Error`].
pub async fn retain(name: &str) -> Result<Retention, Error> {
    host::artifacts_retain(name.to_owned()).await
}
