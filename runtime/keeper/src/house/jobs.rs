//! Jobs as people see them: one line for the overview, everything for a job's own page.

use std::path::Path;

use jiff::Timestamp;
use watchkeeper_config::JobSpec;
use watchkeeper_ledger::{JobRecord, RunFilter};
use watchkeeper_model::JobName;
use watchkeeper_schedule::{Blackout, Schedule};
use watchkeeper_web::api::{
    BlackoutInfo, FileProblem, JobDetail, JobOverview, JobState, Overview, Pause, PolicyInfo, Refusal, RunSummary,
    SkipInfo, StoreInfo,
};

use super::{Keeper, away, powers::powers};
use crate::{conductor::JobView, recent::BUCKET_SECONDS, shown};

/// Due times, runs and skips that a job's page shows.
const NEXT: usize = 10;
const RUNS: usize = 50;
const SKIPS: usize = 20;

impl Keeper {
    pub(super) async fn show_overview(&self) -> Overview {
        let now = self.clock.now();
        let size = self.ledger.size().await.ok();
        let away = self.conductor.store_away();
        let mut jobs: Vec<JobOverview> = self.conductor.jobs().iter().map(|view| self.show_line(view, now)).collect();
        let never_ran = self.never_ran(&jobs, now);
        jobs.extend(never_ran);
        jobs.sort_by(|a, b| (worst_first(a.state), &a.name).cmp(&(worst_first(b.state), &b.name)));
        let problems = self.board.all().into_iter().filter_map(|file| {
            let problem = file.error?.into();
            Some(FileProblem { path: file.path.into(), problem, in_force_since: file.loaded_at })
        });
        Overview {
            version: env!("CARGO_PKG_VERSION").into(),
            host: self.host.as_str().into(),
            started: self.started,
            now,
            phase: self.phase(),
            store: StoreInfo {
                up: away.is_none(),
                away_since: away.as_ref().map(|(since, _)| *since),
                problem: away.map(|(_, problem)| problem.into()),
                size_bytes: size,
            },
            watch: self.telemetry.watch(),
            last_reload: self.board.last_reload(),
            problems: problems.collect(),
            jobs,
            bucket_seconds: BUCKET_SECONDS,
        }
    }

    /// One job at one glance.
    pub(super) fn show_line(&self, view: &JobView, now: Timestamp) -> JobOverview {
        let spec = &view.scheduled.job.spec;
        let of_job = self.recent.of(&spec.name);
        let began: Vec<Timestamp> = view.running.iter().map(|run| run.claimed).collect();
        let timeline = of_job.timeline(now, &began);
        let recent: Vec<_> = of_job.runs.into();
        let retry = view.retry.filter(|_| !view.place.paused);
        let mut job = JobOverview {
            name: spec.name.clone(),
            plugin: Some(spec.plugin.clone()),
            state: JobState::Ok,
            problem: self.problem(spec).or_else(|| view.ahead.map(set_back)).map(Into::into),
            schedule: shown::trigger(spec),
            next_run: [view.next, retry.map(|(_, at)| at)].into_iter().flatten().min(),
            running: view.running.iter().map(|run| run.id).collect(),
            queued: u64::from(view.running.is_empty() && view.next.is_some_and(|next| next <= now)),
            last_run: of_job.last_run.map(|run| {
                let retry_at = view.retry.filter(|(id, _)| *id == run.id).map(|(_, at)| at);
                RunSummary { retry_at, ..run }
            }),
            last_success: of_job.last_success,
            success_rate: JobOverview::rate(&recent),
            recent,
            consecutive_failures: view.place.failures,
            pause: of_job.pause.filter(|_| view.place.paused).map(pause),
            skip_next: view.place.skip_next,
            timeline,
        };
        job.state = job.judge();
        job
    }

    /// Everything about one job.
    pub(super) async fn show_job(&self, name: &JobName) -> Result<Option<JobDetail>, Refusal> {
        let now = self.clock.now();
        let Some(view) = self.conductor.job(name) else { return Ok(self.broken(name, now)) };
        let (job, spec) = (&view.scheduled.job, &view.scheduled.job.spec);
        let record = self.ledger.job(name).await.map_err(|error| away(&error))?;
        let filter = RunFilter { job: Some(name.clone()), limit: RUNS, ..RunFilter::default() };
        let runs = self.ledger.runs(filter).await.map_err(|error| away(&error))?;
        let skips = self.ledger.skips(name, Timestamp::MIN, SKIPS).await.map_err(|error| away(&error))?;
        let next = spec.schedule.as_ref().map(|schedule| next_runs(schedule, &view, now)).unwrap_or_default();
        Ok(Some(JobDetail {
            file: spec.origin.file().display().to_string().into(),
            digest: Some(job.plugin.component.digest),
            plugin_version: Some(job.plugin.schema.version.as_str().into()),
            policy: Some(policy(spec)),
            powers: powers(job),
            probe_targets: spec.probe.iter().map(|target| target.as_str().into()).collect(),
            next_runs: next,
            recent_runs: self.summaries(&runs),
            recent_skips: skips.iter().map(SkipInfo::from).collect(),
            ..of_record(record.as_ref(), self.show_line(&view, now), now)
        }))
    }

