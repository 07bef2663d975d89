//! Log lines on standard error: readable on a terminal, JSON otherwise.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

use crate::{args::LogFormat, failure::Failure};

/// Starts logging for this process.
///
/// # Errors
/// The directives can't be read.
pub(crate) fn start(directives: &str, format: Option<LogFormat>) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| Failure::Usage(format!("--log: {error}\nhint: write a level such as `info` or `debug`")))?;
    let terminal = stderr().is_terminal();
    let format = format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let subscriber = fmt().with_env_filter(filter).with_writer(stderr);
    match format {
        LogFormat::Text => subscriber.with_ansi(terminal).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).with_current_span(false).init(),
    }
    Ok(())
}
