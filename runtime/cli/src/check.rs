//! `watchkeeper check`: everything that can be said of a configuration without touching a network.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_config::{JobSpec, list_jobs, read_trusted};
use watchkeeper_keeper::{Assembly, Job, Workshop, host_families};
use watchkeeper_ledger::Ledger;
use watchkeeper_metrics::{Limits, Store};
use watchkeeper_sandbox::Component;

use crate::{
    account,
    args::{CheckOptions, Format},
    assemble,
    failure::Failure,
    run::block_on,
};

/// What is known of one job.
#[derive(Serialize)]
struct Checked {
    job: String,
    plugin: String,
    version: String,
    powers: Vec<String>,
    next: Vec<Timestamp>,
    metrics: usize,
}

/// Checks a configuration.
///
/// # Errors
/// 78 if anything in it is wrong; every problem is printed.
pub(crate) fn check(options: &CheckOptions) -> Result<(), Failure> {
    block_on(async {
        let assembly = assemble::assembly(&options.config)?;
        let workshop = offline(&assembly)?;
        let mut problems = account::problems(&workshop.settings).await;
        let jobs = jobs(&assembly, &workshop, &mut problems).await?;
        print(&jobs, &problems, options.format)?;
        match problems.len() {
            0 => Ok(()),
            1 => Err(Failure::Config("1 problem".to_owned())),
            count => Err(Failure::Config(format!("{count} problems"))),
        }
    })
}

/// A workshop that touches neither the ledger nor a network.
///
/// # Errors
/// `watchkeeper.toml` is wrong, or the sandbox can't start.
pub(crate) fn offline(assembly: &Assembly) -> Result<Workshop, Failure> {
    let settings = assembly.settings()?;
    let ledger = Arc::new(Ledger::in_memory().map_err(Failure::failed)?);
    Ok(assembly.workshop(settings, &ledger)?)
}

/// Reads a job file and makes its job.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) async fn job(workshop: &Workshop, path: &Path) -> Result<Job, String> {
    let (bytes, _) = read_trusted(path, 1 << 20).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{}: is not UTF-8 text", path.display()))?;
    let spec = JobSpec::parse(path, &text).map_err(|error| error.to_string())?;
    let plugin = workshop.settings.plugins.join(format!("{}.wasm", spec.plugin));
    if !plugin.exists() {
        let hint = format!("put it at {}, or name another one", plugin.display());
        return Err(spec.origin.error(&["plugin"], format!("there is no plugin `{}`", spec.plugin), hint).to_string());
    }
    let component = component(workshop, &plugin)?;
    workshop.make(spec, &component).await.map_err(|error| error.to_string())
}

/// Reads a component.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn component(workshop: &Workshop, path: &Path) -> Result<Component, String> {
    let limit = workshop.settings.limits.component_size;
    let (bytes, _) = read_trusted(path, limit).map_err(|error| error.to_string())?;
    Component::read(bytes, workshop.sandbox.capabilities()).map_err(|error| format!("{}: {error}", path.display()))
}

async fn jobs(
    assembly: &Assembly,
    workshop: &Workshop,
    problems: &mut Vec<String>,
) -> Result<BTreeMap<String, Checked>, Failure> {
    let listed = list_jobs(&workshop.settings.jobs).map_err(|error| Failure::Config(error.to_string()))?;
    problems.extend(listed.misnamed.iter().map(ToString::to_string));
    let series = Store::new(Limits::default(), host_families()).map_err(Failure::failed)?;
    let mut checked = BTreeMap::new();
    for (name, path) in listed.jobs {
        let made = job(workshop, &path).await.and_then(|job| {
            let declared = series.declare(&[job.to_declare()]).map_err(|error| format!("{}: {error}", path.display()));
            declared.map(|_| job)
        });
        match made {
            Ok(job) => drop(checked.insert(name.to_string(), describe(&job, assembly.clock.now()))),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(checked)
}

fn describe(job: &Job, now: Timestamp) -> Checked {
    Checked {
        job: job.spec.name.to_string(),
        plugin: job.spec.plugin.to_string(),
        version: job.plugin.schema.version.clone(),
        powers: job.grants.iter().flat_map(|(_, grant)| grant.describe()).collect(),
        next: job.spec.schedule.as_ref().map(|schedule| schedule.upcoming(now, 3)).unwrap_or_default(),
        metrics: job.families.len(),
    }
}

fn print(jobs: &BTreeMap<String, Checked>, problems: &[String], format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        let document = serde_json::json!({"jobs": jobs.values().collect::<Vec<_>>(), "problems": problems});
        println!("{}", serde_json::to_string_pretty(&document).map_err(Failure::failed)?);
        return Ok(());
    }
    for job in jobs.values() {
        println!("{}: {} {}, {} metrics", job.job, job.plugin, job.version, job.metrics);
        for power in &job.powers {
            println!("  {power}");
        }
        let next: Vec<String> = job.next.iter().map(ToString::to_string).collect();
        match next.as_slice() {
            [] => println!("  runs when it is asked to"),
            due => println!("  next {}", due.join(", ")),
        }
    }
    problems.iter().for_each(|problem| eprintln!("error: {problem}"));
    Ok(())
}
