//! SQL as `pg_dump` and `pg_dumpall` write it. Only its end tells that it is whole: a comment of three lines, which newer
//! versions follow with `\unrestrict KEY`. What lies before is SQL and isn't read.

use super::Fault;

/// As much of a line as must be known to tell what it is.
const LINE: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Walk {
    at: u64,
    line: Vec<u8>,
    head: Head,
    tail: Tail,
}

/// What the first lines say, up to the first that is no comment.
#[derive(Debug, Default)]
struct Head {
    over: bool,
    /// Several databases, or the roles: the databases' own trailers are not its end.
    cluster: bool,
    /// `\restrict KEY` came, so `\unrestrict KEY` must.
    restricted: bool,
}

/// How much of the end came, counted from the last line that was no part of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Tail {
    #[default]
    None,
    Opened,
    Said,
    Closed,
    Released,
}

impl Walk {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.at = self.at.saturating_add(bytes.len() as u64);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(text.get(..room).unwrap_or(text));
            if ended {
                self.end_line(true);
            }
        }
    }

    pub(super) fn finish(mut self) -> Result<(), Fault> {
        if !self.line.is_empty() {
            self.end_line(false);
        }
        let least = if self.head.restricted && !self.head.cluster { Tail::Released } else { Tail::Closed };
        if self.tail == least || self.tail == Tail::Released {
            return Ok(());
        }
        let kind = if self.head.cluster { "database cluster" } else { "database" };
        let what = match self.tail {
            Tail::Closed => "the dump ends before its line \"\\unrestrict\"".to_owned(),
            _ => format!("the dump doesn't end with \"-- PostgreSQL {kind} dump complete\": it was cut short"),
        };
        Err(Fault::new(self.at, what))
    }

    fn end_line(&mut self, whole: bool) {
        let line = self.line.trim_ascii_end();
        self.head.read(line);
        let done: &[u8] = if self.head.cluster {
            b"-- PostgreSQL database cluster dump complete"
        } else {
            b"-- PostgreSQL database dump complete"
        };
        self.tail = match (self.tail, line) {
            (Tail::Closed | Tail::Released, b"") => self.tail,
            (Tail::Said, b"--") => Tail::Closed,
            (_, b"--") => Tail::Opened,
            (Tail::Opened, line) if line == done => Tail::Said,
            (Tail::Closed, line) if line.starts_with(b"\\unrestrict ") && whole => Tail::Released,
            _ => Tail::None,
        };
        self.line.clear();
    }
}

impl Head {
    fn read(&mut self, line: &[u8]) {
        if self.over {
            return;
        }
        self.cluster |= line == b"-- PostgreSQL database cluster dump";
        self.over = !line.is_empty() && !line.starts_with(b"--");
        self.restricted = line.starts_with(b"\\restrict ");
    }
}
