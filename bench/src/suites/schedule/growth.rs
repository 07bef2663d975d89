//! What a schedule costs among few and among many: the timetable's work for each due time, and its memory. Nothing is
//! recorded, and runs are over at once, so that only the timetable's own work grows.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use watchkeeper_model::{Outcome, RunId};
use watchkeeper_schedule::{
    Schedule,
    timetable::{Timetable, Turns},
};

use super::due::{Due, HOUR, names, standing_at};
use crate::{
    machine,
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// Timetables of one size hold at least so many schedules together: less memory can't be told from noise.
const HELD: usize = 20_000;
/// Due times that are worked off for each figure.
const DUE: usize = 20_000;
/// The period of each second job; the others are due each night and not while it is measured.
const PERIOD: Duration = Duration::from_secs(4);
/// About so many fall due between two ticks.
const DUE_AT_ONCE: u32 = 50;

/// What a schedule costs in a timetable of one size.
struct Cost {
    schedules: usize,
    /// Microseconds for each due time: to notice and claim it, and to have its run end.
    time: f64,
    /// Bytes of a schedule.
    memory: f64,
}

pub(super) fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> the timetable, as schedules grow");
    // None is let go before the last is measured: memory that was used before would count for nothing.
    let mut held = Vec::new();
    let costs = SIZES.into_iter().map(|schedules| cost(schedules, &mut held)).collect::<Result<Vec<_>>>()?;
    let first = costs.first().context("no sizes")?;
    for cost in &costs {
        let mut row = |name: String, what: String, unit, value: f64, of_first: f64, how: String| {
            let peer = (cost.schedules > first.schedules).then(|| Peer {
                name: format!("among {}", first.schedules),
                value: of_first,
                ratio: Ratio::OursOverTheirs,
            });
            report.add(Row { name, what, value, unit, peer, how });
        };
        row(
            format!("due_time_among_{}", cost.schedules),
            format!("a due time among {} schedules: noticed, claimed, its run ended", cost.schedules),
            "µs",
            cost.time,
            first.time,
            format!(
                "median over the ticks of {DUE} due times, about {DUE_AT_ONCE} a tick; comparisons grow as the logarithm, 2.5 \
                 times to 100000, and memory no longer fits the caches"
            ),
        );
        row(
            format!("memory_of_a_schedule_among_{}", cost.schedules),
            format!("memory of a schedule among {} in the timetable, half intervals and half cron", cost.schedules),
            "bytes",
            cost.memory,
            first.memory,
            format!(
                "resident memory of this process, for {} schedules; plugins and files aside",
                held_of(cost.schedules)
            ),
        );
    }
    drop(held);
    Ok(())
}

type Table = Timetable<Due, ()>;

fn held_of(schedules: usize) -> usize {
    HELD.max(schedules)
}

fn cost(schedules: usize, held: &mut Vec<Table>) -> Result<Cost> {
    let interval = Due::new(Schedule::parse_every(&format!("{}s", PERIOD.as_secs()))?)?;
    let nightly = Due::new(Schedule::parse_cron("30 2 * * *", "Europe/Berlin")?)?;
    let before = machine::resident(std::process::id())?;
    for _ in 0..held_of(schedules) / schedules {
        held.push(table(schedules, &interval, &nightly)?);
    }
    let grown = machine::resident(std::process::id())?.saturating_sub(before);
    let held_now = u32::try_from(held_of(schedules))?;
    let time = time(held.last_mut().context("no timetable")?, u32::try_from(schedules)?)?;
    let memory = f64::from(u32::try_from(grown)?) * 1_024.0 / f64::from(held_now);
    Ok(Cost { schedules, time, memory })
}

fn table(schedules: usize, interval: &Due, nightly: &Due) -> Result<Table> {
    let mut table = Timetable::new(Turns { total: schedules, per_plugin: schedules });
    for (number, name) in names(schedules)?.iter().enumerate() {
        let job = if number % 2 == 0 { interval } else { nightly }.of(name);
        table.put(name, Arc::new(job), standing_at(HOUR), HOUR);
    }
    table.tick(HOUR, || RunId::new(HOUR, 0));
    Ok(table)
}

/// Microseconds for each due time: the median of many ticks, for a busy neighbour makes some of them long.
fn time(table: &mut Table, schedules: u32) -> Result<f64> {
    let step = PERIOD * DUE_AT_ONCE * 2 / schedules;
    let (mut now, mut done, mut each) = (HOUR, 0, Samples::default());
    while done < DUE {
        now = now.checked_add(step)?;
        let begun = Instant::now();
        let claimed = work_off(table, now);
        let took = begun.elapsed();
        ensure!(table.in_progress() == 0, "a run was left");
        done += claimed;
        if let Some(each_took) = took.checked_div(u32::try_from(claimed)?) {
            each.push(each_took);
        }
    }
    Ok(micros(each.median()))
}

/// Does all that is due, until nothing is.
fn work_off(table: &mut Table, now: Timestamp) -> usize {
    let mut claimed = 0;
    loop {
        let tick = table.tick(now, || RunId::new(now, fastrand::u128(..)));
        if tick.batches.is_empty() {
            return claimed;
        }
        for batch in &tick.batches {
            let run = batch.claim.as_ref().map(|claim| claim.start.id);
            table.answered(batch, batch.then, run.map(drop));
            if let Some(run) = run {
                table.ended(&batch.job, run, Outcome::Success, None);
                claimed += 1;
            }
        }
        black_box(&tick);
    }
}
