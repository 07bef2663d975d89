//! `watchkeeper try`: one job, once, dry, against the real chains of a configuration. Reads work, effects answer
//! `dry-run`, and nothing is kept.

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::Settlement;
use watchkeeper_keeper::{Job, Workshop, host_families, order, samples};
use watchkeeper_metrics::{Encoding, Format as Exposition, Limits, Store};
use watchkeeper_model::{Outcome, RunId, RunStart, Trigger};
use watchkeeper_sandbox::Ended;

use crate::{
    args::{Format, TryOptions},
    assemble, check,
    failure::Failure,
    run::block_on,
};

/// Runs a job once and shows what it did.
///
/// # Errors
/// 78 if the job can't be made, 1 if its run doesn't succeed.
pub(crate) fn try_job(options: &TryOptions) -> Result<(), Failure> {
    block_on(async {
        let assembly = assemble::assembly(&options.config)?;
        let workshop = check::offline(&assembly)?;
        let path = job_file(&options.job, &workshop)?;
        let job = check::job(&workshop, &path).await.map_err(Failure::Config)?;
        let now = assembly.clock.now();
        let order = order(&job, &start(&job, now), now, true, CancellationToken::new());
        let mut ended = workshop.sandbox.run(order).await;
        for grant in std::mem::take(&mut ended.grants) {
            grant.settle(ended.outcome, &mut Settlement::default()).await;
        }
        let exposition = exposition(&job, &mut ended, now)?;
        match options.format {
            Format::Text => show(&ended, &exposition),
            Format::Json => println!("{}", document(&ended, &exposition)),
        }
        match ended.outcome {
            Outcome::Success => Ok(()),
            outcome => Err(Failure::failed(format!("{outcome}: {}", ended.message))),
        }
    })
}

/// A run that the ledger never hears of.
fn start(job: &Job, now: Timestamp) -> RunStart {
    let id = RunId::new(now, u128::from(std::process::id()));
    RunStart {
        id,
        job: job.spec.name.clone(),
        generation: 0,
        plugin: job.spec.plugin.clone(),
        digest: job.plugin.component.digest,
        trigger: Trigger::Manual("watchkeeper try".to_owned()),
        attempt: 1,
        first: id,
        claimed: now,
    }
}

/// A path if there is such a file, else the name of a job of the configuration.
fn job_file(job: &str, workshop: &Workshop) -> Result<PathBuf, Failure> {
    let of_configuration = workshop.settings.jobs.join(format!("{job}.toml"));
    let found = [PathBuf::from(job), of_configuration.clone()].into_iter().find(|path| path.is_file());
    found.ok_or_else(|| {
        let looked_for = of_configuration.display();
        Failure::Config(format!(
            "there is no job `{job}`\nhint: name a job file, or a job of the configuration: {looked_for} is not there"
        ))
    })
}

/// The samples as Prometheus would see them after this one run.
fn exposition(job: &Job, ended: &mut Ended, now: Timestamp) -> Result<String, Failure> {
    let series = Store::new(Limits::default(), host_families()).map_err(Failure::failed)?;
    let declared = series.declare(&[job.to_declare()]).map_err(|error| Failure::Config(error.to_string()))?;
    let now = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
    let samples = samples(std::mem::take(&mut ended.emitted.samples));
    for declaration in declared {
        let lost = series.commit(&declaration, &samples, &[], now).dropped;
        for (reason, count) in lost.iter().filter(|(_, count)| *count > 0) {
            eprintln!("warning: {count} samples dropped: {}", reason.as_str());
        }
    }
    let scrape = series.scrape(Exposition::Text, Encoding::Identity, now, &[]);
    Ok(scrape.body.iter().map(|part| String::from_utf8_lossy(part)).collect())
}

fn show(ended: &Ended, exposition: &str) {
    print!("{exposition}");
    for line in &ended.emitted.logs {
        let fields: Vec<String> = line.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        eprintln!("{:?}: {}{}", line.level, line.message, fields.concat());
    }
    for (power, times) in &ended.emitted.powers {
        eprintln!("used: {power} ({times}x)");
    }
    eprintln!(
        "{}: {} ({:.1} ms, {:.1} ms of processor time, {} KiB)",
        ended.outcome,
        ended.message,
        ended.duration.as_secs_f64() * 1e3,
        ended.cpu.as_secs_f64() * 1e3,
        ended.peak_memory >> 10
    );
}

fn document(ended: &Ended, exposition: &str) -> serde_json::Value {
    json!({
        "outcome": ended.outcome,
        "message": ended.message,
        "duration_seconds": ended.duration.as_secs_f64(),
        "cpu_seconds": ended.cpu.as_secs_f64(),
        "peak_memory_bytes": ended.peak_memory,
        "powers": ended.emitted.powers,
        "logs": ended.emitted.logs,
        "exposition": exposition,
    })
}
