//! `logs`: what runs said, and with `-f` what they say from now on. A run's lines come when it has ended: the events of the
//! server tell when to look.

use std::{thread, time::Duration};

use watchkeeper_model::{JobName, LogLevel};
use watchkeeper_web::api::{Event, Limit, LogEntry, LogPage, LogQuery};

use super::{job, run::said};
use crate::{
    Api, ClientError, Format, Screen,
    api::EventStream,
    show::{Cell, of_level, time},
};

/// Of a time and a level; the rest has no end.
const WIDTHS: [usize; 3] = [20, 5, 0];
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

pub(super) fn show(
    job: Option<JobName>,
    level: Option<LogLevel>,
    limit: Limit,
    follow: bool,
    api: &Api,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    // Before the first look, so that nothing falls between it and the stream.
    let events = if follow { Some(api.events()?) } else { None };
    let mut query = LogQuery { job, level, limit: Some(limit), ..LogQuery::default() };
    let page = fetch(&query, api)?;
    print(&page.lines, screen)?;
    if page.lines.is_empty() && screen.format() == Format::Text {
        // A name that was misspelt has no lines either.
        query.job.as_ref().map(|job| job::fetch(job, api)).transpose()?;
        screen.note("no such line is kept")?;
    }
    query.limit = Some(Limit::MAX);
    query.after = Some(page.last.unwrap_or(0));
    let Some(mut events) = events else { return Ok(()) };
    loop {
        while let Ok(Some(event)) = events.next() {
            if brings_lines(&event, query.job.as_ref()) {
                print_new(&mut query, api, screen)?;
            }
        }
        screen.note("note: the server has ended the stream; waiting for it")?;
        events = listen_again(api)?;
        print_new(&mut query, api, screen)?;
    }
}

/// Waits for a server that comes back; what it refuses then is an error. Also one that ends each stream at once isn't asked
/// without a pause.
fn listen_again(api: &Api) -> Result<EventStream, ClientError> {
    let mut pause = FIRST_PAUSE;
    loop {
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
        match api.events() {
            Err(ClientError::Unreachable { .. } | ClientError::Refused { status: 503, .. }) => {}
            other => return other,
        }
    }
}

fn brings_lines(event: &Event, job: Option<&JobName>) -> bool {
    match event {
        Event::RunFinished { run } => job.is_none_or(|job| *job == run.job),
        Event::Lagged { .. } | Event::Store { up: true } => true,
        Event::RunStarted { .. } | Event::JobChanged { .. } | Event::Reloaded { .. } | Event::Store { up: false } => {
            false
        }
    }
}

/// Prints all lines after `query.after`, and moves it behind them. While the store is away there is nothing to be had:
/// its return is an event.
fn print_new(query: &mut LogQuery, api: &Api, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    loop {
        let page = match fetch(query, api) {
            Err(ClientError::Refused { status: 503, .. } | ClientError::Unreachable { .. }) => return Ok(()),
            page => page?,
        };
        print(&page.lines, screen)?;
        query.after = page.last.or(query.after);
        if page.lines.len() < Limit::MAX.get() {
            return Ok(());
        }
    }
}

fn fetch(query: &LogQuery, api: &Api) -> Result<LogPage, ClientError> {
    api.get(&["logs"], query)
}

fn print(lines: &[LogEntry], screen: &mut Screen<'_>) -> Result<(), ClientError> {
    for entry in lines {
        match screen.format() {
            Format::Json => screen.json(entry)?,
            Format::Text => {
                let job = Cell::from(format!("{}: {}", entry.job, said(&entry.line)));
                screen.line(&[time(entry.at).into(), of_level(entry.line.level), job], &WIDTHS)?;
            }
        }
    }
    screen.flush()
}
