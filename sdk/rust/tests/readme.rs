//! The minimal probe that the README shows is the one that is compiled, and it is short.

use std::{fs, io};

fn read(path: &str) -> io::Result<String> {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR")))
}

#[test]
fn the_readme_shows_the_minimal_plugin_as_it_is_built() {
    let readme = read("README.md").unwrap();
    let (_, rest) = readme.split_once("```rust,ignore\n").unwrap();
    let (shown, _) = rest.split_once("```\n").unwrap();
    assert_eq!(shown, read("../../plugins/minimal/src/lib.rs").unwrap());
}

#[test]
fn the_minimal_plugin_has_at_most_15_lines_of_code() {
    let source = read("../../plugins/minimal/src/lib.rs").unwrap();
    let code = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    assert!(code.count() <= 15);
}
