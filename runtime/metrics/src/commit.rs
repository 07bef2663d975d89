//! Writing a run's samples into the series. Everything here happens under one lock, so that a commit is seen
//! whole or not at all; nothing here renders.

use std::{collections::HashMap, sync::Arc, time::Duration};

use indexmap::IndexMap;
use watchkeeper_model::JobName;

use crate::{
    Commit, Declaration, DropReason, Dropped,
    batch::{Batch, Deltas},
    block::Block,
    spec::{FamilySpec, Kind},
    state::State,
};

impl State {
    /// Writes a successful run's samples: its gauges replace the job's, its counters and histograms are
    /// added.
    pub(crate) fn commit(&mut self, declaration: &Declaration, batch: Batch, now: Duration) -> Commit {
        let mut dropped = batch.dropped;
        let emitted = declaration.families.iter().zip(batch.families).filter(|(_, deltas)| !deltas.is_empty());
        let mut emitted: HashMap<&str, (&FamilySpec, Deltas)> =
            emitted.map(|(spec, deltas)| (spec.name.as_str(), (&**spec, deltas))).collect();
        let mut room = Room { job: 0, family: self.limits.series_per_family, dropped: &mut dropped };
        let mut series = 0;
        if let Some(job) = self.jobs.get_mut(&declaration.job) {
            job.refreshed = job.refreshed.max(Some(now));
            let (families, prefix) = (Arc::clone(&job.families), Arc::clone(&job.prefix));
            let max_series = job.max_series;
            series = self.lasting_series(&declaration.job, &families);
            room.job = max_series.saturating_sub(series);
            let before = room.job;
            for spec in families.iter() {
                let deltas = match emitted.remove(spec.name.as_str()) {
                    Some((emitted, deltas)) if emitted.same_series(spec) => deltas,
                    Some((_, deltas)) => {
                        room.refuse(DropReason::UnknownFamily, &deltas);
                        Deltas::default()
                    }
                    None => Deltas::default(),
                };
                self.write(&declaration.job, spec, &prefix, deltas, &mut room);
            }
            series += before - room.job;
        }
        emitted.values().for_each(|(_, deltas)| room.refuse(DropReason::UnknownFamily, deltas));
        Commit { series, dropped }
    }

    /// Writes samples of the host's families for a job. A gauge family that the samples name is replaced,
    /// others stay.
    pub(crate) fn commit_host(&mut self, name: &JobName, batch: Batch) -> Dropped {
        let mut dropped = batch.dropped;
        let mut room = Room { job: usize::MAX, family: usize::MAX, dropped: &mut dropped };
        let host = Arc::clone(&self.host);
        let prefix = self.jobs.get(name).map(|job| Arc::clone(&job.prefix));
        for (spec, deltas) in host.iter().zip(batch.families).filter(|(_, deltas)| !deltas.is_empty()) {
            match &prefix {
                Some(prefix) => self.write(name, spec, prefix, deltas, &mut room),
                None => room.refuse(DropReason::UnknownFamily, &deltas),
            }
        }
        dropped
    }

    /// How many counter and histogram series a job holds: what a commit doesn't replace.
    fn lasting_series(&self, job: &JobName, families: &[Arc<FamilySpec>]) -> usize {
        let lasting = families.iter().filter(|spec| spec.kind != Kind::Gauge);
        let held = |spec: &Arc<FamilySpec>| {
            let block = self.families.get(&spec.name).and_then(|family| family.chunks.get(job));
            block.map_or(0, |block| block.points.len() * spec.lines_per_series())
        };
        lasting.map(held).sum()
    }

    fn write(&mut self, job: &JobName, spec: &FamilySpec, prefix: &Arc<str>, deltas: Deltas, room: &mut Room<'_>) {
        let lines = spec.lines_per_series();
        self.edit(job, &spec.name, |block| match spec.kind {
            Kind::Gauge => replace(block, prefix, deltas, room),
            Kind::Counter | Kind::Histogram => add(block, prefix, deltas, lines, room),
        });
    }
}

/// How many series may still be made, and what was refused for want of room.
struct Room<'a> {
    job: usize,
    family: usize,
    dropped: &'a mut Dropped,
}

impl Room<'_> {
    fn refuse(&mut self, reason: DropReason, deltas: &Deltas) {
        self.dropped.add(reason, deltas.values().map(|delta| delta.samples).sum());
    }

    /// Takes room for a series of `lines` in a family that has `held` lines.
    fn take(&mut self, lines: usize, held: usize, samples: u64) -> bool {
        let reason = if held.saturating_add(lines) > self.family {
            DropReason::FamilyFull
        } else if lines > self.job {
            DropReason::JobFull
        } else {
            self.job -= lines;
            return true;
        };
        self.dropped.add(reason, samples);
        false
    }
}

/// Gauges: what the commit sets is all there is.
fn replace(block: &mut Arc<Block>, prefix: &Arc<str>, deltas: Deltas, room: &mut Room<'_>) -> bool {
    let points = IndexMap::with_capacity(deltas.len().min(room.family));
    let mut next = Block { prefix: Arc::clone(prefix), points };
    for (labels, delta) in deltas {
        if room.take(1, next.points.len(), delta.samples) {
            next.points.insert(labels, delta.point);
        }
    }
    let changed = block.points != next.points || (!next.points.is_empty() && block.prefix != next.prefix);
    if changed {
        *block = Arc::new(next);
    }
    changed
}

/// Counters and histograms: what the commit adds comes on top.
fn add(block: &mut Arc<Block>, prefix: &Arc<str>, deltas: Deltas, lines: usize, room: &mut Room<'_>) -> bool {
    if deltas.is_empty() {
        return false;
    }
    let block = Arc::make_mut(block);
    block.prefix = Arc::clone(prefix);
    for (labels, delta) in deltas {
        let added = match block.points.get_mut(&labels) {
            Some(point) => point.add(&delta.point),
            None if !delta.point.is_finite() => false,
            None => {
                if room.take(lines, block.points.len() * lines, delta.samples) {
                    block.points.insert(labels, delta.point);
                }
                true
            }
        };
        if !added {
            room.dropped.add(DropReason::InvalidNumber, delta.samples);
        }
    }
    true
}