    /// Jobs whose files were never right: there is nothing of them but a problem.
    fn never_ran(&self, shown: &[JobOverview], now: Timestamp) -> Vec<JobOverview> {
        let named = self.board.all().into_iter().filter_map(|file| {
            let path = Path::new(&file.path);
            let name = path.strip_prefix(&self.settings.jobs).ok()?.file_stem()?.to_str()?;
            Some((JobName::new(name).ok()?, file.error?))
        });
        let unknown = named.filter(|(name, _)| !shown.iter().any(|job| job.name == *name));
        unknown.map(|(name, problem)| self.unreadable(&name, problem, now)).collect()
    }

    fn broken(&self, name: &JobName, now: Timestamp) -> Option<JobDetail> {
        let path = self.settings.jobs.join(format!("{name}.toml"));
        let problem = self.board.problem(&path)?;
        Some(JobDetail {
            file: path.display().to_string().into(),
            ..of_record(None, self.unreadable(name, problem, now), now)
        })
    }

    fn unreadable(&self, name: &JobName, problem: String, now: Timestamp) -> JobOverview {
        let of_job = self.recent.of(name);
        JobOverview {
            name: name.clone(),
            plugin: None,
            state: JobState::Broken,
            problem: Some(problem.into()),
            schedule: None,
            next_run: None,
            running: Vec::new(),
            queued: 0,
            timeline: of_job.timeline(now, &[]),
            last_run: of_job.last_run,
            last_success: of_job.last_success,
            success_rate: None,
            recent: Vec::new(),
            consecutive_failures: 0,
            pause: None,
            skip_next: 0,
        }
    }

    /// What is wrong with the job's file, or else with its plugin's.
    fn problem(&self, spec: &JobSpec) -> Option<String> {
        let plugin = || self.settings.plugins.join(format!("{}.wasm", spec.plugin));
        self.board.problem(spec.origin.file()).or_else(|| self.board.problem(&plugin()))
    }
}

/// Why a job whose cursor is ahead of the clock doesn't fall due.
fn set_back(until: Timestamp) -> String {
    format!(
        "the clock was set back: its due times up to {until} had their turn, and it falls due after that\n\
         hint: change its schedule to begin anew at once"
    )
}

/// What is wrong comes first; the rest needs no order but the name's.
const fn worst_first(state: JobState) -> u8 {
    match state {
        JobState::Broken => 0,
        JobState::Failing => 1,
        JobState::Paused => 2,
        JobState::Running | JobState::Waiting | JobState::Ok => 3,
    }
}

fn next_runs(schedule: &Schedule, view: &JobView, now: Timestamp) -> Vec<Timestamp> {
    let after = view.place.cursor.max(now);
    let nominal = schedule.upcoming(after, NEXT).into_iter();
    nominal.filter_map(|at| at.checked_add(schedule.start_offset()).ok()).collect()
}

fn policy(spec: &JobSpec) -> PolicyInfo {
    let policy = &spec.policy;
    PolicyInfo {
        catch_up: policy.catch_up.as_str().into(),
        catch_up_window_seconds: policy.catch_up_window.as_secs_f64(),
        overlap: policy.overlap.as_str().into(),
        retry_attempts: policy.retry.attempts,
        retry_backoff_seconds: policy.retry.backoff.as_secs_f64(),
        retry_max_backoff_seconds: policy.retry.max_backoff.as_secs_f64(),
        idempotent: policy.idempotent,
        pause_after_failures: policy.pause_after_failures,
        blackouts: policy.blackouts.iter().map(blackout).collect(),
        history: spec.history.as_str().into(),
        timeout_seconds: spec.timeout.as_secs_f64(),
    }
}

fn blackout(blackout: &Blackout) -> BlackoutInfo {
    BlackoutInfo { start: shown::schedule(blackout.start()).written, length_seconds: blackout.length().as_secs_f64() }
}

/// What the ledger knows of a job; the rest of the detail is the caller's.
fn of_record(record: Option<&JobRecord>, job: JobOverview, now: Timestamp) -> JobDetail {
    JobDetail {
        job,
        now,
        bucket_seconds: BUCKET_SECONDS,
        file: String::new().into(),
        digest: None,
        plugin_version: None,
        generation: record.map(|record| record.generation),
        generation_began: record.map(|record| record.began),
        cursor: record.map(|record| record.cursor),
        runs: record.map(|record| record.runs),
        skips: record.map(|record| record.skips),
        policy: None,
        powers: Vec::new(),
        probe_targets: Vec::new(),
        next_runs: Vec::new(),
        recent_runs: Vec::new(),
        recent_skips: Vec::new(),
    }
}

fn pause(pause: watchkeeper_ledger::Pause) -> Pause {
    let note = Some(pause.note).filter(|note| !note.is_empty());
    Pause { at: pause.at, by: pause.by.into(), note: note.map(Into::into) }
}
