//! A dump of 1 GiB on its way to a store, and back.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{
    database::Database,
    stage::{Stage, run, script},
};
use crate::report::{Peer, Ratio, Report, Row};

/// Ours and theirs take turns, so that what else the machine does is shared; the best of each counts.
const ROUNDS: usize = 3;
const MIB: f64 = 1_048_576.0;

/// A pair of figures: the best time of each side.
struct Best {
    ours: Duration,
    theirs: Duration,
}

/// # Errors
/// There is no PostgreSQL, `zstd` or component, or a backup fails.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let aside = TempDir::new()?;
    let database = Database::start()?;
    let zstd = tool("WATCHKEEPER_ZSTD").context("there is no zstd")?;
    let keys = tool("WATCHKEEPER_AGE").map(|age| Keys::make(&age, &aside)).transpose()?;
    let stage = Stage::start(&database, keys.as_ref().map(|keys| &*keys.recipient))?;
    let (dump, zstd) = (format!("{} -Fc -Z0 bench", database.program("pg_dump").display()), zstd.display());
    let file = aside.path().join("dump.zst");
    let size = dump_size(&database, &dump, &aside)?;
    let rate = |time: Duration| size as f64 / MIB / time.as_secs_f64();

    let pipe = format!("{dump} | {zstd} -q -f -o {0} && sync {0}", file.display());
    let rest = stage.forget_peak()?;
    let best = turns(|| stage.back_up("plain"), || script(&database, &pipe))?;
    let extra = stage.peak()?.saturating_sub(rest) as f64 / 1024.0;
    report.add(Row {
        name: "backup_vs_pipe".into(),
        what: format!("a dump of {:.0} MiB through plugin, check, zstd and store", size as f64 / MIB),
        value: rate(best.ours),
        unit: "MiB/s",
        peer: Some(Peer {
            name: "pg_dump | zstd > file".into(),
            value: rate(best.theirs),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("best of {ROUNDS} in turn, synced; bytes of the dump a second; the aim is 0.95"),
    });
    report.add(Row {
        name: "backup_extra_memory_mib".into(),
        what: "memory at most, above what it holds at rest".into(),
        value: extra,
        unit: "MiB",
        peer: Some(Peer { name: "what it may take".into(), value: 64.0, ratio: Ratio::OursOverTheirs }),
        how: "peak of resident memory over the same runs".into(),
    });

    match &keys {
        Some(keys) => {
            let out = aside.path().join("dump.zst.age");
            let (age, to, out) = (keys.age.display(), &keys.recipient, out.display());
            let pipe = format!("rm -f {out} && {dump} | {zstd} -q | {age} -r {to} -o {out} && sync {out}");
            let best = turns(|| stage.back_up("secret"), || script(&database, &pipe))?;
            report.add(Row {
                name: "encrypted_vs_age".into(),
                what: "the same, encrypted".into(),
                value: rate(best.ours),
                unit: "MiB/s",
                peer: Some(Peer {
                    name: "pg_dump | zstd | age > file".into(),
                    value: rate(best.theirs),
                    ratio: Ratio::OursOverTheirs,
                }),
                how: format!("best of {ROUNDS} in turn, synced"),
            });
        }
        None => report.skip("encryption: there is no age on this machine".into()),
    }
    verify(report, &stage)?;
    restore(report, &database, &stage, &zstd.to_string(), rate)
}

fn verify(report: &mut Report, stage: &Stage) -> Result<()> {
    let stored = stage.stored("plain")?;
    let bytes = fs::metadata(&stored)?.len() as f64 / MIB;
    let ours = || timed(&mut stage.command(&["backup", "verify", "plain/bench", "--store", "plain"])?);
    let best = turns(ours, || timed(Command::new("sha256sum").arg(&stored)))?;
    report.add(Row {
        name: "verify_vs_sha256sum".into(),
        what: "reading all artifacts of a name back and comparing, from the command line".into(),
        // Each round of backups left one.
        value: bytes * ROUNDS as f64 / best.ours.as_secs_f64(),
        unit: "MiB/s",
        peer: Some(Peer {
            name: "sha256sum".into(),
            value: bytes / best.theirs.as_secs_f64(),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("best of {ROUNDS} in turn; stored bytes a second"),
    });
    Ok(())
}

fn restore(
    report: &mut Report,
    database: &Database,
    stage: &Stage,
    zstd: &str,
    rate: impl Fn(Duration) -> f64,
) -> Result<()> {
    let pg_restore = format!("{} --exit-on-error --dbname=scratch", database.program("pg_restore").display());
    let ours = stage.command(&["backup", "restore", "plain/bench", "--store", "plain", "--to", "-"])?;
    let words = std::iter::once(ours.get_program()).chain(ours.get_args());
    let ours = words.map(|word| format!("'{}'", word.to_string_lossy())).collect::<Vec<_>>().join(" ");
    let theirs = format!("{zstd} -q -d -c {}", stage.stored("plain")?.display());
    let into_scratch = |from: &str| {
        database.sql("postgres", "DROP DATABASE IF EXISTS scratch")?;
        database.sql("postgres", "CREATE DATABASE scratch")?;
        script(database, &format!("{from} | {pg_restore}"))
    };
    let best = turns(|| into_scratch(&ours), || into_scratch(&theirs))?;
    report.add(Row {
        name: "restore_vs_zstd".into(),
        what: "the dump back into a database, each block compared first".into(),
        value: rate(best.ours),
        unit: "MiB/s",
        peer: Some(Peer {
            name: "zstd -d | pg_restore".into(),
            value: rate(best.theirs),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("best of {ROUNDS} in turn; bytes of the dump a second"),
    });
    Ok(())
}

fn turns(mut ours: impl FnMut() -> Result<Duration>, mut theirs: impl FnMut() -> Result<Duration>) -> Result<Best> {
    let mut best = Best { ours: Duration::MAX, theirs: Duration::MAX };
    for _ in 0..ROUNDS {
        best.theirs = best.theirs.min(theirs()?);
        best.ours = best.ours.min(ours()?);
    }
    Ok(best)
}

fn timed(command: &mut Command) -> Result<Duration> {
    let begun = std::time::Instant::now();
    run(command.stdout(std::process::Stdio::null()))?;
    Ok(begun.elapsed())
}

/// Bytes of the dump itself; reading it once also warms the server's memory for both sides.
fn dump_size(database: &Database, dump: &str, aside: &TempDir) -> Result<u64> {
    let count = aside.path().join("size");
    script(database, &format!("{dump} | wc -c > {}", count.display()))?;
    Ok(fs::read_to_string(count)?.trim().parse()?)
}

/// A key pair of age's.
struct Keys {
    age: PathBuf,
    recipient: String,
}

impl Keys {
    fn make(age: &std::path::Path, aside: &TempDir) -> Result<Self> {
        let file = aside.path().join("key");
        let keygen = age.with_file_name("age-keygen");
        run(Command::new(keygen).arg("-o").arg(&file))?;
        let text = fs::read_to_string(&file)?;
        let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: "));
        Ok(Self { age: age.to_owned(), recipient: recipient.context("age-keygen prints no public key")?.to_owned() })
    }
}

fn tool(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}
