//! Calls as a transcript that is the same on each run: times, ages, names of runs, digests and costs as words, columns
//! two spaces apart.

use std::{env, fs, path::Path};

use crate::support::{Ended, Watchkeeper};

/// A transcript of calls.
#[derive(Default)]
pub(super) struct Transcript(String);

impl Transcript {
    /// Asks an instance, and notes what it was asked, what it said and how it ended.
    pub(super) fn ask(&mut self, watchkeeper: &Watchkeeper, folder: &Path, arguments: &[&str]) -> Ended {
        let ended = watchkeeper.ask(arguments);
        self.note(watchkeeper, folder, arguments, &ended);
        ended
    }

    /// Notes a call.
    pub(super) fn note(&mut self, watchkeeper: &Watchkeeper, folder: &Path, arguments: &[&str], ended: &Ended) {
        let code = ended.code.map_or("a signal".to_owned(), |code| code.to_string());
        let mut text = format!("$ watchkeeper {}\n{}", arguments.join(" "), ended.stdout);
        if !ended.stderr.is_empty() {
            text += &format!("--- on stderr\n{}", ended.stderr);
        }
        text += &format!("--- exit code {code}\n\n");
        let folder = folder.display().to_string();
        let text = text.replace(&folder, "FOLDER/").replace(watchkeeper.address(), "ADDRESS");
        self.0.extend(text.split_inclusive('\n').map(redacted));
    }

    /// Compares it with the one that is kept.
    #[track_caller]
    pub(super) fn check(&self, name: &str) {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/client_commands/snapshots/{name}.txt"));
        if env::var_os("BLESS").is_some() {
            fs::write(&file, &self.0).expect("our folder");
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == self.0, "{name}: BLESS=1 keeps what is said now:\n{}\nkept:\n{kept}", self.0);
    }
}

/// A line with words in place of what changes.
fn redacted(line: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || ".:-".contains(c);
    let mut redacted = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        redacted += match word {
            word if word.starts_with("sha256:") => "DIGEST",
            word if word.parse::<jiff::Timestamp>().is_ok() => "TIME",
            word if is_run(word) => "RUN",
            word if is_measure(word) => "SPAN",
            word => word,
        };
        let other = after.chars().next().map_or(0, char::len_utf8);
        redacted += &after[..other];
        rest = &after[other..];
    }
    let size = |text: String| ["KiB", "MiB"].iter().fold(text, |text, unit| sized(&text, unit));
    let indent = redacted.len() - redacted.trim_start_matches(' ').len();
    let columns: Vec<_> = redacted.trim_end().split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    size(format!("{}{}\n", " ".repeat(indent), columns.join("  ")))
}

/// The number before a unit as a word.
fn sized(text: &str, unit: &str) -> String {
    match text.split_once(&format!(" {unit}")) {
        Some((before, after)) => {
            let kept = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            format!("{kept}SIZE{after}")
        }
        None => text.to_owned(),
    }
}

fn is_run(word: &str) -> bool {
    word.len() == 26
        && word.starts_with('0')
        && word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// A span of time such as `1.2s` or `5ms`; ages and costs are written so.
fn is_measure(word: &str) -> bool {
    let number = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let unit = &word[number.len()..];
    ["s", "ms", "us", "m", "h", "d"].contains(&unit) && number.parse::<f64>().is_ok() && word != "30s"
}
