//! Years later, on a machine without Watchkeeper: the lines that `backup show` gives and the script of the format's documentation restore
//! with the usual tools alone.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use watchkeeper_artifact_store::{BLOCK, Check};

use super::shelf::{KEY, Shelf, answer, noise, succeeded};
use crate::support::programs;

/// Runs lines in a folder, with the reference tools on the path.
fn shell(folder: &Path, lines: &str, arguments: &[&str]) -> Output {
    let tools = [programs::age(), programs::zstd()].map(|program| program.parent().unwrap().to_owned());
    let usual = env::var_os("PATH").unwrap();
    let path = env::join_paths(tools.into_iter().chain(env::split_paths(&usual))).unwrap();
    let mut command = Command::new("sh");
    command.args(["-euc", lines, "restore.sh"]).args(arguments).current_dir(folder).env("PATH", path);
    command.output().unwrap()
}

/// The script of the documentation.
fn script() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/backup-format.md");
    let page = fs::read_to_string(page).unwrap();
    let begin = page.find("```sh\n#!/bin/sh\n# restore.sh").expect("the script") + 6;
    let length = page[begin..].find("```").expect("its end");
    page[begin..begin + length].to_owned()
}

#[test]
fn the_lines_that_are_shown_check_and_restore() {
    for (shelf, key) in [(Shelf::new(), ""), (Shelf::encrypting(), KEY)] {
        let content = noise(BLOCK + 1000);
        let artifact = shelf.put("shop/main", Check::None, &content, 2);
        let shown = shelf.call(&["show", "shop/main", "--format", "json"]);
        succeeded(&shown);
        let shown = answer(&shown);
        let lines: Vec<&str> = shown["by_hand"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let folder = shelf.deployment.path("");
        let lines = lines.join("\n").replace("KEY", key).replace("FILE", "restored");
        let ended = shell(&folder, &lines, &[]);
        assert!(ended.status.success(), "{lines}\n{ended:?}");
        assert!(fs::read(folder.join("restored")).unwrap() == content);
        shelf.flip(&artifact, 5);
        assert!(!shell(&folder, &lines, &[]).status.success());
    }
}

#[test]
fn the_script_of_the_documentation_restores_what_is_whole_and_nothing_else() {
    for (shelf, key) in [(Shelf::new(), &[][..]), (Shelf::encrypting(), &[KEY])] {
        let content = noise(BLOCK + 1000);
        let artifact = shelf.put("shop/main", Check::None, &content, 2);
        let folder = shelf.deployment.path("");
        let from = format!("store/{}", artifact.path);
        let restore = |to: &str| shell(&folder, &script(), &[&[from.as_str(), to], key].concat());
        let ended = restore("restored");
        assert!(ended.status.success(), "{ended:?}");
        assert!(fs::read(folder.join("restored")).unwrap() == content);

        shelf.flip(&artifact, BLOCK + 7);
        let ended = restore("again");
        assert!(!ended.status.success(), "{ended:?}");
        shelf.flip(&artifact, BLOCK + 7);
        let manifest = shelf.object(&artifact, "manifest.json");
        let changed = fs::read_to_string(&manifest).unwrap().replacen("\"check\":\"none\"", "\"check\":\"nine\"", 1);
        fs::write(manifest, changed).unwrap();
        let ended = restore("again");
        assert!(!ended.status.success() && String::from_utf8_lossy(&ended.stderr).contains("manifest"), "{ended:?}");
        assert!(!folder.join("again").exists() && !folder.join("again.part").exists());
    }
}
