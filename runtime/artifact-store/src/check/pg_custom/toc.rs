//! The table of contents of a custom archive: which columns an entry has in which version, and which entries have data that
//! must come. Only those entries are kept, so that a million functions cost no memory.

use std::collections::BTreeMap;

use super::{
    super::Fault,
    scan::{Token, Want},
};

/// As much memory as the entries with data may take: far more than any database has tables.
const LARGEST: usize = 32 * 1024 * 1024;

/// As much of a name as messages bear.
const NAME: usize = 128;

/// What an entry costs beside its name.
const ENTRY: usize = 96;

/// An entry's columns that matter here; the others are only walked over.
#[derive(Debug, Clone, Copy)]
enum Column {
    Id,
    HasData,
    Kind,
    Tag,
    Schema,
    Int,
    Text,
    /// Texts until one that is absent.
    Dependencies,
    Offset,
}

/// The table of contents as it comes.
#[derive(Debug)]
pub(super) struct Contents {
    columns: Vec<Column>,
    column: usize,
    left: u64,
    draft: Draft,
    begun: u64,
    size: usize,
    due: BTreeMap<i64, Due>,
    missing: usize,
}

/// An entry whose data must come.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) name: Box<str>,
    /// Large objects lie in blocks of their own kind.
    pub(super) large_objects: bool,
    /// Where the data lies, if the archive was written to a file.
    pub(super) offset: Option<u64>,
    came: bool,
}

#[derive(Debug, Default)]
struct Draft {
    id: i64,
    has_data: bool,
    kind: Vec<u8>,
    tag: Vec<u8>,
    schema: Vec<u8>,
}

impl Contents {
    /// `minor` is the archive's version, 12 to 16.
    pub(super) fn new(minor: u8, entries: u64) -> Self {
        use Column::{Dependencies, HasData, Id, Int, Kind, Offset, Schema, Tag, Text};

        // The object's two ids; the section; the statements that define, drop and copy; the tablespace.
        let mut columns = vec![Id, HasData, Text, Text, Tag, Kind, Int, Text, Text, Text, Schema, Text];
        if minor >= 14 {
            columns.push(Text); // the table's access method
        }
        if minor >= 16 {
            columns.push(Int); // the kind of relation
        }
        columns.extend([Text, Text, Dependencies, Offset]); // first the owner, and whether rows have ids
        let due = BTreeMap::new();
        Self { columns, column: 0, left: entries, draft: Draft::default(), begun: 0, size: 0, due, missing: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == 0
    }

    pub(super) fn want(&self) -> Want {
        match self.columns.get(self.column) {
            Some(Column::Id | Column::HasData | Column::Int) => Want::Int,
            Some(Column::Offset) | None => Want::Offset,
            Some(Column::Kind | Column::Tag | Column::Schema) => Want::Text(NAME),
            Some(Column::Text | Column::Dependencies) => Want::Text(0),
        }
    }

    /// Takes the next column; `at` is the first byte after it.
    pub(super) fn take(&mut self, token: Token, at: u64) -> Result<(), Fault> {
        let column = self.columns.get(self.column);
        let again = matches!((column, &token), (Some(Column::Dependencies), Token::Text(Some(_))));
        match (column, token) {
            (Some(Column::Id), Token::Int(id)) => {
                self.begun = at.saturating_sub(5);
                self.draft = Draft { id, ..Draft::default() };
                if id <= 0 {
                    return Err(Fault::new(
                        self.begun,
                        format!("an entry of the table of contents has the number {id}"),
                    ));
                }
            }
            (Some(Column::HasData), Token::Int(flag)) => self.draft.has_data = flag != 0,
            (Some(Column::Kind), Token::Text(kind)) => self.draft.kind = kind.unwrap_or_default(),
            (Some(Column::Tag), Token::Text(tag)) => self.draft.tag = tag.unwrap_or_default(),
            (Some(Column::Schema), Token::Text(schema)) => self.draft.schema = schema.unwrap_or_default(),
            (Some(Column::Offset), Token::Offset { state, at: offset }) => self.entry(state, offset)?,
            _ => {}
        }
        if !again {
            self.column = (self.column + 1) % self.columns.len().max(1);
        }
        Ok(())
    }

    fn entry(&mut self, state: u8, offset: u64) -> Result<(), Fault> {
        self.left = self.left.saturating_sub(1);
        let offset = match (state, self.draft.has_data) {
            (1, true) => None,
            (2, true) => Some(offset),
            (3, false) => return Ok(()),
            (state, has_data) => {
                let (name, but) = (self.draft.name(), if has_data { "has" } else { "has no" });
                let what = format!("the table of contents says that {name} {but} data, and gives it the state {state}");
                return Err(Fault::new(self.begun, what));
            }
        };
        let name = self.draft.name();
        self.size = self.size.saturating_add(name.len() + ENTRY);
        if self.size > LARGEST {
            return Err(Fault::new(
                self.begun,
                format!("more than {} entries have data: too many to check", self.due.len()),
            ));
        }
        let large_objects = self.draft.kind == b"BLOBS";
        let due = Due { name: name.into(), large_objects, offset, came: false };
        if let Some(other) = self.due.insert(self.draft.id, due) {
            let what = format!("{} and {} have the same number {}", other.name, self.draft.name(), self.draft.id);
            return Err(Fault::new(self.begun, what));
        }
        self.missing += 1;
        Ok(())
    }

    /// How many entries' data hasn't begun to come.
    pub(super) fn missing(&self) -> usize {
        self.missing
    }

    /// The data of entry `id` begins at byte `at`.
    pub(super) fn arrive(&mut self, id: i64, at: u64) -> Result<&Due, Fault> {
        let due = self.due.get_mut(&id).ok_or_else(|| {
            Fault::new(at, format!("data comes for entry {id}, which has none by the table of contents"))
        })?;
        if due.came {
            return Err(Fault::new(at, format!("the data of {} comes twice", due.name)));
        }
        due.came = true;
        self.missing = self.missing.saturating_sub(1);
        Ok(due)
    }

    /// The name of an entry with data.
    pub(super) fn name(&self, id: i64) -> &str {
        self.due.get(&id).map_or("an unknown entry", |due| &due.name)
    }

    /// What to say of the entries whose data never came, if there are any.
    pub(super) fn absent(&self) -> Option<String> {
        let first = self.due.values().find(|due| !due.came)?;
        let others = match self.missing {
            0 | 1 => String::new(),
            2 => ", nor that of 1 other".to_owned(),
            missing => format!(", nor that of {} others", missing - 1),
        };
        Some(format!("the data of {} never came{others}", first.name))
    }

    /// How many entries of the table of contents are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }
}

impl Draft {
    /// The entry as messages name it. Anybody may have written the archive: nothing in it may break a line.
    fn name(&self) -> String {
        let [kind, schema, tag] =
            [&self.kind, &self.schema, &self.tag].map(|text| String::from_utf8_lossy(text).escape_debug().to_string());
        let dot = if schema.is_empty() { "" } else { "." };
        match kind.as_str() {
            "TABLE DATA" => format!("table {schema}{dot}{tag}"),
            "BLOBS" => "the large objects".to_owned(),
            kind => format!("{kind} {schema}{dot}{tag}"),
        }
    }
}
