//! Calls of the program as a transcript, and its comparison with the one that is kept in a module's `snapshots/`.
//! `BLESS=1` keeps what is said now.

use std::{env, fs, path::Path};

use super::{Ended, Watchkeeper};

/// A transcript of calls.
pub(crate) struct Transcript {
    /// The folder of the module that keeps it.
    module: &'static str,
    /// A line with words in place of what changes from run to run.
    redacted: fn(&str) -> String,
    /// What else changes, and what is written in its place.
    replaced: Vec<(String, String)>,
    text: String,
}

impl Transcript {
    /// An empty one of the module in a folder of that name.
    pub(crate) fn of(module: &'static str, redacted: fn(&str) -> String) -> Self {
        Self { module, redacted, replaced: Vec::new(), text: String::new() }
    }

    /// Writes `word` where `text` is shown.
    pub(crate) fn replace(mut self, text: impl Into<String>, word: &str) -> Self {
        self.replaced.push((text.into(), word.to_owned()));
        self
    }

    /// Calls the program in a folder, and notes it.
    pub(crate) fn call(&mut self, folder: &Path, arguments: &[&str]) -> Ended {
        let ended = Watchkeeper::call_in(folder, arguments);
        self.note(arguments, &ended);
        ended
    }

    /// Asks a running instance, and notes it.
    pub(crate) fn ask(&mut self, watchkeeper: &Watchkeeper, arguments: &[&str]) -> Ended {
        let ended = watchkeeper.ask(arguments);
        self.note(arguments, &ended);
        ended
    }

    /// Notes what was asked, what was said and how it ended.
    pub(crate) fn note(&mut self, arguments: &[&str], ended: &Ended) {
        let code = ended.code.map_or("a signal".to_owned(), |code| code.to_string());
        let mut text = format!("$ watchkeeper {}\n{}", arguments.join(" "), ended.stdout);
        if !ended.stderr.is_empty() {
            text += &format!("--- on stderr\n{}", ended.stderr);
        }
        text += &format!("--- exit code {code}\n\n");
        for (from, to) in &self.replaced {
            text = text.replace(from, to);
        }
        self.text.extend(text.split_inclusive('\n').map(self.redacted));
    }

    /// Compares it with the one that is kept.
    #[track_caller]
    pub(crate) fn check(&self, name: &str) {
        let file = format!("{}/../../tests/{}/snapshots/{name}.txt", env!("CARGO_MANIFEST_DIR"), self.module);
        if env::var_os("BLESS").is_some() {
            fs::write(&file, &self.text).expect("our folder");
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == self.text, "{name}: BLESS=1 keeps what is said now:\n{}\nkept:\n{kept}", self.text);
    }
}

/// A line with `TIME` and `DIGEST` for such, and with what `written` writes for other words.
pub(crate) fn reworded(line: &str, written: impl Fn(&str) -> Option<&'static str>) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || ".:-".contains(c);
    let mut reworded = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        reworded += match word {
            word if word.starts_with("sha256:") => "DIGEST",
            word if word.parse::<jiff::Timestamp>().is_ok() => "TIME",
            word => written(word).unwrap_or(word),
        };
        let other = after.chars().next().map_or(0, char::len_utf8);
        reworded += &after[..other];
        rest = &after[other..];
    }
    reworded
}
