//! A policy applied to what lies in a store: what `retain` plans is deleted under the lease, the manifest of each artifact first, so
//! that none is ever there by half.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    ArtifactPath, Candidate, Plan, Policy, Prefix, Scope, Store, StoreError,
    backend::Backend,
    lease::Lease,
    list::{Entry, entries},
    manifest::MANIFEST,
    plan,
};

impl Store {
    /// Applies a policy to a job's artifacts of a name, and says what stays and what went; with `dry_run`, what would. Ages are counted by
    /// the store's clock, or by this machine's for a dry run, which writes nothing. `holder` is named to others who try meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Leased`] while somebody else deletes, [`StoreError::Fenced`] where they took over: what was deleted until then
    /// is deleted. [`StoreError::Unavailable`], [`StoreError::Denied`].
    pub async fn retain(
        &self,
        scope: &Scope,
        policy: &Policy,
        dry_run: bool,
        holder: &str,
    ) -> Result<Plan, StoreError> {
        let prefix = Prefix::Name(scope.clone());
        if dry_run {
            let entries = entries(&self.backend, &prefix).await?;
            return Ok(plan(&candidates(&entries), policy, Timestamp::now()));
        }
        let mut lease = Lease::take(&self.backend, &scope.job, holder).await?;
        let entries = entries(&self.backend, &prefix).await?;
        let plan = plan(&candidates(&entries), policy, lease.now());
        let deleted = delete_all(&self.backend, &mut lease, &plan.delete, &entries).await;
        if !matches!(deleted, Err(StoreError::Fenced { .. })) {
            lease.release().await;
        }
        deleted.map(|()| plan)
    }
}

/// Whole artifacts alone: what isn't whole is on its way, or `clean`'s.
fn candidates(entries: &BTreeMap<ArtifactPath, Entry>) -> Vec<Candidate> {
    let whole = entries.iter().filter(|(_, entry)| entry.is_whole());
    let candidate = |(path, entry): (&ArtifactPath, &Entry)| Candidate {
        path: path.clone(),
        created: path.created(),
        verified: entry.is_verified(),
    };
    whole.map(candidate).collect()
}

async fn delete_all(
    backend: &Backend,
    lease: &mut Lease<'_>,
    paths: &[ArtifactPath],
    entries: &BTreeMap<ArtifactPath, Entry>,
) -> Result<(), StoreError> {
    for path in paths {
        let Some(entry) = entries.get(path) else { continue };
        lease.confirm().await?;
        backend.delete(&path.object(MANIFEST)).await?;
        for object in entry.beside_manifest() {
            backend.delete(&path.object(&object.name())).await?;
        }
        if let Some(folder) = backend.folder() {
            folder.tidy(&path.object(MANIFEST)).await;
        }
    }
    Ok(())
}
