//! What a scrape of many series costs: the metrics store beside the `prometheus` crate with the same series, and beside
//! copying the same bytes, which is what a machine can't do without.

use std::{hint::black_box, io::Write, time::Duration};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use prometheus::{GaugeVec, Opts, Registry, TextEncoder};
use watchkeeper_metrics::{
    Declaration, Encoding, FamilySpec, Format, JobFamilies, Kind, Limits, Sample, Scrape, Store, Value,
};
use watchkeeper_model::{JobName, PluginName};

use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
};

const FAMILIES: u32 = 10;
const SERIES_PER_FAMILY: usize = 1_000;
const SERIES_PER_JOB: usize = FAMILIES as usize * SERIES_PER_FAMILY;
const PLUGIN: &str = "bench";
const SEED: u64 = 9_464;
/// Any time: gauges don't age here.
const NOW: Duration = Duration::from_secs(1_000_000_000);

/// One job's series.
struct Job {
    name: JobName,
    samples: Vec<Sample>,
}

/// Measures 100,000 and 1,000,000 series.
///
/// # Errors
/// A series is refused by one of the two.
pub(crate) fn measure() -> Result<Report> {
    let mut report = Report::default();
    for (size, jobs, rounds) in [("100k", 10, 25), ("1m", 100, 5)] {
        eprintln!("==> {size} series");
        let jobs = make(jobs)?;
        let (store, declarations) = fill(&jobs)?;
        let registry = register(&jobs)?;
        scrapes(&mut report, size, rounds, &store, &registry)?;
        after_a_run(&mut report, size, rounds, &store, &jobs, &declarations)?;
    }
    Ok(report)
}

/// Scrapes while nothing changes, with and without gzip.
fn scrapes(report: &mut Report, size: &str, rounds: usize, store: &Store, registry: &Registry) -> Result<()> {
    for (encoding, kind) in [(Encoding::Identity, "identity"), (Encoding::Gzip, "gzip")] {
        let bytes = scrape(store, encoding).body.concat();
        let ours = Samples::of(rounds, || drop(scrape(store, encoding)));
        let mut gathered = Ok(Vec::new());
        let theirs = Samples::of(rounds, || gathered = gather(registry, encoding));
        let their_bytes = gathered?.len();
        let mut copy = Vec::with_capacity(bytes.len());
        let copied = Samples::of(rounds, || {
            copy.clear();
            copy.extend_from_slice(black_box(&bytes));
            black_box(&mut copy);
        });
        let how = format!("medians of {rounds}; {} MiB against {} MiB of body", mib(bytes.len()), mib(their_bytes));
        let mut row = |name: String, peer: &str, value: &Samples, ratio| {
            report.add(Row {
                name,
                what: format!("a scrape of {size} series, OpenMetrics, {kind}, nothing changed since the last"),
                value: millis(ours.median()),
                unit: "ms",
                peer: Some(Peer { name: peer.to_owned(), value: millis(value.median()), ratio }),
                how: how.clone(),
            });
        };
        let name = format!("scrape_{size}_{kind}");
        row(format!("{name}_vs_prometheus"), "the `prometheus` crate", &theirs, Ratio::TheirsOverOurs);
        row(format!("{name}_vs_memcpy"), "copying the same bytes", &copied, Ratio::OursOverTheirs);
    }
    Ok(())
}

