//! A reload case as a folder: `before/` is the deployment as it starts, `change/` what then happens to it, `expected.toml`
//! what becomes of it, `messages.txt` what the operator reads of each refused file.
//!
//! A file stands for itself. One with a further ending stands for what can't lie in a repository, or isn't a file:
//! - `X.made`: the plugin that the text describes (see [`made`]), renamed into place;
//! - `X.pieces`: the same, written in place and slowly;
//! - `X.link`: a symbolic link to the text;
//! - `X.mode`: X gets the text as its mode;
//! - `X.deleted`: X is removed;
//! - `X.moved`: X is renamed to the text.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::support::{Deployment, programs::component};

/// `expected.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// What the case is about, as a sentence.
    pub(super) about: String,
    /// Files that are refused, relative to the deployment. None: the reload succeeds.
    #[serde(default)]
    pub(super) refused: Vec<String>,
    /// Jobs that are no more.
    #[serde(default)]
    pub(super) gone: Vec<String>,
    /// Jobs that are there.
    #[serde(default)]
    pub(super) jobs: BTreeMap<String, ExpectedJob>,
    /// On the way there, no file is ever shown as wrong.
    #[serde(default)]
    pub(super) quiet: bool,
}

/// A job after the change. It runs on, and its counters too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedJob {
    /// As the overview shows it.
    pub(super) schedule: Option<String>,
    /// What its gauge shows.
    pub(super) value: Option<f64>,
    /// Whether it runs other bytes than before.
    pub(super) swapped: Option<bool>,
}

/// One case.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) expected: Expected,
}

impl Case {
    /// All cases, by name.
    pub(super) fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/reload");
        let mut folders: Vec<PathBuf> =
            fs::read_dir(root).expect("the cases").map(|entry| entry.expect("a case").path()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join("expected.toml")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, folder, expected }
    }

    /// Writes `before` or `change` into a deployment.
    pub(super) fn apply(&self, part: &str, deployment: &Deployment) {
        let root = self.folder.join(part);
        let mut files = Vec::new();
        collect(&root, &mut files);
        // Files first, then what points at files or happens to them.
        files.sort_by_key(|file| (is_done_to_a_file(file), file.clone()));
        for file in files {
            let relative = file.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
            apply(deployment, &file, &relative);
        }
    }
}

/// The bytes that a text describes: a built test plugin by its name, and what is done to it:
/// `steady`, `steady rebuilt` (the same code, another digest), `steady half` (truncated); or `core-module`, `no-exports`.
pub(super) fn made(text: &str) -> Vec<u8> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["core-module"] => b"\0asm\x01\0\0\0".to_vec(),
        ["no-exports"] => b"\0asm\x0d\0\x01\0".to_vec(),
        [plugin] => fs::read(component(plugin)).expect("a built component"),
        [plugin, "rebuilt"] => rebuilt(made(plugin)),
        [plugin, "half"] => {
            let bytes = made(plugin);
            bytes[..bytes.len() / 2].to_vec()
        }
        other => panic!("no such plugin: {other:?}"),
    }
}

/// The same component with one more custom section.
pub(super) fn rebuilt(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(b"\x00\x05\x04note");
    bytes
}

fn is_done_to_a_file(case_file: &Path) -> bool {
    let ending = case_file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["link", "mode", "deleted", "moved"].contains(&ending)
}

fn apply(deployment: &Deployment, file: &Path, relative: &str) {
    let bytes = fs::read(file).expect("a case's file");
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    let (place, ending) = relative.rsplit_once('.').unwrap_or((relative, ""));
    let path = deployment.path(place);
    match ending {
        "made" => deployment.write(place, &made(&text)),
        "pieces" => {
            let name = place.trim_start_matches("plugins/").trim_end_matches(".wasm");
            deployment.plugin_in_pieces(name, &made(&text), 8, Duration::from_millis(200));
        }
        "link" => {
            let aside = deployment.path("aside/link");
            symlink(text, &aside).expect("a new link");
            fs::rename(aside, path).expect("a rename within one folder");
        }
        "mode" => {
            let mode = u32::from_str_radix(&text, 8).expect("an octal mode");
            fs::set_permissions(path, Permissions::from_mode(mode)).expect("our file");
        }
        "deleted" => fs::remove_file(path).expect("a file to delete"),
        "moved" => fs::rename(path, deployment.path(&text)).expect("a rename within one folder"),
        _ if relative == "watchkeeper.toml" && !text.contains("[server]") => deployment.configure(&text),
        _ => {
            let folder = deployment.path(relative).parent().expect("a folder").to_owned();
            fs::create_dir_all(&folder).expect("our folder");
            deployment.write(relative, &bytes);
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
