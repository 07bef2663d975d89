//! A parsed TOML text that knows where each key stands, so that every mistake can be given its line and its key,
//! whether serde finds it or a later check.

use std::{fmt, ops::Range, path::Path};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{ConfigError, explain::explain};

/// The text of a file.
///
/// # Errors
/// Bytes that are no UTF-8, with the line of the first.
pub fn text_of(file: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        ConfigError {
            file: file.to_owned(),
            line: Some(line_of(error.as_bytes(), good)),
            key: None,
            message: "not UTF-8 text".to_owned(),
            hint: Some("save the file in UTF-8".to_owned()),
        }
    })
}

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The way to a value. Displays as `a.b[0].c`, keys quoted where TOML wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(pub(crate) Vec<Step>);

impl KeyPath {
    pub(crate) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Step::from(*key)).collect())
    }

    #[must_use]
    pub(crate) fn with(&self, step: impl Into<Step>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare =
            |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    let dot = if place == 0 { "" } else { "." };
                    if bare(key) { write!(f, "{dot}{key}")? } else { write!(f, "{dot}{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

/// A TOML text with the place of each of its keys.
pub(crate) struct Source<'a> {
    file: &'a Path,
    text: &'a str,
    root: DeTable<'a>,
}

impl<'a> Source<'a> {
    pub(crate) fn parse(file: &'a Path, text: &'a str) -> Result<Self, ConfigError> {
        let root = DeTable::parse(text).map_err(|error| {
            let hint = match error.message() {
                "duplicate key" => "keep one of the two",
                _ => r#"strings stand in quotes, as in `every = "30s"`; https://toml.io has the rules"#,
            };
            ConfigError {
                file: file.to_owned(),
                line: error.span().map(|span| line_of(text.as_bytes(), span.start)),
                key: None,
                message: format!("not TOML: {}", error.message()),
                hint: Some(hint.to_owned()),
            }
        })?;
        Ok(Self { file, text, root: root.into_inner() })
    }

    /// Reads the text into a shape.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|error| explain(self, &error))
    }

    /// A mistake at a key; its line is that of the nearest key that is there.
    pub(crate) fn error(&self, key: &KeyPath, message: impl Into<String>, hint: impl Into<String>) -> ConfigError {
        ConfigError {
            file: self.file.to_owned(),
            line: self.offset_of(key).map(|offset| line_of(self.text.as_bytes(), offset)),
            key: (!key.0.is_empty()).then(|| key.to_string()),
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// Calls `visit` for each key and each text value, with its way.
    pub(crate) fn texts(
        &self,
        visit: &mut dyn FnMut(&KeyPath, &str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        texts_of_table(&self.root, &KeyPath::default(), visit)
    }

    /// The way to the innermost key or value whose text holds a place. An empty place is the whole file's.
    pub(crate) fn key_at(&self, span: &Range<usize>) -> KeyPath {
        let mut path = KeyPath::default();
        if !span.is_empty() {
            find_in_table(&self.root, span, &mut path);
        }
        path
    }

    fn offset_of(&self, path: &KeyPath) -> Option<usize> {
        let mut offset = None;
        let mut steps = path.0.iter();
        let mut value = match steps.next()? {
            Step::Key(key) => {
                let (key, value) = entry(&self.root, key)?;
                offset.replace(key.span().start);
                value
            }
            Step::Index(_) => return None,
        };
        for step in steps {
            let next = match (step, value.get_ref()) {
                (Step::Key(key), DeValue::Table(table)) => {
                    entry(table, key).map(|(key, value)| (key.span().start, value))
                }
                (Step::Index(index), DeValue::Array(array)) => {
                    array.get(*index).map(|value| (value.span().start, value))
                }
                _ => None,
            };
            let Some((start, inner)) = next else { break };
            offset.replace(start);
            value = inner;
        }
        offset
    }
}

type Entry<'t, 'a> = (&'t Spanned<toml::de::DeString<'a>>, &'t Spanned<DeValue<'a>>);

fn entry<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<Entry<'t, 'a>> {
    table.iter().find(|(name, _)| name.get_ref() == key)
}

fn texts_of_table(
    table: &DeTable<'_>,
    path: &KeyPath,
    visit: &mut dyn FnMut(&KeyPath, &str) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let path = path.with(&**key.get_ref());
        visit(&path, key.get_ref())?;
        texts_of_value(value.get_ref(), &path, visit)?;
    }
    Ok(())
}

fn texts_of_value(
    value: &DeValue<'_>,
    path: &KeyPath,
    visit: &mut dyn FnMut(&KeyPath, &str) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    match value {
        DeValue::String(text) => visit(path, text),
        DeValue::Table(table) => texts_of_table(table, path, visit),
        DeValue::Array(array) => array
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| texts_of_value(item.get_ref(), &path.with(index), visit)),
        _ => Ok(()),
    }
}

/// Lengthens `path` to the innermost hit; false where nothing of the table holds the place.
fn find_in_table(table: &DeTable<'_>, span: &Range<usize>, path: &mut KeyPath) -> bool {
    let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    for (key, value) in table {
        path.0.push(Step::from(&**key.get_ref()));
        if holds(key.span()) || find_in_value(value, span, path) || holds(value.span()) {
            return true;
        }
        path.0.pop();
    }
    false
}

fn find_in_value(value: &Spanned<DeValue<'_>>, span: &Range<usize>, path: &mut KeyPath) -> bool {
    match value.get_ref() {
        DeValue::Table(table) => find_in_table(table, span, path),
        DeValue::Array(array) => {
            for (index, item) in array.iter().enumerate() {
                path.0.push(Step::from(index));
                let outer = item.span();
                if find_in_value(item, span, path) || (outer.start <= span.start && span.end <= outer.end) {
                    return true;
                }
                path.0.pop();
            }
            false
        }
        _ => false,
    }
}

fn line_of(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|byte| **byte == b'\n').count()
}
