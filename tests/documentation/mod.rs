//! What is written about the bundled plugins is what they say of themselves, and what is offered as an example works.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{Deployment, Watchkeeper, programs};

/// A plugin that is only there to be read: the SDK's README shows it.
const TO_BE_READ: &str = "minimal";
const MAKE_ANEW: &str = "hint: `cargo xtask docs` writes the pages anew";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder with an ending, by name.
fn files(folder: &Path, ending: &str) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder that can be listed").path());
    let with_ending = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    with_ending.map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path)).collect()
}

/// Each bundled plugin with the first example job that uses it.
fn examples() -> BTreeMap<String, PathBuf> {
    let mut examples = BTreeMap::new();
    for job in files(&sources().join("config/example/jobs.d"), "toml").into_values() {
        let text = fs::read_to_string(&job).expect("an example");
        let table: toml::Table = text.parse().expect("TOML");
        let plugin = table["plugin"].as_str().expect("a plugin's name").to_owned();
        examples.entry(plugin).or_insert(job);
    }
    examples
}

#[test]
fn each_bundled_plugin_has_an_example() {
    let folders =
        fs::read_dir(sources().join("plugins")).expect("the plugins").map(|entry| entry.expect("an entry").path());
    let plugins = folders.filter(|folder| folder.join("Cargo.toml").is_file());
    let plugins: Vec<String> =
        plugins.map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    let examples = examples();
    let without: Vec<&String> =
        plugins.iter().filter(|plugin| !examples.contains_key(*plugin) && *plugin != TO_BE_READ).collect();
    assert!(plugins.len() > 2 && without.is_empty(), "without an example in config/example/jobs.d: {without:?}");
}

#[test]
fn the_pages_are_what_the_plugins_say() {
    let pages = sources().join("docs/plugins");
    let mut index = Vec::new();
    for (plugin, job) in examples() {
        let component = programs::component(&plugin);
        let arguments = ["plugin".as_ref(), "docs".as_ref(), component.as_os_str(), "--job".as_ref(), job.as_os_str()];
        let ended = Watchkeeper::call(&arguments);
        assert_eq!(ended.code, Some(0), "{plugin}: {}", ended.stderr);
        let written = fs::read_to_string(pages.join(format!("{plugin}.md"))).unwrap_or_default();
        assert_eq!(written, ended.stdout, "docs/plugins/{plugin}.md\n{MAKE_ANEW}");
        index.push((plugin, written.lines().nth(2).expect("a description").to_owned()));
    }
    let written = fs::read_to_string(pages.join("README.md")).expect("the index");
    let rows: Vec<&str> = written.lines().filter(|line| line.starts_with("| [")).collect();
    assert_eq!(rows.len(), index.len(), "{MAKE_ANEW}");
    for (row, (plugin, description)) in rows.iter().zip(&index) {
        assert!(row.starts_with(&format!("| [`{plugin}`]({plugin}.md) | {description} | ")), "{row}\n{MAKE_ANEW}");
    }
    let known: Vec<String> = files(&pages, "md").into_keys().filter(|page| page != "README").collect();
    assert_eq!(known, index.into_iter().map(|(plugin, _)| plugin).collect::<Vec<_>>(), "a page without its plugin");
}

#[test]
fn the_example_is_a_deployment_that_check_accepts() {
    let example = sources().join("config/example");
    let configuration = fs::read_to_string(example.join("watchkeeper.toml")).expect("the example");
    let deployment = Deployment::new("");
    deployment.write("watchkeeper.toml", without_secrets(&configuration).as_bytes());
    for (name, path) in files(&example.join("jobs.d"), "toml") {
        deployment.job(&name, &fs::read_to_string(path).expect("an example"));
    }
    examples().keys().for_each(|plugin| deployment.plugin(plugin));
    let path = deployment.configuration();
    let ended = Watchkeeper::call(&["check".as_ref(), "--config".as_ref(), path.as_os_str()]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for name in files(&example.join("jobs.d"), "toml").into_keys() {
        assert!(ended.stdout.contains(&format!("{name}: ")), "{name} in {}", ended.stdout);
    }
}

/// A text with each `${NAME}` as the word `secret`: the example names variables that this machine hasn't.
fn without_secrets(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start().starts_with('#') {
        true => line.to_owned(),
        false => line
            .split("${")
            .enumerate()
            .map(|(place, part)| match (place, part.split_once('}')) {
                (0, _) | (_, None) => part.to_owned(),
                (_, Some((_, rest))) => format!("secret{rest}"),
            })
            .collect(),
    });
    lines.map(|line| line + "\n").collect()
}
