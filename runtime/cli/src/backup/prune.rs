//! `backup prune`: a retention policy applied by a person: shown first, and asked about.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_artifact_store::{ArtifactName, ArtifactPath, Kept, Plan, Policy, Prefix, Scope, Store};
use watchkeeper_model::JobName;

use super::{
    args::PruneOptions,
    confirm::{self, confirm},
    failure,
    open::{self, Opened},
    policy, print,
    print::Table,
    source, target, who,
};
use crate::{args::Format, failure::Failure};

#[derive(Serialize)]
struct Document<'a> {
    store: &'a str,
    /// Whether nothing was deleted.
    dry_run: bool,
    names: Vec<Name>,
}

#[derive(Serialize)]
struct Name {
    name: String,
    keep: Vec<Stays>,
    delete: Vec<String>,
}

#[derive(Serialize)]
struct Stays {
    path: String,
    reasons: Vec<String>,
}

/// What is done to a name's artifacts, or would be.
struct Planned {
    scope: Scope,
    plan: Plan,
}

/// Shows what a policy keeps, and deletes the rest.
///
/// # Errors
/// 64 if nobody can be asked, or the policy keeps nothing; 78 if the job has none; 1 if somebody else deletes at this time, or the store
/// can't be used.
pub(super) async fn prune(options: &PruneOptions) -> Result<(), Failure> {
    let Some(job) = options.artifacts.job() else {
        return Err(Failure::Usage("whose artifacts?\nhint: write JOB/NAME, or JOB for each of its names".to_owned()));
    };
    let asks = !options.dry_run && !options.yes;
    if asks && (options.format == Format::Json || !confirm::possible()) {
        return Err(Failure::Usage(UNASKED.to_owned()));
    }
    let (opened, policy) = ready(options, job)?;
    let pruning =
        Pruning { store: &opened.store, policy: &policy, scopes: scopes(&opened.store, &options.artifacts).await? };
    let planned = pruning.apply(!options.yes).await?;
    if options.format == Format::Json {
        return print::json(&document(&opened.store, options.dry_run, &planned));
    }
    print::say(&table(&planned, options.yes).render())?;
    let count: usize = planned.iter().map(|planned| planned.plan.delete.len()).sum();
    if !asks || count == 0 {
        let what = if options.yes { "deleted" } else { "to be deleted" };
        eprintln!("{what}: {}", print::artifacts(count));
        return Ok(());
    }
    confirm(&format!("delete {}?", print::artifacts(count)), UNASKED)?;
    // Planned afresh under the lease, by the store's clock: what was made or deleted meanwhile counts.
    let done = pruning.apply(false).await?;
    let deleted = done.iter().flat_map(|done| &done.plan.delete).map(|path| format!("deleted {path}\n"));
    print::say(&deleted.collect::<String>())
}

const UNASKED: &str = "nobody can be asked whether to delete\nhint: --dry-run shows what would go, --yes deletes it";

struct Pruning<'a> {
    store: &'a Store,
    policy: &'a Policy,
    scopes: Vec<Scope>,
}

impl Pruning<'_> {
    async fn apply(&self, dry_run: bool) -> Result<Vec<Planned>, Failure> {
        let holder = who("prune");
        let mut planned = Vec::new();
        for scope in &self.scopes {
            let plan =
                self.store.retain(scope, self.policy, dry_run, &holder).await.map_err(|error| failure(&error))?;
            planned.push(Planned { scope: scope.clone(), plan });
        }
        Ok(planned)
    }
}

/// The store and the policy: both of the job's file, where neither is said.
fn ready(options: &PruneOptions, job: &JobName) -> Result<(Opened, Policy), Failure> {
    if let Some(policy) = policy::of_options(&options.rules)? {
        return Ok((open::open(&options.store)?, policy));
    }
    if options.store.url.is_some() {
        let hint = "give rules such as --keep-last 7: the policy of a job's file is read only with --config";
        return Err(Failure::Usage(format!("no policy\nhint: {hint}")));
    }
    let (file, store) = (&options.store.config, options.store.store.as_deref());
    let settings = source::configuration(file, store)?;
    let granted = policy::of_job(&settings, job)?;
    if store.is_some_and(|store| store != granted.store) {
        let hint = "give rules such as --keep-last 7 for another store";
        return Err(Failure::Usage(format!("the policy of job {job} is for store {}\nhint: {hint}", granted.store)));
    }
    Ok((open::open_configured(&settings, file, Some(&granted.store))?, granted.policy))
}

/// The names of a job that have artifacts, or the one that is meant.
async fn scopes(store: &Store, below: &Prefix) -> Result<Vec<Scope>, Failure> {
    let listed = target::some(store, below).await?;
    let names: BTreeSet<(JobName, ArtifactName)> =
        listed.into_iter().map(|listed| (listed.path.job, listed.path.name)).collect();
    Ok(names.into_iter().map(|(job, name)| Scope { job, name }).collect())
}

fn document<'a>(store: &'a Store, dry_run: bool, planned: &[Planned]) -> Document<'a> {
    let name = |planned: &Planned| Name {
        name: planned.scope.to_string(),
        keep: planned
            .plan
            .keep
            .iter()
            .map(|kept| Stays { path: kept.path.to_string(), reasons: reasons(kept) })
            .collect(),
        delete: planned.plan.delete.iter().map(ToString::to_string).collect(),
    };
    Document { store: store.name(), dry_run, names: planned.iter().map(name).collect() }
}

/// What stays and why, and what goes, the oldest of each name first.
fn table(planned: &[Planned], done: bool) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(&["PATH", "BEGUN", "PLAN", "WHY"]);
    for Planned { plan, .. } in planned {
        let stays = plan.keep.iter().map(|kept| (&kept.path, "stays", reasons(kept).join(", ")));
        let goes = if done { "deleted" } else { "goes" };
        let goes = plan.delete.iter().map(|path| (path, goes, String::new()));
        let mut rows: Vec<(&ArtifactPath, &str, String)> = stays.chain(goes).collect();
        rows.sort_by_key(|(path, ..)| *path);
        for (path, plan, why) in rows {
            table.row(vec![path.to_string(), print::ago(now, path.created()), plan.to_owned(), why]);
        }
    }
    table
}

fn reasons(kept: &Kept) -> Vec<String> {
    kept.reasons.iter().map(ToString::to_string).collect()
}
