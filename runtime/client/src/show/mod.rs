//! What people and programs see: tables and lines, or one JSON document. Colour only adds to what the words say, and only
//! on a terminal; a reader that closed its end early is no mistake.

mod bar;
mod figures;
mod table;
mod words;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use self::table::render_line;
use crate::ClientError;

pub(crate) use bar::Bar;
pub(crate) use figures::{age, ahead, bytes, percent, seconds, time};
pub(crate) use table::{Cell, Table, Tone};
pub(crate) use words::{of_level, of_outcome, of_payment, of_state, progress, trigger};

/// How to print an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: the API's own words.
    Json,
}

/// Where answers go.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    notes: &'a mut dyn Write,
    format: Format,
    look: Look,
    /// Whether notes go to a terminal that can be drawn on.
    draws: bool,
}

/// What the terminal can show; nothing where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look {
    pub(crate) colour: bool,
    /// Columns.
    pub(crate) width: Option<usize>,
}

impl Look {
    /// The same without an end on the right.
    const fn whole(self) -> Self {
        Self { width: None, ..self }
    }
}

impl<'a> Screen<'a> {
    /// Answers go to `out`, and what is to be told beside them to `notes`, both without colour and in full width.
    pub fn new(out: &'a mut dyn Write, notes: &'a mut dyn Write, format: Format) -> Self {
        Self { out, notes, format, look: Look::default(), draws: false }
    }

    /// With colour, and cut to its width, where standard output is a terminal. A variable NO_COLOR that isn't empty takes
    /// the colour away (no-color.org). Where standard error is one, what takes long is drawn there.
    #[must_use]
    pub fn on_terminal(mut self, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let stdout = io::stdout();
        let dumb = environment("TERM").is_none_or(|term| term == "dumb");
        self.draws = io::stderr().is_terminal() && !dumb;
        if stdout.is_terminal() {
            let no_color = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
            let size = rustix::termios::tcgetwinsize(&stdout);
            let width = size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
            self.look = Look { colour: !no_color && !dumb, width };
        }
        self
    }

    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// One document, on a line of its own.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), ClientError> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
        line.push(b'\n');
        written(self.out.write_all(&line))
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<(), ClientError> {
        written(self.out.write_all(text.as_bytes()))
    }

    pub(crate) fn table(&mut self, table: &Table) -> Result<(), ClientError> {
        self.text(&table.render(self.look))
    }

    /// One line, whole, of a list that goes on; its columns are at least so wide.
    pub(crate) fn line(&mut self, cells: &[Cell], widths: &[usize]) -> Result<(), ClientError> {
        self.text(&render_line(cells, widths, self.look.whole()))
    }

    /// Shows what was written so far, for answers that go on.
    pub(crate) fn flush(&mut self) -> Result<(), ClientError> {
        written(self.out.flush())
    }

    /// Where to draw how far something is.
    pub(crate) fn bar(&self) -> Bar {
        Bar::new(self.draws)
    }

    /// Tells something that isn't the answer.
    pub(crate) fn note(&mut self, text: &str) -> Result<(), ClientError> {
        Ok(writeln!(self.notes, "{text}")?)
    }
}

/// A text of several lines as one, so that none of them passes for a line of ours.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The reader may have seen enough: the command ends there, without a word.
fn written(result: io::Result<()>) -> Result<(), ClientError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ClientError::Closed),
        other => Ok(other?),
    }
}
