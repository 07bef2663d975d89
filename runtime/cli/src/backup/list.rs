//! `backup list`: what artifacts there are. Their sizes stand in their manifests, so that only those that are shown are read.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_artifact_store::{Listed, Marked, Prefix, Store, StoreError};

use super::{args::ListOptions, failure, open, print, print::Table, target};
use crate::{args::Format, failure::Failure};

/// Manifests that are read at the same time.
const AT_ONCE: usize = 16;

#[derive(Serialize)]
struct Document<'a> {
    store: &'a str,
    artifacts: Vec<Row>,
    /// How many older ones aren't shown.
    older: usize,
}

#[derive(Serialize)]
struct Row {
    path: String,
    created: Timestamp,
    /// Bytes of the content; none where the manifest can't be read.
    size: Option<u64>,
    stored_size: u64,
    check: Option<String>,
    marks: Vec<Proof>,
    /// What is wrong with the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Something that was proved of an artifact.
#[derive(Serialize)]
pub(super) struct Proof {
    what: &'static str,
    at: Timestamp,
}

impl From<&Marked> for Proof {
    fn from(marked: &Marked) -> Self {
        Self { what: marked.mark.as_str(), at: marked.at }
    }
}

/// Shows the newest artifacts below a prefix, the newest last.
///
/// # Errors
/// The store can't be used; or a manifest is damaged, after all is shown.
pub(super) async fn list(options: &ListOptions) -> Result<(), Failure> {
    let opened = open::open(&options.store)?;
    let below = options.below.clone().unwrap_or(Prefix::All);
    let mut listed = opened.store.list(&below).await.map_err(|error| failure(&error))?;
    let older = listed.len().saturating_sub(usize::try_from(options.newest).unwrap_or(usize::MAX));
    let newest = listed.split_off(older);
    let rows = stream::iter(newest).map(|listed| row(&opened.store, listed)).buffered(AT_ONCE);
    let mut artifacts = Vec::new();
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.next().await {
        artifacts.extend(row.map_err(|error| failure(&error))?);
    }
    let damaged: Vec<String> = artifacts.iter().filter_map(|row| row.problem.clone()).collect();
    let document = Document { store: opened.store.name(), artifacts, older };
    match options.format {
        Format::Json => print::json(&document)?,
        Format::Text => show(&document, &below)?,
    }
    match damaged.len() {
        0 => Ok(()),
        count => {
            damaged.iter().for_each(|problem| eprintln!("error: {problem}"));
            Err(Failure::failed(format!("the manifest of {} is damaged", print::artifacts(count))))
        }
    }
}

/// None where it was deleted meanwhile.
async fn row(store: &Store, listed: Listed) -> Result<Option<Row>, StoreError> {
    let (size, check, problem) = match store.manifest(&listed.path).await {
        Ok(manifest) => (Some(manifest.content.size), Some(manifest.content.check.to_string()), None),
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error @ (StoreError::Corrupt { .. } | StoreError::Unsupported { .. })) => {
            (None, None, Some(print::plain_lines(&error.to_string())))
        }
        Err(error) => return Err(error),
    };
    Ok(Some(Row {
        path: listed.path.to_string(),
        created: listed.created,
        size,
        stored_size: listed.stored_size,
        check,
        marks: listed.marks.iter().map(Proof::from).collect(),
        problem,
    }))
}

fn show(document: &Document<'_>, below: &Prefix) -> Result<(), Failure> {
    if document.artifacts.is_empty() {
        let below = target::name(below);
        let below = if below.is_empty() { String::new() } else { format!(" of {below}") };
        eprintln!("no artifact{below} in store {}", document.store);
        return Ok(());
    }
    let now = Timestamp::now();
    let unknown = || "-".to_owned();
    let mut table = Table::new(&["PATH", "BEGUN", "SIZE", "STORED", "CHECK", "PROVED"]);
    for row in &document.artifacts {
        table.row(vec![
            row.path.clone(),
            print::ago(now, row.created),
            row.size.map_or_else(unknown, print::bytes),
            print::bytes(row.stored_size),
            row.check.clone().unwrap_or_else(unknown),
            if row.problem.is_some() { "damaged".to_owned() } else { proved(&row.marks, now) },
        ]);
    }
    print::say(&table.render())?;
    if document.older > 0 {
        let (count, all) = (document.artifacts.len(), document.artifacts.len() + document.older);
        eprintln!("these are the newest {count} of {all}: --newest shows more");
    }
    Ok(())
}

/// `verified 3h ago, restored 2d ago`.
pub(super) fn proved(marks: &[Proof], now: Timestamp) -> String {
    let words = marks.iter().map(|proof| format!("{} {}", proof.what, print::ago(now, proof.at)));
    words.collect::<Vec<_>>().join(", ")
}
