//! Archives of `pg_dump --format=custom`, versions 1.12 to 1.16 (PostgreSQL 9.0 to 18): a header, a table of contents, then
//! blocks of data in any order, each in chunks with their length before them. The format has no trailer: an archive that was
//! cut short between two blocks looks whole but for the entries whose data never came, so the table of contents is held
//! against the blocks. What the chunks hold, compressed or not, isn't read.

mod scan;
mod toc;

use super::Fault;
use scan::{Scanner, Token, Want};
use toc::Contents;

const MAGIC: &[u8; 5] = b"PGDMP";

const HINT: &str = "hint: give pg_dump --format=custom, and let nothing else write to its output";

/// Seven numbers of the date, then the names of the database, of the server's version and of pg_dump's.
const DATE: u8 = 7;
const NAMES: u8 = 3;

#[derive(Debug)]
pub(super) struct Walk {
    scanner: Scanner,
    step: Step,
    minor: u8,
    contents: Contents,
}

/// What the next value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Magic(usize),
    Major,
    Minor,
    Revision,
    IntSize,
    OffsetSize,
    Format,
    /// A level until 1.14, since then the byte of an algorithm.
    Compression,
    Date(u8),
    Names(u8),
    Entries,
    Contents,
    /// The kind of the next block, if there is one.
    Block,
    Id {
        large_objects: bool,
    },
    /// The number of the next large object, 0 after the last.
    Object {
        id: i64,
    },
    /// The length of the next chunk, 0 after the last.
    Length {
        id: i64,
        large_objects: bool,
    },
    Chunk {
        id: i64,
        large_objects: bool,
        length: u64,
    },
}

impl Default for Walk {
    fn default() -> Self {
        Self { scanner: Scanner::default(), step: Step::Magic(0), minor: 0, contents: Contents::new(0, 0) }
    }
}

impl Walk {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let want = self.want();
            let Some(token) = self.scanner.next(want, &mut bytes)? else { return Ok(()) };
            self.take(token)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Fault> {
        let what = match self.step {
            Step::Block => match self.contents.absent() {
                Some(absent) => absent,
                None => return Ok(()),
            },
            Step::Contents => {
                format!("the dump ends inside its table of contents, {} entries before its end", self.contents.left())
            }
            Step::Id { .. } => "the dump ends where the data of an entry begins".to_owned(),
            Step::Object { id } | Step::Length { id, .. } | Step::Chunk { id, .. } => {
                format!("the dump ends inside the data of {}", self.contents.name(id))
            }
            _ => "the dump ends inside its header".to_owned(),
        };
        Err(Fault::new(self.scanner.at, what))
    }

    fn want(&self) -> Want {
        match self.step {
            Step::Compression if self.minor < 15 => Want::Int,
            Step::Date(_) | Step::Entries | Step::Id { .. } | Step::Object { .. } | Step::Length { .. } => Want::Int,
            Step::Names(_) => Want::Text(0),
            Step::Contents => self.contents.want(),
            Step::Chunk { length, .. } => Want::Skip(length),
            _ => Want::Byte,
        }
    }

    fn take(&mut self, token: Token) -> Result<(), Fault> {
        self.step = match (self.step, token) {
            (Step::Contents, token) => {
                self.contents.take(token, self.scanner.at)?;
                if self.contents.is_over() { Step::Block } else { Step::Contents }
            }
            (step, Token::Byte(byte)) => self.byte(step, byte)?,
            (step, Token::Int(value)) => self.int(step, value)?,
            (Step::Names(left), _) if left > 1 => Step::Names(left - 1),
            (Step::Names(_), _) => Step::Entries,
            (Step::Chunk { id, large_objects, .. }, _) => Step::Length { id, large_objects },
            (step, _) => step,
        };
        Ok(())
    }

    fn byte(&mut self, step: Step, byte: u8) -> Result<Step, Fault> {
        let at = self.scanner.at.saturating_sub(1);
        let must = |right: bool, what: fn(u8) -> String, next: Step| {
            if right { Ok(next) } else { Err(Fault::new(at, what(byte))) }
        };
        match step {
            Step::Magic(index) => {
                let next = if index + 1 < MAGIC.len() { Step::Magic(index + 1) } else { Step::Major };
                let what = |_| format!("the content doesn't begin with PGDMP\n{HINT}");
                must(MAGIC.get(index) == Some(&byte), what, next)
            }
            Step::Major => {
                must(byte == 1, |it| format!("the archive's version is {it}, which isn't known"), Step::Minor)
            }
            Step::Minor => {
                self.minor = byte;
                let what = |it| format!("the archive's version is 1.{it}; 1.12 to 1.16 are known");
                must((12..=16).contains(&byte), what, Step::Revision)
            }
            Step::Revision => Ok(Step::IntSize),
            Step::IntSize => must(byte == 4, |it| format!("integers have {it} bytes, not 4"), Step::OffsetSize),
            Step::OffsetSize => must(byte == 8, |it| format!("offsets have {it} bytes, not 8"), Step::Format),
            Step::Format => {
                let what = |it| format!("the archive's format is {it}, not custom\n{HINT}");
                must(byte == 1, what, Step::Compression)
            }
            Step::Compression => must(byte < 4, |it| format!("the compression {it} isn't known"), Step::Date(DATE)),
            Step::Block if self.contents.missing() == 0 => Err(Fault::new(at, "bytes come after the end of the dump")),
            Step::Block => {
                let what = |it| format!("a block of data has the kind {it}, which isn't known");
                must(byte == 1 || byte == 3, what, Step::Id { large_objects: byte == 3 })
            }
            step => Ok(step),
        }
    }

    fn int(&mut self, step: Step, value: i64) -> Result<Step, Fault> {
        let at = self.scanner.at.saturating_sub(5);
        let count = |what: &str| u64::try_from(value).map_err(|_| Fault::new(at, format!("{what} is {value}")));
        Ok(match step {
            Step::Compression => Step::Date(DATE),
            Step::Date(left) if left > 1 => Step::Date(left - 1),
            Step::Date(_) => Step::Names(NAMES),
            Step::Entries => {
                self.contents = Contents::new(self.minor, count("the number of entries")?);
                if self.contents.is_over() { Step::Block } else { Step::Contents }
            }
            Step::Id { large_objects } => self.begin(value, large_objects)?,
            Step::Object { .. } if value == 0 => Step::Block,
            Step::Object { id } => Step::Length { id, large_objects: true },
            Step::Length { id, large_objects } => match (count("the length of a chunk")?, large_objects) {
                (0, true) => Step::Object { id },
                (0, false) => Step::Block,
                (length, _) => Step::Chunk { id, large_objects, length },
            },
            step => step,
        })
    }

    fn begin(&mut self, id: i64, large_objects: bool) -> Result<Step, Fault> {
        let at = self.scanner.at.saturating_sub(6);
        let due = self.contents.arrive(id, at)?;
        if due.large_objects != large_objects {
            return Err(Fault::new(at, format!("the data of {} has the wrong kind", due.name)));
        }
        if let Some(offset) = due.offset.filter(|offset| *offset != at) {
            let what = format!("the data of {} should begin at byte {offset} by the table of contents", due.name);
            return Err(Fault::new(at, what));
        }
        Ok(if large_objects { Step::Object { id } } else { Step::Length { id, large_objects } })
    }
}
