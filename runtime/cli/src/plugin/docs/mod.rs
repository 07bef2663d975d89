//! `watchkeeper plugin docs`: a page for people about one plugin, from what it says of itself: the powers that it asks for, the keys of
//! its configuration, the metrics of a job with it. Nothing on the page is written by hand but the plugin's own doc comments, so that
//! it can't say anything else than the plugin does.

mod keys;
mod markdown;

use std::path::Path;

use watchkeeper_config::JobSpec;
use watchkeeper_metrics::FamilySpec;
use watchkeeper_sandbox::Plugin;

use self::markdown::{code, fenced, row, text};
use super::inspect::{Looked, look_into};
use crate::{args::DocsOptions, assemble, failure::Failure, run::block_on};

/// An example of a job, as it is in its file.
struct Example {
    file: String,
    text: String,
    config: String,
}

/// Prints the page.
///
/// # Errors
/// It isn't a plugin, or doesn't compile; the job's file is wrong, or the plugin refuses its configuration.
pub(crate) fn docs(options: &DocsOptions) -> Result<(), Failure> {
    let example = options.job.as_deref().map(Example::read).transpose()?;
    block_on(async {
        let config = example.as_ref().map_or("{}", |example| &example.config);
        let Looked { plugin, families } = look_into(&options.file, config).await?;
        let families = match (&example, families) {
            (_, Ok(families)) => families,
            (Some(example), Err(problem)) => return Err(Failure::Config(format!("{}: {problem}", example.file))),
            (None, Err(_)) => Vec::new(),
        };
        print!("{}", page(&plugin, &families, example.as_ref()));
        Ok(())
    })
}

impl Example {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::Config(format!("{}: {error}", path.display())))?;
        let spec = JobSpec::parse(path, &text).map_err(|error| Failure::Config(error.to_string()))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { file, text, config: spec.config.to_string() })
    }
}

fn page(plugin: &Plugin, families: &[FamilySpec], example: Option<&Example>) -> String {
    let schema = &plugin.schema;
    let mut page = format!("# {}\n", text(&schema.name));
    if let Some(description) = &schema.description {
        page += &format!("\n{}.\n", text(description.trim_end_matches('.')));
    }
    page += &format!(
        "\nVersion {}. This page is what `watchkeeper plugin docs` prints of the component.\n",
        text(&schema.version)
    );
    page += &powers(plugin);
    page += "\n## Configuration\n\n";
    page += &keys::table(&schema.config);
    page += &metrics(families, example.is_some());
    if let Some(example) = example {
        page += &format!("\n## Example\n\n{}:\n\n{}", code(&example.file), fenced("toml", &example.text));
    }
    page
}

/// What the job has to grant.
fn powers(plugin: &Plugin) -> String {
    let asked: Vec<&str> = plugin.component.imports.iter().filter_map(|import| import.capability).collect();
    let mut section = "\n## Powers\n\n".to_owned();
    let capabilities: Vec<_> =
        assemble::capabilities().into_iter().filter(|capability| asked.contains(&capability.name())).collect();
    if capabilities.is_empty() {
        return section + "None: a job grants it nothing.\n";
    }
    section += "What it asks for, and the line that grants it under `[grants]`:\n\n";
    section += &row(&["power", "what it can do with it", "granted by"]);
    section += &row(&["---"; 3]);
    for capability in capabilities {
        section += &row(&[&code(capability.name()), &text(capability.power()), &code(capability.example())]);
    }
    section
}

fn metrics(families: &[FamilySpec], of_example: bool) -> String {
    let mut section = "\n## Metrics\n\n".to_owned();
    if families.is_empty() {
        return section + if of_example { "None.\n" } else { "They depend on the configuration.\n" };
    }
    if of_example {
        section += "Of a job with the configuration of the example:\n\n";
    }
    section += &row(&["name", "type", "unit", "labels", "meaning"]);
    section += &row(&["---"; 5]);
    for family in families {
        let labels: Vec<String> = family.labels.iter().map(|label| code(label)).collect();
        let unit = family.unit.as_deref().map(text).unwrap_or_default();
        section += &row(&[&code(&family.name), family.kind.as_str(), &unit, &labels.join(", "), &text(&family.help)]);
    }
    section
}
