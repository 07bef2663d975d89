//! Tables: columns as wide as what stands in them, two spaces between; the last column is cut where a terminal ends.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use watchkeeper_web::api::Text;

use super::{Look, one_line};

const GAP: usize = 2;
/// However narrow the terminal: so much of the last column is shown.
const LEAST_LAST: usize = 16;

/// What a word says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
    Odd,
    Busy,
    Quiet,
}

impl Tone {
    /// The terminal's own colours (ECMA-48, select graphic rendition), so that they fit its background.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Odd => Some("33"),
            Self::Busy => Some("36"),
            Self::Quiet => Some("2"),
        }
    }
}

/// One line of text, without anything that a terminal would obey.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: one_line(&Text::from(text.as_ref())), tone }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Rows of cells.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
    /// Of a list; nothing is cut where there are none.
    has_heads: bool,
}

impl Table {
    /// A list of like things, for one glance: a terminal shows as much of each as fits.
    pub(crate) fn list(heads: &[&str]) -> Self {
        Self { rows: vec![heads.iter().map(|head| Cell::new(head, Tone::Quiet)).collect()], has_heads: true }
    }

    /// What there is to say about one thing, shown whole.
    pub(crate) const fn facts() -> Self {
        Self { rows: Vec::new(), has_heads: false }
    }

    /// A name and what is to be said about it.
    pub(crate) fn fact(&mut self, name: &str, value: impl Into<Cell>) {
        self.row(vec![Cell::new(name, Tone::Quiet), value.into()]);
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() == usize::from(self.has_heads)
    }

    pub(super) fn render(&self, look: Look) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|cells| cells.get(column)).map(|cell| cell.text.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let look = if self.has_heads { look } else { look.whole() };
        self.rows.iter().map(|cells| render_line(cells, &widths, look)).collect()
    }
}

/// One line of a list that goes on, whose columns are at least so wide.
pub(super) fn render_line(cells: &[Cell], widths: &[usize], look: Look) -> String {
    let mut out = String::new();
    let mut used = 0;
    let mut gap = 0;
    for (place, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let is_last = place + 1 == widths.len();
        let left = look.width.filter(|_| is_last).map(|all| all.saturating_sub(used + gap).max(LEAST_LAST));
        let text = left.map_or_else(|| cell.text.clone(), |left| cut(&cell.text, left));
        // Gaps are written only once something follows them: no line ends in spaces.
        if !text.is_empty() {
            out.extend(std::iter::repeat_n(' ', gap));
            used += gap;
            gap = 0;
            out.push_str(&paint(&text, cell.tone, look));
        }
        used += text.width();
        gap += width - text.width().min(*width) + GAP;
    }
    out.push('\n');
    out
}

fn paint(text: &str, tone: Tone, look: Look) -> String {
    match tone.code().filter(|_| look.colour) {
        Some(code) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        None => text.to_owned(),
    }
}

/// As much of a text as fits, with an ellipsis where that isn't all.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        short.push(c);
    }
    // Writing to a string can't fail.
    let _ = write!(short, "…");
    short
}

#[cfg(test)]
mod tests {
    use super::{Cell, Look, Table, Tone};

    fn table() -> Table {
        let mut table = Table::list(&["JOB", "STATE", "WHAT IT SAYS"]);
        table.row(vec!["main-chain".into(), Cell::new("ok", Tone::Good), "head 漢字 and a long rest of it".into()]);
        table.row(vec!["b".into(), Cell::new("failing", Tone::Bad), "".into()]);
        table.row(vec!["漢字".into(), "".into(), "x".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_no_line_ends_in_spaces() {
        let expected = "JOB         STATE    WHAT IT SAYS\n\
                        main-chain  ok       head 漢字 and a long rest of it\n\
                        b           failing\n\
                        漢字                 x\n";
        assert_eq!(table().render(Look::default()), expected);
    }

    #[test]
    fn a_terminal_cuts_the_last_column_and_shows_colour() {
        let look = Look { colour: true, width: Some(38) };
        let line = table().render(look).lines().nth(1).unwrap().to_owned();
        assert_eq!(line, "main-chain  \u{1b}[32mok\u{1b}[0m       head 漢字 and a …");
    }

    #[test]
    fn what_a_terminal_would_obey_never_gets_there() {
        let mut table = Table::facts();
        table.fact("said", "a\u{1b}[2Jb\nnext\tline \u{202e}evil\u{7}");
        assert_eq!(table.render(Look::default()), "said  a[2Jb nextline evil\n");
    }

    #[test]
    fn facts_are_never_cut() {
        let mut table = Table::facts();
        table.fact("message", "x".repeat(100));
        assert_eq!(table.render(Look { colour: false, width: Some(40) }).len(), 110);
    }
}
