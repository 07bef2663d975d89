//! A command of `watchkeeper.toml`: a program with its arguments, fixed but for typed holes, and what it may cost. What a hole
//! admits is decided here; running it is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::{
    ConfigError, Secret,
    paths::resolve_path,
    secret::{Environment, expand},
    source::{KeyPath, Source},
    values::{Count, Size, Span, in_range, show_duration, show_size},
};

/// The most bytes of a `name`.
const NAME_BYTES: usize = 128;

/// A program that jobs can be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSettings {
    /// The program's path, absolute.
    pub program: PathBuf,
    /// Its arguments, in order.
    pub args: Vec<Argument>,
    /// What fills the holes of its arguments, by name.
    pub holes: BTreeMap<String, Hole>,
    /// All of its environment.
    pub env: BTreeMap<String, Secret>,
    /// Its working folder; `/` unless told.
    pub folder: PathBuf,
    /// The user it runs as; Watchkeeper's own unless told.
    pub user: Option<String>,
    /// How long it may take; as long as its run unless told.
    pub timeout: Option<Duration>,
    /// The most bytes of its standard output. 1 TiB unless told.
    pub max_output: u64,
    /// How many of it run at once; more wait. 1 unless told.
    pub max_concurrent: u64,
}

/// An argument: texts and holes in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument(pub Vec<Piece>);

/// A part of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The operator's text.
    Text(String),
    /// What the plugin says, by the hole's name.
    Hole(String),
}

/// What a plugin may put into a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hole {
    /// Letters, digits, `_`, `-` and `.`, beginning with a letter, digit or `_`, without `..`: no option, path or line end.
    Name,
    /// A whole number within bounds, in its plain form.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// One of these.
    Choice(BTreeSet<String>),
}

impl Hole {
    /// Whether a value may stand in the hole.
    ///
    /// # Errors
    /// What it should be, in words. The value isn't repeated: it is the plugin's.
    pub fn admits(&self, value: &str) -> Result<(), String> {
        match self {
            Self::Name if is_name(value) => Ok(()),
            Self::Name => Err(format!(
                "not a name: up to {NAME_BYTES} letters, digits, `_`, `-` and `.`, beginning with a letter, digit or `_`, without `..`"
            )),
            Self::Integer { min, max } => match value.parse::<i64>() {
                Ok(number) if (*min..=*max).contains(&number) && number.to_string() == value => Ok(()),
                _ => Err(format!("not a whole number from {min} to {max}")),
            },
            Self::Choice(values) if values.contains(value) => Ok(()),
            Self::Choice(values) => Err(format!(
                "not one of {}",
                values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
            )),
        }
    }
}

fn is_name(value: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    value.len() <= NAME_BYTES && value.starts_with(first) && value.chars().all(inner) && !value.contains("..")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandShape {
    program: PathBuf,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    holes: BTreeMap<String, HoleShape>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    folder: Option<PathBuf>,
    user: Option<String>,
    timeout: Option<Span>,
    max_output: Option<Size>,
    max_concurrent: Option<Count>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum HoleShape {
    Name {},
    Integer { min: i64, max: i64 },
    Choice { values: BTreeSet<String> },
}

impl CommandShape {
    /// `folder` is what paths are relative to.
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
        environment: Environment<'_>,
    ) -> Result<CommandSettings, ConfigError> {
        if !self.program.is_absolute() {
            let hint = "write the program's whole path, such as \"/usr/bin/pg_dump\"; no PATH is searched";
            return Err(source.error(&key.with("program"), "not an absolute path", hint));
        }
        let holes = resolve_holes(self.holes, source, &key.with("holes"))?;
        let args = resolve_arguments(&self.args, &holes, source, key)?;
        let mut env = BTreeMap::new();
        for (name, value) in self.env {
            let key = key.with("env").with(&*name);
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(source.error(&key, "not a variable's name", "write a name such as PGHOST"));
            }
            let value = expand(&value, environment).map_err(|(message, hint)| source.error(&key, message, hint))?;
            if value.expose().contains('\0') {
                return Err(source.error(&key, "a NUL stands in it", "leave it out"));
            }
            env.insert(name, value);
        }
        let path = |name: &str, path| resolve_path(source, &key.with(name), folder, path);
        Ok(CommandSettings {
            program: self.program,
            args,
            holes,
            env,
            folder: self.folder.map_or_else(|| Ok(PathBuf::from("/")), |given| path("folder", given))?,
            user: self.user,
            timeout: match self.timeout {
                Some(Span(timeout)) => Some(in_range(
                    source,
                    &key.with("timeout"),
                    timeout,
                    Duration::from_millis(10)..=Duration::from_hours(24 * 7),
                    show_duration,
                )?),
                None => None,
            },
            max_output: in_range(
                source,
                &key.with("max_output"),
                self.max_output.map_or(1 << 40, |size| size.0),
                1..=1 << 50,
                show_size,
            )?,
            max_concurrent: in_range(
                source,
                &key.with("max_concurrent"),
                self.max_concurrent.map_or(1, |count| count.0),
                1..=256,
                |number| number.to_string(),
            )?,
        })
    }
}

