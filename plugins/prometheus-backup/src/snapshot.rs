//! A snapshot: made by Prometheus' admin API, looked at, and packed. What Prometheus answers is checked before it names a folder.

use serde::Deserialize;
use watchkeeper_sdk::{
    backup::{Problem, Source},
    fail,
    http::Response,
    prelude::*,
};

use crate::config::Config;

/// Longest text of Prometheus' that is told on.
const TOLD: usize = 200;

const ADMIN_HINT: &str = "start Prometheus with --web.enable-admin-api, and write its base URL as `url`";

/// A snapshot that Prometheus made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its folder in the tree.
    pub(crate) name: String,
    /// Blocks in it; 0 until they were counted.
    pub(crate) blocks: u64,
}

/// Makes a snapshot and begins to pack it. `taken` is set as soon as there is one, so that it can be removed whatever happens then.
pub(crate) async fn produce(config: &Config, taken: &mut Option<Snapshot>) -> Result<Source, Problem> {
    if context::dry_run() {
        return Err(Problem::DryRun("a dry run makes no snapshot".to_owned()));
    }
    let snapshot = taken.insert(Snapshot { name: take(config).await?, blocks: 0 });
    snapshot.blocks = blocks(&config.tree, &snapshot.name, config.skip_head).await?;
    let archive = files::pack(&config.tree, &snapshot.name).await?;
    let (name, ended) = (snapshot.name.clone(), archive.ended);
    let whole = async move {
        let packed = ended.await?;
        match packed.changed.first() {
            Some(file) => {
                fail!("{file} in snapshot {name} changed while it was read\nhint: nothing may write into a snapshot")
            }
            None => Ok(()),
        }
    };
    Ok(Source::new(archive.tar, whole).note("snapshot", &snapshot.name).note("blocks", snapshot.blocks))
}

/// Has one made; its name.
async fn take(config: &Config) -> Result<String> {
    let query = if config.skip_head { "?skip_head=true" } else { "" };
    let url = format!("{}/api/v1/admin/tsdb/snapshot{query}", config.url.trim_end_matches('/'));
    let response = http::post(&url).send().await?;
    if response.status != 200 {
        return Err(refused(&response));
    }
    let Made { data: Data { name } } = response.json()?;
    if !is_name(&name) {
        fail!("prometheus answers with a snapshot that can't be a folder's name");
    }
    Ok(name)
}

#[derive(Deserialize)]
struct Made {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    name: String,
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: String,
}

/// What an answer without a snapshot means.
fn refused(response: &Response) -> Error {
    let status = response.status;
    let Refusal { error } = response.json().unwrap_or_default();
    let said: String = error.chars().filter(|letter| !letter.is_control()).take(TOLD).collect();
    let said = if said.is_empty() { format!("HTTP status {status}") } else { format!("{said} (HTTP status {status})") };
    match status {
        _ if error.to_lowercase().contains("admin apis disabled") => {
            Error::failed(format!("prometheus makes no snapshots: {said}\nhint: {ADMIN_HINT}"))
        }
        403..=405 => Error::failed(format!("no snapshots are made there: {said}\nhint: {ADMIN_HINT}")),
        401 => {
            let hint = "`http.NAME.headers` in watchkeeper.toml attaches credentials";
            Error::Denied(format!("prometheus asks for credentials: {said}\nhint: {hint}"))
        }
        500.. | 429 => Error::Unavailable(format!("prometheus made no snapshot: {said}")),
        _ => Error::failed(format!("prometheus made no snapshot: {said}")),
    }
}

/// A name as Prometheus gives them, and nothing that could be another folder or an option.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Counts the blocks of a snapshot, each of which has its `meta.json`. None is an error: there is nothing to restore.
async fn blocks(tree: &str, snapshot: &str, skip_head: bool) -> Result<u64> {
    let entries = match files::entries(tree, snapshot).await {
        Err(files::Error::NotFound(_)) => {
            let hint = "its path is the folder `snapshots` in the data folder of this very Prometheus";
            fail!("snapshot {snapshot} isn't in tree `{tree}`\nhint: {hint}");
        }
        entries => entries?,
    };
    let mut blocks = 0;
    for block in entries.iter().filter(|name| is_block(name)) {
        let inside = files::entries(tree, &format!("{snapshot}/{block}")).await?;
        if !inside.iter().any(|file| file == "meta.json") {
            fail!("block {block} of snapshot {snapshot} has no meta.json: it is not whole");
        }
        blocks += 1;
    }
    if blocks == 0 {
        let hint = match skip_head {
            true => "without the head a server has no blocks for its first three hours: leave out `skip_head`",
            false => "a server that hasn't scraped yet has nothing to back up",
        };
        fail!("snapshot {snapshot} is empty: it has no block\nhint: {hint}");
    }
    Ok(blocks)
}

/// Blocks are named by ULIDs: 26 letters and digits of Crockford's alphabet.
fn is_block(name: &str) -> bool {
    name.len() == 26
        && name.bytes().all(|byte| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshots_name_can_be_nothing_else() {
        for name in ["20260727T101500Z-4ddb8b1ab1b7de7e", "20260727T101500Z-1", "a"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-rf", "..", ".", "a/b", "a b", "a\n", "a\0", "ä", &"a".repeat(65)] {
            assert!(!is_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_block_is_named_by_a_ulid() {
        assert!(is_block("01J3N7Z6Q0V9Y8W7X6T5S4R3P2"));
        for name in
            ["", "01J3N7Z6Q0V9Y8W7X6T5S4R3P", "01j3n7z6q0v9y8w7x6t5s4r3p2", "01J3N7Z6Q0V9Y8W7X6T5S4R3PI", "chunks_head"]
        {
            assert!(!is_block(name), "{name}");
        }
    }
}
