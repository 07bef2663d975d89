//! `cargo xtask check`: formatting, lints, licences and sources of dependencies.

use anyhow::Result;

use crate::{
    command,
    project::Project,
    steps::{self, step},
};

/// Runs all checks; the first that fails ends it.
pub(crate) fn run(project: &Project) -> Result<()> {
    let plugins = project.plugin_workspace();
    let plugins = plugins.to_string_lossy();
    let both = |title: &str, before: &[&str], after: &[&str]| {
        step(title, || {
            command::run(project.cargo(before).args(after))?;
            command::run(project.cargo(before).args(["--manifest-path", &plugins]).args(after))?;
            Ok(((), "clean".to_owned()))
        })
    };
    both("formatting", &["fmt", "--all"], &["--check"])?;
    both("lints", &["clippy", "--workspace", "--all-targets"], &["--", "--deny", "warnings"])?;
    step("dependencies", || dependencies(project))
}

/// `deny.toml`'s rules, as far as they can be checked here: advisories need a database from the network.
fn dependencies(project: &Project) -> steps::Done<()> {
    if command::find("cargo-deny").is_none() {
        return Ok(((), "SKIPPED: cargo-deny is not installed".to_owned()));
    }
    deny(project, &["licenses", "bans", "sources"])?;
    if !command::succeeds(&mut project.cargo(&["deny", "fetch", "db"])) {
        return Ok(((), "licences, bans and sources are clean; advisories SKIPPED: no database".to_owned()));
    }
    deny(project, &["advisories"])?;
    Ok(((), "licences, bans, sources and advisories are clean".to_owned()))
}

/// Holds both workspaces to the same rules: those in the working directory's `deny.toml`.
fn deny(project: &Project, rules: &[&str]) -> Result<()> {
    for manifest in [project.root().join("Cargo.toml"), project.plugin_workspace()] {
        let mut deny = project.cargo(&["deny", "--workspace", "--manifest-path"]);
        deny.arg(manifest).args(["check", "--hide-inclusion-graph"]).args(rules);
        command::run(&mut deny)?;
    }
    Ok(())
}
