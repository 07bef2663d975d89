//! `watchkeeper plugin inspect`: what a component asks for, takes and exposes, before anybody trusts it. It is compiled
//! and asked in a sandbox without any power.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use watchkeeper_metrics::{FamilySpec, parse_families};
use watchkeeper_sandbox::{CompileLimits, Component, Import, Plugin, Sandbox, Settings, inert_imports};

use crate::{
    args::{Format, InspectOptions},
    assemble,
    failure::Failure,
    run::block_on,
};

/// Looks into a component.
///
/// # Errors
/// It isn't a plugin, or doesn't compile.
pub(crate) fn inspect(options: &InspectOptions) -> Result<(), Failure> {
    block_on(async {
        let Looked { plugin, families } = look_into(&options.file, &options.config).await?;
        let powers: Vec<(&Import, String)> =
            plugin.component.imports.iter().map(|import| (import, power(import))).collect();
        match options.format {
            Format::Json => println!("{:#}", document(&plugin, &powers, families.as_deref())),
            Format::Text => show(&plugin, &powers, families),
        }
        Ok(())
    })
}

/// A component that was asked what it is.
pub(super) struct Looked {
    pub(super) plugin: Arc<Plugin>,
    /// The metric families of a job with the configuration, or what is wrong with it.
    pub(super) families: Result<Vec<FamilySpec>, String>,
}

/// Compiles a component and asks it for its schema, and for its families with a configuration in JSON.
///
/// # Errors
/// It isn't a plugin, or doesn't compile.
pub(super) async fn look_into(file: &Path, config: &str) -> Result<Looked, Failure> {
    let capabilities = assemble::capabilities();
    let cache = tempfile::tempdir().map_err(Failure::failed)?;
    let named = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| named(&error))?;
    let component = Component::read(bytes, &capabilities).map_err(|error| named(&error))?;
    let sandbox = sandbox(cache.path(), capabilities.clone())?;
    let plugin = sandbox.load(&component).await.map_err(|error| named(&error))?;
    let families = families(&sandbox, &plugin, config).await;
    Ok(Looked { plugin, families })
}

fn sandbox(cache: &Path, capabilities: Vec<Arc<dyn watchkeeper_contract::Capability>>) -> Result<Sandbox, Failure> {
    let settings = Settings {
        program: std::env::current_exe().map_err(Failure::failed)?,
        cache: cache.join("compiled"),
        compile: CompileLimits::default(),
        instances: 2,
        workers: 1,
    };
    Sandbox::new(settings, capabilities).map_err(Failure::failed)
}

/// What an import lets the plugin do, in plain words.
fn power(import: &Import) -> String {
    if let Some(name) = import.capability {
        let capability = assemble::capabilities().into_iter().find(|capability| capability.name() == name);
        return capability.map_or_else(String::new, |capability| capability.power().to_owned());
    }
    let behind = inert_imports().iter().find(|(prefix, _)| import.name.starts_with(prefix));
    format!("no power: {}", behind.map_or("", |(_, behind)| behind))
}

async fn families(sandbox: &Sandbox, plugin: &Plugin, config: &str) -> Result<Vec<FamilySpec>, String> {
    let described = sandbox.describe(plugin, config).await.map_err(|error| error.to_string())?;
    parse_families(&described?).map_err(|error| error.to_string())
}

fn show(plugin: &Plugin, powers: &[(&Import, String)], families: Result<Vec<FamilySpec>, String>) {
    let (component, schema) = (&plugin.component, &plugin.schema);
    println!("{} {}", schema.name, schema.version);
    schema.description.iter().for_each(|text| println!("{}", watchkeeper_contract::clean(text, 200)));
    println!("digest   {}", component.digest);
    let compiled_in = compiled_in(plugin).as_millis();
    println!("size     {} KiB, compiled in {compiled_in} ms", component.bytes.len() >> 10);
    println!("powers");
    powers.iter().for_each(|(import, power)| println!("  {:<44} {power}", import.name));
    println!("config");
    options(&schema.config).iter().for_each(|option| println!("  {option}"));
    println!("metrics");
    match families {
        Ok(families) => {
            for family in families {
                println!(
                    "  {} ({}) {{{}}} {}",
                    family.name,
                    family.kind.as_str(),
                    family.labels.join(","),
                    family.help
                );
            }
        }
        Err(reason) => println!("  not known without a configuration: {reason}\n  hint: pass one with --config JSON"),
    }
}

/// The keys of a configuration, one line each.
fn options(schema: &Value) -> Vec<String> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(key, property)| {
            let kind = kind(&property["type"]);
            let need = if required.contains(&key.as_str()) { "required" } else { "optional" };
            let text = property["description"].as_str().unwrap_or_default();
            format!("{key} ({kind}, {need}) {}", watchkeeper_contract::clean(text, 200))
        })
        .collect()
}

/// A JSON Schema's `type`: one word, or several of which `null` only says that the key may be left out.
fn kind(schema_type: &Value) -> &str {
    let words = schema_type.as_array().map_or(std::slice::from_ref(schema_type), Vec::as_slice);
    words.iter().filter_map(Value::as_str).find(|word| *word != "null").unwrap_or("value")
}

fn document(plugin: &Plugin, powers: &[(&Import, String)], families: Result<&[FamilySpec], &String>) -> Value {
    let imports: Vec<Value> = powers
        .iter()
        .map(|(import, power)| json!({"name": import.name, "capability": import.capability, "power": power}))
        .collect();
    json!({
        "name": plugin.schema.name,
        "version": plugin.schema.version,
        "description": plugin.schema.description,
        "digest": plugin.component.digest,
        "size_bytes": plugin.component.bytes.len(),
        "compiled_in_seconds": compiled_in(plugin).as_secs_f64(),
        "imports": imports,
        "config": plugin.schema.config,
        "metrics": families.ok(),
    })
}

fn compiled_in(plugin: &Plugin) -> Duration {
    plugin.compiled_in.unwrap_or_default()
}
