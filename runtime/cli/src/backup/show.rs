//! `backup show`: what an artifact says of itself, what was proved of it, and how it is restored without Watchkeeper.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_artifact_store::{BLOCK, Listed, Manifest, Prefix, Scope};

use super::{
    args::ShowOptions,
    by_hand, failure,
    list::{Proof, proved},
    open::{self, Opened},
    print::{self, Table},
};
use crate::{args::Format, failure::Failure};

/// The most characters of one piece of metadata.
const METADATA: usize = 64 << 10;

#[derive(Serialize)]
struct Shown {
    path: String,
    created: Timestamp,
    run: Option<String>,
    content: Content,
    stored: Stored,
    marks: Vec<Proof>,
    metadata: BTreeMap<String, String>,
    /// Lines for a shell.
    by_hand: Vec<String>,
}

#[derive(Serialize)]
struct Content {
    size: u64,
    sha256: String,
    check: String,
}

#[derive(Serialize)]
struct Stored {
    object: String,
    size: u64,
    sha256: String,
    compression: &'static str,
    encryption: Option<&'static str>,
    recipients: Vec<String>,
    blocks: usize,
    block_size: usize,
}

/// Shows one artifact.
///
/// # Errors
/// There is none, or its manifest is damaged; the store can't be used.
pub(super) async fn show(options: &ShowOptions) -> Result<(), Failure> {
    let opened = open::open(&options.store)?;
    let path = options.artifact.find(&opened.store).await?;
    let manifest = opened.store.manifest(&path).await.map_err(|error| failure(&error))?;
    let scope = Scope { job: path.job.clone(), name: path.name.clone() };
    let listed = opened.store.list(&Prefix::Name(scope)).await.map_err(|error| failure(&error))?;
    let shown = describe(&opened, &manifest, listed.iter().find(|listed| listed.path == path));
    match options.format {
        Format::Json => print::json(&shown),
        Format::Text => print::say(&text(&shown)),
    }
}

fn describe(opened: &Opened, manifest: &Manifest, listed: Option<&Listed>) -> Shown {
    let plain = |text: &String| print::plain(text, METADATA);
    let Manifest { path, created, run, content, stored, blocks, metadata } = manifest;
    Shown {
        path: path.to_string(),
        created: *created,
        run: run.as_ref().map(plain),
        content: Content { size: content.size, sha256: content.sha256.hex(), check: content.check.to_string() },
        stored: Stored {
            object: by_hand::place(&opened.url, manifest),
            size: stored.size,
            sha256: stored.sha256.hex(),
            compression: "zstd",
            encryption: (!stored.recipients.is_empty()).then_some("age"),
            recipients: stored.recipients.iter().map(plain).collect(),
            blocks: blocks.sha256.len(),
            block_size: BLOCK,
        },
        marks: listed.map(|listed| listed.marks.iter().map(Proof::from).collect()).unwrap_or_default(),
        metadata: metadata.iter().map(|(key, value)| (plain(key), plain(value))).collect(),
        by_hand: by_hand::lines(&opened.url, manifest),
    }
}

fn text(shown: &Shown) -> String {
    let Shown { content, stored, .. } = shown;
    let now = Timestamp::now();
    let size = |size: u64| format!("{} ({size} bytes)", print::bytes(size));
    let mut facts = Table::facts();
    facts.fact("artifact", &*shown.path);
    facts.fact("begun", format!("{}, {}", print::time(shown.created), print::ago(now, shown.created)));
    facts.fact("run", shown.run.as_deref().unwrap_or("-"));
    facts.fact("content", size(content.size));
    facts.fact("  sha256", &*content.sha256);
    facts.fact("  check", &*content.check);
    facts.fact("stored", size(stored.size));
    facts.fact("  sha256", &*stored.sha256);
    facts.fact("  object", &*stored.object);
    facts.fact("  blocks", format!("{} of {}", stored.blocks, print::bytes(stored.block_size as u64)));
    if stored.recipients.is_empty() {
        facts.fact("  encrypted", "no");
    }
    for recipient in &stored.recipients {
        facts.fact("  encrypted", format!("to {recipient}"));
    }
    facts.fact(
        "proved",
        match shown.marks.as_slice() {
            [] => "nothing yet: `watchkeeper backup verify` reads it back".to_owned(),
            marks => proved(marks, now),
        },
    );
    for (key, value) in &shown.metadata {
        facts.fact(key, &**value);
    }
    let by_hand: String = shown.by_hand.iter().map(|line| format!("  {line}\n")).collect();
    let fetched = if stored.object.contains("://") { ", once the object is fetched" } else { "" };
    format!("{}\nwithout Watchkeeper{fetched}:\n{by_hand}", facts.render())
}