fn resolve_holes(
    written: BTreeMap<String, HoleShape>,
    source: &Source<'_>,
    key: &KeyPath,
) -> Result<BTreeMap<String, Hole>, ConfigError> {
    let mut holes = BTreeMap::new();
    for (name, shape) in written {
        let key = key.with(&*name);
        if !is_name(&name) {
            return Err(source.error(&key, "not a hole's name", "write letters, digits and `_`"));
        }
        let hole = match shape {
            HoleShape::Name {} => Hole::Name,
            HoleShape::Integer { min, max } if min > max => {
                return Err(source.error(&key, "no number is from `min` to `max`", "write the smaller one as `min`"));
            }
            HoleShape::Integer { min, max } => Hole::Integer { min, max },
            HoleShape::Choice { values } if values.is_empty() => {
                return Err(source.error(
                    &key.with("values"),
                    "nothing to choose from",
                    "write what may stand in the hole",
                ));
            }
            HoleShape::Choice { values } => {
                if values.iter().any(|value| value.contains('\0')) {
                    return Err(source.error(&key.with("values"), "a NUL stands in one", "leave it out"));
                }
                Hole::Choice(values)
            }
        };
        holes.insert(name, hole);
    }
    Ok(holes)
}

/// `{NAME}` is a hole, `{{` and `}}` are braces.
fn resolve_arguments(
    written: &[String],
    holes: &BTreeMap<String, Hole>,
    source: &Source<'_>,
    key: &KeyPath,
) -> Result<Vec<Argument>, ConfigError> {
    let args_key = key.with("args");
    let mut unused: BTreeSet<&String> = holes.keys().collect();
    let mut arguments = Vec::with_capacity(written.len());
    for (place, text) in written.iter().enumerate() {
        let key = args_key.with(place);
        let pieces = pieces(text).map_err(|problem| {
            source.error(&key, problem, "write `{NAME}` for a hole, and `{{` or `}}` for a brace")
        })?;
        for piece in &pieces {
            if let Piece::Hole(name) = piece {
                if !holes.contains_key(name) {
                    let hint =
                        format!("add `holes.{name} = {{ type = \"name\" }}`, or write `{{{{{name}}}}}` for the text");
                    return Err(source.error(&key, format!("there is no hole `{name}`"), hint));
                }
                unused.remove(name);
            }
        }
        arguments.push(Argument(pieces));
    }
    match unused.first() {
        Some(name) => {
            let hint = format!("write `{{{name}}}` in an argument, or leave the hole out");
            Err(source.error(&key.with("holes").with(&***name), "no argument has it", hint))
        }
        None => Ok(arguments),
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    if text.contains('\0') {
        return Err("a NUL stands in it".to_owned());
    }
    let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.next_if_eq(&c).is_some() => plain.push(c),
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some(c) => name.push(c),
                        None => return Err("a `{` isn't closed".to_owned()),
                    }
                }
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Hole(name));
            }
            '}' => return Err("a `}` closes nothing".to_owned()),
            c => plain.push(c),
        }
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_an_option_a_path_or_two_lines() {
        for good in ["postgres", "a.b-c_1", "_x", "9"] {
            assert_eq!(Hole::Name.admits(good), Ok(()), "{good}");
        }
        for bad in
            ["", "-x", "--option", ".hidden", "..", "a..b", "../a", "a/b", "a\0", "a\n", "a b", "ä", &"a".repeat(129)]
        {
            assert!(Hole::Name.admits(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_number_has_one_form_and_its_bounds() {
        let hole = Hole::Integer { min: -1, max: 10 };
        for good in ["-1", "0", "10"] {
            assert_eq!(hole.admits(good), Ok(()), "{good}");
        }
        for bad in ["", "-2", "11", "+1", "01", " 1", "1\n", "1e1", "-0"] {
            assert!(hole.admits(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_what_is_listed_can_be_chosen() {
        let hole = Hole::Choice(BTreeSet::from(["--fast".to_owned(), "slow".to_owned()]));
        assert_eq!(hole.admits("--fast"), Ok(()));
        assert!(hole.admits("--fas").is_err());
        assert!(hole.admits("").is_err());
    }

    #[test]
    fn arguments_are_texts_and_holes() {
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(pieces("--db={db}.x").unwrap(), [text("--db="), Piece::Hole("db".to_owned()), text(".x")]);
        assert_eq!(pieces("{{a}}").unwrap(), [text("{a}")]);
        assert_eq!(pieces("").unwrap(), [text("")]);
        for bad in ["{a", "a}", "{"] {
            assert!(pieces(bad).is_err(), "{bad}");
        }
    }
}
