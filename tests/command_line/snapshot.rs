//! Calls of the program as a transcript, and its comparison with the one in `snapshots/`.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

/// A transcript of calls.
#[derive(Default)]
pub(super) struct Transcript {
    text: String,
    /// What changes from run to run, and what is written in its place.
    replaced: Vec<(String, String)>,
}

impl Transcript {
    /// Writes `word` where `text` is shown.
    pub(super) fn replace(mut self, text: impl Into<String>, word: &str) -> Self {
        self.replaced.push((text.into(), word.to_owned()));
        self
    }

    /// Calls the program in a folder, and notes what it was asked, what it said and how it ended.
    pub(super) fn call(&mut self, folder: &Path, arguments: &[&str]) -> Output {
        let output = call(folder, arguments);
        let code = output.status.code().map_or("a signal".to_owned(), |code| code.to_string());
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let mut text = format!("$ watchkeeper {}\n{stdout}", arguments.join(" "));
        if !stderr.is_empty() {
            text += &format!("--- on stderr\n{stderr}");
        }
        text += &format!("--- exit code {code}\n\n");
        for (from, to) in &self.replaced {
            text = text.replace(from, to);
        }
        self.text += &redacted(&text);
        output
    }

    /// Compares it with the one that is kept.
    #[track_caller]
    pub(super) fn check(&self, name: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/command_line/snapshots/{name}.txt"));
        if env::var_os("BLESS").is_some() {
            fs::write(&file, &self.text).expect("our folder");
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == self.text, "{name}: BLESS=1 keeps what is said now:\n{}\nkept:\n{kept}", self.text);
    }
}

/// Calls the program in a folder.
pub(super) fn call(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchkeeper"));
    command.args(arguments).current_dir(folder).output().expect("watchkeeper is built")
}

/// Times, digests, and what a build or a run cost, as words.
fn redacted(text: &str) -> String {
    text.split_inclusive('\n').map(redacted_line).collect()
}

fn redacted_line(line: &str) -> String {
    let costs = ["KiB", " ms", "_bytes\"", "_seconds\""].iter().any(|unit| line.contains(unit));
    let part = |c: char| c.is_ascii_alphanumeric() || ".:-".contains(c);
    let mut redacted = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        redacted += match word {
            word if word.starts_with("sha256:") => "DIGEST",
            word if word.parse::<jiff::Timestamp>().is_ok() => "TIME",
            word if costs && word.parse::<f64>().is_ok() => "NUMBER",
            word => word,
        };
        let other = after.chars().next().map_or(0, char::len_utf8);
        redacted += &after[..other];
        rest = &after[other..];
    }
    redacted
}
