//! The next due time of cron expressions, beside the `cron` crate. Both are asked about the same instants of seven years, in
//! no order: what a scheduler asks after each run.

use std::{hint::black_box, str::FromStr, time::Duration};

use anyhow::{Context, Result, ensure};
use chrono::DateTime;
use chrono_tz::Tz;
use jiff::Timestamp;
use watchkeeper_schedule::Schedule;

use super::due::HOUR;
use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

/// Names for programs, expressions that mean the same to both, and where they are read.
const EXPRESSIONS: [(&str, &str, &str); 9] = [
    ("each_minute", "* * * * *", "UTC"),
    ("each_five_minutes", "*/5 * * * *", "UTC"),
    ("each_hour", "0 * * * *", "Asia/Kolkata"),
    ("office_hours", "*/15 9-17 * * MON-FRI", "America/New_York"),
    ("each_night", "30 2 * * *", "Europe/Berlin"),
    ("each_week", "0 3 * * SUN", "Australia/Sydney"),
    ("each_month", "0 0 1 * *", "UTC"),
    ("each_year", "0 6 1 1 *", "Asia/Tokyo"),
    ("leap_day", "0 0 29 2 *", "UTC"),
];
const INSTANTS: usize = 2_000;
const ROUNDS: usize = 15;
const SEVEN_YEARS: i64 = 7 * 365 * 86_400;
const SEED: u64 = 9_464;

pub(super) fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> the next due time, beside the `cron` crate");
    let mut random = fastrand::Rng::with_seed(SEED);
    let instants: Vec<i64> = (0..INSTANTS).map(|_| HOUR.as_second() + random.i64(0..SEVEN_YEARS)).collect();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for (name, expression, zone) in EXPRESSIONS {
        let found = both(expression, zone, &instants).with_context(|| format!("`{expression}` in {zone}"))?;
        ours += found.ours.ln();
        theirs += found.theirs.ln();
        report.add(row(format!("next_time_{name}"), format!("the next time of `{expression}` in {zone}"), &found));
    }
    let count = f64::from(u32::try_from(EXPRESSIONS.len())?);
    let mean = Found { ours: (ours / count).exp(), theirs: (theirs / count).exp(), differ: 0 };
    let what = format!("the geometric mean of these {} expressions", EXPRESSIONS.len());
    report.add(Row { how: "of the medians above".to_owned(), ..row("next_time".to_owned(), what, &mean) });
    Ok(())
}

/// Microseconds of one question, and how many answers differ.
struct Found {
    ours: f64,
    theirs: f64,
    differ: usize,
}

fn both(expression: &str, zone: &str, instants: &[i64]) -> Result<Found> {
    let ours = Schedule::parse_cron(expression, zone)?;
    let theirs = cron::Schedule::from_str(&format!("0 {expression}"))?;
    let zone: Tz = zone.parse()?;
    let our_instants: Vec<Timestamp> =
        instants.iter().map(|at| Timestamp::from_second(*at)).collect::<Result<_, _>>()?;
    let their_instants: Vec<DateTime<Tz>> = instants
        .iter()
        .map(|at| Some(DateTime::from_timestamp(*at, 0)?.with_timezone(&zone)))
        .collect::<Option<_>>()
        .context("an instant out of range")?;

    let differ = our_instants.iter().zip(&their_instants).filter(|(our, their)| {
        ours.next(**our).map(Timestamp::as_second) != theirs.after(their).next().map(|due| due.timestamp())
    });
    let differ = differ.count();
    // The two have different rules for the hours in which clocks change, and for nothing else.
    let allowed = if zone == Tz::UTC { 0 } else { instants.len() / 50 };
    ensure!(differ <= allowed, "{differ} of {} answers differ: this compares two different things", instants.len());

    let (mut our_samples, mut their_samples) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        our_samples.push(took(|| our_instants.iter().map(|at| ours.next(*at)).for_each(ignore)));
        their_samples.push(took(|| their_instants.iter().map(|at| theirs.after(at).next()).for_each(ignore)));
    }
    let each =
        |samples: Samples| micros(samples.median()) / f64::from(u32::try_from(instants.len()).unwrap_or(u32::MAX));
    Ok(Found { ours: each(our_samples), theirs: each(their_samples), differ })
}

fn took(work: impl FnMut()) -> Duration {
    Samples::of(1, work).max()
}

/// Takes an answer so that it must be found.
fn ignore<T>(answer: T) {
    black_box(answer);
}

fn row(name: String, what: String, found: &Found) -> Row {
    let differ = match found.differ {
        0 => "all answers agree".to_owned(),
        differ => format!("{differ} answers differ, on days on which clocks change"),
    };
    Row {
        name,
        what,
        value: found.ours,
        unit: "µs",
        peer: Some(Peer {
            name: "the `cron` crate 0.17".to_owned(),
            value: found.theirs,
            ratio: Ratio::TheirsOverOurs,
        }),
        how: format!("medians of {ROUNDS} rounds over the same {INSTANTS} instants of seven years; {differ}"),
    }
}
