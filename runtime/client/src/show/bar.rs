//! How far a run is, for who waits for it at a terminal: one line on standard error that is gone at the end.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use watchkeeper_web::api::ProgressInfo;

use super::{one_line, progress};

const PARTLY: &str = "[{bar:24}] {wide_msg}";
const UNKNOWN: &str = "{spinner} {wide_msg}";

/// A line that is drawn once there is something to tell.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// On standard error, or nowhere.
    pub(super) fn new(drawn: bool) -> Self {
        Self::on(if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() })
    }

    fn on(target: ProgressDrawTarget) -> Self {
        Self(ProgressBar::with_draw_target(None, target))
    }

    /// Draws how far the run is.
    pub(crate) fn show(&self, info: &ProgressInfo) {
        let template = if info.total.is_some() { PARTLY } else { UNKNOWN };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
        self.0.set_length(info.total.unwrap_or(0));
        self.0.set_position(info.done);
        self.0.set_message(one_line(&progress(info)));
        self.0.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use indicatif::TermLike;

    use super::*;

    /// A terminal that remembers what was written.
    #[derive(Debug, Clone, Default)]
    struct Term(Arc<Mutex<String>>);

    impl Term {
        fn moved(&self, what: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(what);
            Ok(())
        }
    }

    impl TermLike for Term {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _columns: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _columns: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.moved(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.moved(text)
        }

        fn clear_line(&self) -> io::Result<()> {
            self.moved("<cleared>")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn drawn(total: Option<u64>, stage: &str) -> String {
        let term = Term::default();
        let bar = Bar::on(ProgressDrawTarget::term_like(Box::new(term.clone())));
        let unit = Some(watchkeeper_web::api::ProgressUnit::Bytes);
        let percent = ProgressInfo::percent(1 << 20, total);
        bar.show(&ProgressInfo { stage: stage.into(), done: 1 << 20, total, unit, rate_per_second: None, percent });
        let drawn = term.0.lock().unwrap().clone();
        drop(bar);
        assert!(term.0.lock().unwrap().ends_with("<cleared>"), "it is gone at the end");
        drawn
    }

    #[test]
    fn a_bar_fills_where_the_total_is_known() {
        let bar = drawn(Some(4 << 20), "storing main");
        assert!(bar.contains("[======>                 ] storing main: 1.0 MiB of 4.0 MiB (25%)"), "{bar:?}");
        let spinner = drawn(None, "storing main");
        assert!(spinner.contains("storing main: 1.0 MiB") && !spinner.contains(['[', '%']), "{spinner:?}");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_drawn() {
        let bar = drawn(None, "\u{1b}[2Jforged\nline {bar} \u{202e}x");
        assert!(bar.contains("[2Jforged line {bar} x"), "{bar:?}");
        assert!(!bar.contains(['\u{1b}', '\n', '\u{202e}']), "{bar:?}");
    }
}