/// Scrapes after one job's run replaced all its values.
fn after_a_run(
    report: &mut Report,
    size: &str,
    rounds: usize,
    store: &Store,
    jobs: &[Job],
    declarations: &[Declaration],
) -> Result<()> {
    let (job, declaration) = jobs.first().zip(declarations.first()).context("no job")?;
    let (mut commits, mut scrapes) = (Samples::default(), Samples::default());
    for round in 0..rounds {
        let samples: Vec<Sample> = job.samples.iter().map(|sample| moved(sample, round)).collect();
        let commit = Samples::of(1, || {
            black_box(store.commit(declaration, &samples, &[], NOW));
        });
        commits.push(commit.max());
        scrapes.push(Samples::of(1, || drop(scrape(store, Encoding::Gzip))).max());
    }
    report.add(Row {
        name: format!("scrape_{size}_gzip_after_run"),
        what: format!("the first scrape of {size} series after a run replaced {SERIES_PER_JOB} of them"),
        value: millis(scrapes.median()),
        unit: "ms",
        peer: Some(Peer {
            name: "the run's commit itself".to_owned(),
            value: millis(commits.median()),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("medians of {rounds}; the keeper renders what changed each second, so scrapes seldom pay this"),
    });
    Ok(())
}

fn scrape(store: &Store, encoding: Encoding) -> Scrape {
    black_box(store.scrape(Format::OpenMetrics, encoding, NOW, &[]))
}

/// What an exporter on the `prometheus` crate does for a scrape.
fn gather(registry: &Registry, encoding: Encoding) -> Result<Vec<u8>> {
    let text = TextEncoder::new().encode_to_string(&registry.gather())?;
    match encoding {
        Encoding::Identity => Ok(text.into_bytes()),
        Encoding::Gzip => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(text.as_bytes())?;
            Ok(gzip.finish()?)
        }
    }
}

/// Jobs with addresses for labels, and values like balances.
fn make(jobs: usize) -> Result<Vec<Job>> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let job = |number: usize| {
        let addresses: Vec<String> = (0..SERIES_PER_FAMILY).map(|_| address(&mut random)).collect();
        let mut samples = Vec::with_capacity(SERIES_PER_JOB);
        for family in 0..FAMILIES {
            for address in &addresses {
                let value = Value::Set(random.f64() * 1e6);
                samples.push(Sample { family, labels: vec![address.clone()], value });
            }
        }
        Ok(Job { name: JobName::new(&format!("job-{number}"))?, samples })
    };
    (0..jobs).map(job).collect()
}

fn address(random: &mut fastrand::Rng) -> String {
    format!("0x{:032x}{:08x}", random.u128(..), random.u32(..))
}

fn name(family: u32) -> String {
    format!("bench_balance_{family}")
}

fn fill(jobs: &[Job]) -> Result<(Store, Vec<Declaration>)> {
    let store = Store::new(Limits::default(), Vec::new())?;
    let family = |family| FamilySpec {
        name: name(family),
        kind: Kind::Gauge,
        help: "A balance.".to_owned(),
        unit: None,
        labels: vec!["address".to_owned()],
        buckets: Vec::new(),
    };
    let families: Vec<FamilySpec> = (0..FAMILIES).map(family).collect();
    let plugin = PluginName::new(PLUGIN)?;
    let declared = jobs.iter().map(|job| JobFamilies {
        job: job.name.clone(),
        plugin: plugin.clone(),
        families: families.clone(),
        max_age: Duration::from_secs(1_000),
        series: SERIES_PER_JOB,
    });
    let declarations = store.declare(&declared.collect::<Vec<_>>())?;
    for (job, declaration) in jobs.iter().zip(&declarations) {
        let commit = store.commit(declaration, &job.samples, &[], NOW);
        ensure!(commit.series == SERIES_PER_JOB, "the store took {} of {SERIES_PER_JOB} series", commit.series);
    }
    Ok((store, declarations))
}

fn register(jobs: &[Job]) -> Result<Registry> {
    let registry = Registry::new();
    let family = |family| {
        let gauges = GaugeVec::new(Opts::new(name(family), "A balance."), &["job_name", "plugin", "address"])?;
        registry.register(Box::new(gauges.clone()))?;
        Ok(gauges)
    };
    let families = (0..FAMILIES).map(family).collect::<prometheus::Result<Vec<_>>>()?;
    for job in jobs {
        for sample in &job.samples {
            let place = usize::try_from(sample.family)?;
            let (gauges, address) =
                families.get(place).zip(sample.labels.first()).context("a sample without family")?;
            if let Value::Set(value) = sample.value {
                gauges.with_label_values(&[job.name.as_str(), PLUGIN, address]).set(value);
            }
        }
    }
    Ok(registry)
}

/// The same series with a value that it has in one round only.
fn moved(sample: &Sample, round: usize) -> Sample {
    let value = match sample.value {
        Value::Set(value) => Value::Set(value + f64::from(u32::try_from(round).unwrap_or(0)) + 1.0),
        other => other,
    };
    Sample { value, ..sample.clone() }
}

fn mib(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    format!("{mebibytes:.1}")
}
