//! What the ledger tells: runs, their logs, what people did; and when a schedule would fall due.

use std::collections::HashMap;

use jiff::Timestamp;
use watchkeeper_contract::Progress;
use watchkeeper_ledger::{self as ledger, LedgerError, LogFilter, RunFilter};
use watchkeeper_model::{LogLevel, RunId, RunRecord};
use watchkeeper_schedule::Schedule;
use watchkeeper_web::api::{
    Action, ActionPage, ActionQuery, Due, LogEntry, LogPage, LogQuery, Preview, PreviewOf, ProgressInfo, ProgressUnit,
    Refusal, RefusalKind, RunDetail, RunPage, RunQuery, RunSummary, TriggerKind,
};

use super::{Keeper, away};
use crate::shown;

impl Keeper {
    pub(super) async fn show_runs(&self, query: RunQuery) -> Result<RunPage, LedgerError> {
        let limit = query.limit.unwrap_or_default().get();
        let filter = RunFilter {
            job: query.job,
            outcome: query.outcome,
            trigger: query.trigger.map(|trigger| match trigger {
                TriggerKind::Schedule => ledger::TriggerKind::Schedule,
                TriggerKind::Manual => ledger::TriggerKind::Manual,
                TriggerKind::Head => ledger::TriggerKind::Head,
            }),
            after: query.after,
            before: query.before,
            before_id: query.page,
            limit: limit + 1,
        };
        let mut runs = self.ledger.runs(filter).await?;
        let more = runs.len() > limit;
        runs.truncate(limit);
        let next = runs.last().map(|run| run.start.id).filter(|_| more);
        Ok(RunPage { runs: self.summaries(&runs), next })
    }

    /// Runs without their logs, each with its next try if one is to come, and how far it is if it goes.
    pub(super) fn summaries(&self, runs: &[RunRecord]) -> Vec<RunSummary> {
        let (retries, going) = (self.conductor.retries(), self.conductor.progress());
        runs.iter().map(|run| summary(run, retries.get(&run.start.id).copied(), &going)).collect()
    }

    pub(super) async fn show_run(&self, id: RunId) -> Result<Option<RunDetail>, Refusal> {
        let Some(detail) = self.ledger.run(id).await.map_err(|error| away(&error))? else { return Ok(None) };
        let digest = detail.run.start.digest;
        let views = self.conductor.jobs();
        let plugin = views.iter().map(|view| &view.scheduled.job.plugin).find(|it| it.component.digest == digest);
        let logs = detail.run.end.as_ref().map(|end| end.logs.iter().map(Into::into).collect()).unwrap_or_default();
        Ok(Some(RunDetail {
            run: summary(&detail.run, detail.retry_at, &self.conductor.progress()),
            now: self.clock.now(),
            plugin_version: plugin.map(|plugin| plugin.schema.version.as_str().into()),
            attempts: self.summaries(&detail.attempts),
            payments: self.payments_of(id).await?,
            logs,
        }))
    }

    pub(super) async fn show_logs(&self, query: LogQuery) -> Result<LogPage, LedgerError> {
        let filter = LogFilter {
            job: query.job,
            run: query.run,
            level: query.level.unwrap_or(LogLevel::Trace),
            after: query.after,
            limit: query.limit.unwrap_or_default().get(),
        };
        let records = self.ledger.log_lines(filter).await?;
        let last = records.last().map(|record| record.position).or(query.after);
        let lines = records.iter().map(|record| LogEntry {
            number: record.position,
            at: record.finished,
            job: record.job.clone(),
            run: record.run,
            line: (&record.line).into(),
        });
        Ok(LogPage { lines: lines.collect(), last })
    }

    pub(super) async fn show_actions(&self, query: ActionQuery) -> Result<ActionPage, LedgerError> {
        let limit = query.limit.unwrap_or_default().get();
        let mut records = self.ledger.actions(query.page, limit + 1).await?;
        let more = records.len() > limit;
        records.truncate(limit);
        let next = records.last().map(|record| record.id).filter(|_| more);
        let actions = records.into_iter().map(|record| Action {
            number: record.id,
            at: record.action.at,
            by: record.action.by.into(),
            verb: record.action.verb.into(),
            job: record.action.job,
            run: record.action.run,
            note: Some(record.action.note).filter(|note| !note.is_empty()).map(Into::into),
        });
        Ok(ActionPage { actions: actions.collect(), next })
    }

    pub(super) fn show_preview(&self, of: PreviewOf, count: usize) -> Result<Preview, Refusal> {
        let schedule = match of {
            PreviewOf::Job(name) => {
                let unknown = || Refusal::new(RefusalKind::NotFound, format!("there is no job `{name}`"));
                let view = self.conductor.job(&name).ok_or_else(unknown)?;
                let none = || Refusal::new(RefusalKind::Invalid, format!("job `{name}` has no schedule"));
                view.scheduled.job.spec.schedule.clone().ok_or_else(none)?
            }
            PreviewOf::Cron { expression, time_zone } => {
                understood(Schedule::parse_cron(&expression, time_zone.as_deref().unwrap_or("UTC")))?
            }
            PreviewOf::Every(text) => understood(Schedule::parse_every(&text))?,
        };
        let times = schedule.upcoming(self.clock.now(), count);
        let zone = match &schedule {
            Schedule::Cron(cron) => cron.time_zone().clone(),
            Schedule::Every(_) => jiff::tz::TimeZone::UTC,
        };
        let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%FT%T%:z").to_string();
        let times = times.into_iter().map(|at| Due { at, local: local(at).into() }).collect();
        Ok(Preview { schedule: shown::schedule(&schedule), times })
    }
}

fn summary(run: &RunRecord, retry_at: Option<Timestamp>, going: &HashMap<RunId, Progress>) -> RunSummary {
    let far = going.get(&run.start.id).filter(|_| run.end.is_none());
    RunSummary { progress: far.map(progress), ..RunSummary::of(run, retry_at) }
}

fn progress(progress: &Progress) -> ProgressInfo {
    let total = Some(progress.total).filter(|total| *total > 0);
    ProgressInfo {
        stage: progress.stage.as_str().into(),
        done: progress.done,
        total,
        unit: progress.bytes.then_some(ProgressUnit::Bytes),
        rate_per_second: progress.rate,
        percent: ProgressInfo::percent(progress.done, total),
    }
}

fn understood(schedule: Result<Schedule, watchkeeper_schedule::ScheduleError>) -> Result<Schedule, Refusal> {
    schedule.map_err(|error| Refusal::new(RefusalKind::Invalid, error.to_string()).hint(error.hint()))
}
