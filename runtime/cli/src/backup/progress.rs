//! How far a long reading is: a bar on a terminal, else a line now and then, always on standard error.

use std::{
    io::{IsTerminal, stderr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use watchkeeper_artifact_store::Progress;

use super::print;

const BAR: &str = "{prefix} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const REDRAWN: Duration = Duration::from_millis(250);
/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// Shows how far something is, until it is dropped.
pub(super) struct Meter {
    bar: Option<ProgressBar>,
    progress: Progress,
}

impl Meter {
    pub(super) fn begin(what: String) -> Self {
        if !stderr().is_terminal() {
            return Self { bar: None, progress: lines(what) };
        }
        let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style).with_prefix(what);
        bar.enable_steady_tick(REDRAWN);
        let told = bar.clone();
        let progress = move |done, total| {
            told.set_length(total);
            told.set_position(done);
        };
        Self { bar: Some(bar), progress: Arc::new(progress) }
    }

    /// What is to be told of bytes.
    pub(super) fn progress(&self) -> Progress {
        Arc::clone(&self.progress)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn lines(what: String) -> Progress {
    let begun = Instant::now();
    let last = Mutex::new(begun);
    Arc::new(move |done, total| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= EVERY {
            *last = Instant::now();
            eprintln!("{what}: {}", so_far(done, total, begun.elapsed()));
        }
    })
}

fn so_far(done: u64, total: u64, elapsed: Duration) -> String {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let speed = u64::try_from(u128::from(done) * 1000 / u128::from(milliseconds)).unwrap_or(u64::MAX);
    let left = total.saturating_sub(done).checked_div(speed).map_or_else(String::new, |left| format!(", {left}s left"));
    format!("{} of {}, {}/s{left}", print::bytes(done), print::bytes(total), print::bytes(speed))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::so_far;

    #[test]
    fn a_line_gives_bytes_speed_and_what_is_left() {
        let shown = so_far(10 << 20, 30 << 20, Duration::from_secs(5));
        assert_eq!(shown, "10.0 MiB of 30.0 MiB, 2.0 MiB/s, 10s left");
        assert_eq!(so_far(0, 10, Duration::from_secs(5)), "0 B of 10 B, 0 B/s");
    }
}
