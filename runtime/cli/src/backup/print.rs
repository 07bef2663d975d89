//! What these commands show: tables and figures for people, one JSON document for programs. What was read in a store is shown
//! without anything that a terminal would obey.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_contract::clean;

use crate::failure::Failure;

/// The most characters of one line that was read in a store.
const LINE: usize = 2000;

/// Foreign text as one line.
pub(super) fn plain(text: &str, limit: usize) -> String {
    clean(text, limit)
}

/// Foreign text, line by line.
pub(super) fn plain_lines(text: &str) -> String {
    text.lines().map(|line| clean(line, LINE)).collect::<Vec<_>>().join("\n")
}

/// Text on standard output.
///
/// # Errors
/// It can't be written. A reader that closed its end early ends the command without a word.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Silent(ExitCode::SUCCESS)),
        Err(error) => Err(Failure::failed(format!("standard output: {error}"))),
    }
}

/// One document on standard output.
///
/// # Errors
/// As [`say`].
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(value).map_err(Failure::failed)?;
    text.push('\n');
    say(&text)
}

/// Rows of cells in columns that are as wide as what stands in them.
pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub(super) fn new(heads: &[&str]) -> Self {
        Self(vec![heads.iter().map(ToString::to_string).collect()])
    }

    /// Names and what is to be said about each.
    pub(super) const fn facts() -> Self {
        Self(Vec::new())
    }

    pub(super) fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.row(vec![name.to_owned(), value.into()]);
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    pub(super) fn render(&self) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        self.0.iter().map(line).collect()
    }
}

/// A moment, to the second in UTC.
pub(super) fn time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long ago something was, in the largest unit that fits: `3h ago`.
pub(super) fn ago(now: Timestamp, then: Timestamp) -> String {
    let age = match now.duration_since(then).as_secs().max(0) {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    };
    format!("{age} ago")
}

/// A size: `640 B`, `1.5 MiB`.
pub(super) fn bytes(size: u64) -> String {
    let unit = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")].into_iter().find(|(bits, _)| size >> bits > 0);
    match unit {
        Some((bits, unit)) => {
            format!("{}.{} {unit}", size >> bits, (u128::from(size & ((1 << bits) - 1)) * 10) >> bits)
        }
        None => format!("{size} B"),
    }
}

/// `1 artifact`, `2 artifacts`.
pub(super) fn artifacts(count: usize) -> String {
    if count == 1 { "1 artifact".to_owned() } else { format!("{count} artifacts") }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Table, ago, bytes, plain_lines};

    #[test]
    fn columns_are_aligned_and_no_line_ends_in_spaces() {
        let mut table = Table::new(&["PATH", "MARKS"]);
        table.row(vec!["db/main".to_owned(), "verified".to_owned()]);
        table.row(vec!["db/b".to_owned(), String::new()]);
        assert_eq!(table.render(), "PATH     MARKS\ndb/main  verified\ndb/b\n");
    }

    #[test]
    fn what_a_terminal_would_obey_never_gets_there() {
        assert_eq!(plain_lines("a\u{1b}[2J\r\nhint: \u{202e}b\u{9b}1m"), "a[2J\nhint: b1m");
    }

    #[test]
    fn figures_are_short() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let ages = [10, 70, 7200, 172_800, -5].map(|age| ago(at(1_000_000), at(1_000_000 - age)));
        assert_eq!(ages, ["10s ago", "1m ago", "2h ago", "2d ago", "0s ago"]);
        assert_eq!([bytes(0), bytes(1536), bytes(u64::MAX)], ["0 B", "1.5 KiB", "16777215.9 TiB"]);
    }
}
