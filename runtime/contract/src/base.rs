//! What every plugin has without a grant: `context`, `log` and `metrics`. They give no power; all they can do is
//! speak, so all that is done here is to bound what they say.

use jiff::Timestamp;
use watchkeeper_model::{LogLevel, LogLine, Trigger};

use crate::{
    Run,
    bindings::watchkeeper::plugin::{context, log, metrics, types},
};

/// How many of standard error's last lines a trap's message shows.
const STDERR_LINES: usize = 4;

/// Text from a plugin or a chain as people may see it: control characters and what turns the direction of writing gone, at
/// most `limit` characters.
pub fn clean(text: &str, limit: usize) -> String {
    let mut kept: String = text
        .chars()
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control() && !turns_direction(*c))
        .take(limit + 1)
        .collect();
    if kept.chars().nth(limit).is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

/// Unicode's directional marks, embeddings, overrides and isolates (UAX #9).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(crate) fn write_log(
    run: &mut Run,
    level: log::Level,
    message: &str,
    fields: Vec<(String, String)>,
) -> wasmtime::Result<()> {
    let bytes = message.len() + fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let limits = run.budget.limits();
    if run.emitted.logs.len() >= limits.log_lines || run.log_bytes + bytes > limits.log_bytes {
        run.log_dropped += 1;
        return Ok(());
    }
    run.budget.hold(bytes)?;
    run.log_bytes += bytes;
    let fields = fields.iter().map(|(name, value)| (clean(name, 128), clean(value, 4096))).collect();
    run.emitted.logs.push(LogLine { level: self::level(level), message: clean(message, 16_384), fields });
    Ok(())
}

/// Adds the standard error of toolchains that use it, whose last lines stand for the panic's text, and says at the log's
/// end how much of it is missing.
pub(crate) fn end_log(run: &mut Run, stderr: &str) {
    if !stderr.trim().is_empty() {
        let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(STDERR_LINES)..).unwrap_or_default();
        panicked(run, &last.join("; "));
        let fields = vec![("stream".to_owned(), "stderr".to_owned())];
        run.emitted.logs.push(LogLine { level: LogLevel::Warn, message: clean(stderr, 16_384), fields });
    }
    if run.log_dropped > 0 {
        let message = format!("{} more log lines were dropped", run.log_dropped);
        run.emitted.logs.push(LogLine { level: LogLevel::Warn, message, fields: Vec::new() });
    }
}

pub(crate) fn panicked(run: &mut Run, message: &str) {
    run.emitted.panic.get_or_insert_with(|| clean(message, 1024));
}

pub(crate) fn emit(run: &mut Run, samples: Vec<metrics::Sample>) -> wasmtime::Result<()> {
    let limit = run.budget.limits().samples;
    if run.emitted.samples.len() + samples.len() > limit {
        return Err(run.budget.over("samples", limit as u64, "samples").into());
    }
    let families = run.info.families;
    if let Some(sample) = samples.iter().find(|sample| sample.family >= families) {
        return Err(wasmtime::Error::msg(format!(
            "emitted a sample for metric family {}, but `describe` declared {families}",
            sample.family
        )));
    }
    let label_bytes = |sample: &metrics::Sample| sample.labels.iter().map(String::len).sum::<usize>();
    run.budget.hold(samples.iter().map(|sample| size_of::<metrics::Sample>() + label_bytes(sample)).sum())?;
    run.emitted.samples.extend(samples);
    Ok(())
}

pub(crate) fn cause(trigger: &Trigger) -> context::Cause {
    match trigger {
        Trigger::Schedule(nominal) => context::Cause::Schedule(nanoseconds(*nominal)),
        Trigger::Manual(_) => context::Cause::Manual,
        Trigger::Probe(target) => context::Cause::Probe(target.clone()),
        Trigger::Head { chain, head, previous } => context::Cause::Head(types::Head {
            chain: chain.clone(),
            number: head.number,
            hash: head.hash.as_bytes().to_vec(),
            // The first run is for its head alone.
            previous: previous.unwrap_or_else(|| head.number.saturating_sub(1)),
        }),
    }
}

pub(crate) fn nanoseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or(0)
}

fn level(level: log::Level) -> LogLevel {
    match level {
        log::Level::Trace => LogLevel::Trace,
        log::Level::Debug => LogLevel::Debug,
        log::Level::Info => LogLevel::Info,
        log::Level::Warn => LogLevel::Warn,
        log::Level::Error => LogLevel::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn text_from_outside_loses_what_could_fool_a_terminal() {
        assert_eq!(clean("a\u{1b}[31mred\u{202e}\nb", 100), "a[31mred b");
        assert_eq!(clean("abcdef", 3), "abc…");
        assert_eq!(clean("abc", 3), "abc");
    }
}
