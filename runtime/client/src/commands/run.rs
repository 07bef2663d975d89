//! `run show`: one run with its numbers, its attempts and what it said.

use watchkeeper_model::RunId;
use watchkeeper_web::api::{LogLine, PaymentSummary, RunDetail, RunSummary};

use crate::{
    Api, ClientError, Format, Screen,
    show::{Cell, Table, Tone, bytes, of_level, of_outcome, of_payment, progress, seconds, time, trigger},
};

pub(super) fn show(id: RunId, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    print(&fetch(id, api)?, screen)
}

pub(super) fn fetch(id: RunId, api: &Api) -> Result<RunDetail, ClientError> {
    api.get(&["runs", &id.to_string()], &())
}

pub(super) fn print(detail: &RunDetail, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    if screen.format() == Format::Json {
        return screen.json(detail);
    }
    screen.table(&facts(detail))?;
    if detail.attempts.len() > 1 {
        screen.text("\n")?;
        screen.table(&attempts(&detail.attempts))?;
    }
    if !detail.payments.is_empty() {
        screen.text("\n")?;
        screen.table(&payments(&detail.payments))?;
    }
    if !detail.logs.is_empty() {
        screen.text("\n")?;
        screen.table(&logs(&detail.logs))?;
    }
    Ok(())
}

fn facts(RunDetail { run, plugin_version, .. }: &RunDetail) -> Table {
    let started = run.started.map_or_else(
        || "-".to_owned(),
        |started| format!("{} (delay {})", time(started), seconds(run.start_delay_seconds)),
    );
    let mut facts = Table::facts();
    facts.fact("run", run.id.to_string());
    facts.fact("job", run.job.as_str());
    facts.fact("outcome", of_outcome(run.outcome));
    if let Some(message) = &run.message {
        facts.fact("message", message.as_str());
    }
    if let Some(far) = &run.progress {
        facts.fact("progress", Cell::new(progress(far), Tone::Busy));
    }
    facts.fact("because", trigger(&run.trigger));
    facts.fact("attempt", run.attempt.to_string());
    facts.fact("claimed", time(run.claimed));
    facts.fact("started", started);
    facts.fact("finished", run.finished.map_or_else(|| "-".to_owned(), time));
    facts.fact("took", seconds(run.duration_seconds));
    facts.fact("processor time", seconds(run.cpu_seconds));
    facts.fact("peak memory", bytes(run.peak_memory_bytes));
    let version = plugin_version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    facts.fact("plugin", format!("{}{version} ({})", run.plugin, run.digest));
    if let Some(retry_at) = run.retry_at {
        facts.fact("tried again", Cell::new(format!("at {}", time(retry_at)), Tone::Odd));
    }
    facts
}

fn attempts(attempts: &[RunSummary]) -> Table {
    let mut table = Table::list(&["TRY", "RUN", "CLAIMED", "OUTCOME", "MESSAGE"]);
    for run in attempts {
        table.row(vec![
            run.attempt.to_string().into(),
            run.id.to_string().into(),
            time(run.claimed).into(),
            of_outcome(run.outcome),
            run.message.as_ref().map_or("", |message| message.as_str()).into(),
        ]);
    }
    table
}

fn payments(payments: &[PaymentSummary]) -> Table {
    let mut table = Table::list(&["PAYMENT", "STATE", "ACCOUNT", "AMOUNT", "FOR"]);
    for payment in payments {
        table.row(vec![
            payment.id.to_string().into(),
            of_payment(payment.state, payment.undecided.is_some()),
            payment.account.as_str().into(),
            payment.amount.as_ref().map_or("-", |amount| amount.text.as_str()).into(),
            payment.target.as_str().into(),
        ]);
    }
    table
}

fn logs(logs: &[LogLine]) -> Table {
    let mut table = Table::facts();
    for line in logs {
        table.row(vec![of_level(line.level), said(line).into()]);
    }
    table
}

/// A line's text with what was attached to it.
pub(super) fn said(line: &LogLine) -> String {
    let mut said = line.message.to_string();
    for field in &line.fields {
        let value = field.value.as_str();
        let bare = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"' || c == '=');
        if bare {
            said.push_str(&format!(" {}={value}", field.name));
        } else {
            said.push_str(&format!(" {}={value:?}", field.name));
        }
    }
    said
}
