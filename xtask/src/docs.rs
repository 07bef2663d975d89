//! `cargo xtask docs`: a page about each bundled plugin, as `watchkeeper plugin docs` prints it of the built component, and their index.
//! A test holds the pages against the command, so whoever changes a plugin's keys or metrics runs this.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    command,
    project::{Build, Project},
    steps::{self, step},
};

const EXAMPLES: &str = "config/example/jobs.d";
const PAGES: &str = "docs/plugins";

/// Writes the pages anew.
pub(crate) fn run(project: &Project) -> Result<()> {
    let ready = steps::prepare(project, Build::Demo)?;
    step("pages", || {
        let pages = project.root().join(PAGES);
        fs::create_dir_all(&pages)?;
        let mut index = vec!["| plugin | what it is for | example |".to_owned(), "|---|---|---|".to_owned()];
        for plugin in project.crates_under("plugins")? {
            let name = plugin.file_name().context("a plugin's folder has no name")?.to_string_lossy().into_owned();
            let Some(example) = example(project, &name)? else { continue };
            let page = page(&ready.watchkeeper, &project.component(&plugin)?, &example)?;
            index.push(row(&name, &page, &example));
            fs::write(pages.join(format!("{name}.md")), page)?;
        }
        let count = index.len() - 2;
        fs::write(pages.join("README.md"), format!("{INDEX}\n{}\n", index.join("\n")))?;
        Ok(((), format!("{count} in {PAGES}")))
    })
}

const INDEX: &str = "# The bundled plugins

Made by `cargo xtask docs` from what each plugin says of itself. A plugin's own README tells how it behaves.
";

/// The first example job that uses a plugin; none for a plugin that is itself only an example.
fn example(project: &Project, plugin: &str) -> Result<Option<PathBuf>> {
    let folder = project.root().join(EXAMPLES);
    let mut jobs = fs::read_dir(&folder)
        .with_context(|| format!("can't list {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    jobs.sort();
    let line = format!("plugin = \"{plugin}\"");
    for job in jobs {
        if fs::read_to_string(&job)?.lines().any(|written| written.trim_end() == line) {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

fn page(watchkeeper: &Path, component: &Path, example: &Path) -> Result<String> {
    let mut docs = Command::new(watchkeeper);
    docs.args(["plugin", "docs"]).arg(component).arg("--job").arg(example);
    command::capture(&mut docs)
}

/// The index's row: the page's first paragraph, and the example's file.
fn row(name: &str, page: &str, example: &Path) -> String {
    let description = page.lines().nth(2).unwrap_or_default();
    let file = example.file_name().unwrap_or_default().to_string_lossy();
    format!("| [`{name}`]({name}.md) | {description} | [`{file}`](../../{EXAMPLES}/{file}) |")
}
