//! What is the same on each run: times, ages, names of runs, digests and costs as words, columns two spaces apart.

use super::TIMEOUT;
use crate::support::{Deployment, Transcript, Watchkeeper, reworded};

/// A transcript of calls that ask an instance.
pub(super) fn transcript(deployment: &Deployment, watchkeeper: &Watchkeeper) -> Transcript {
    let folder = deployment.path("").display().to_string();
    let transcript = Transcript::of("client_commands", redacted).replace(folder, "FOLDER/");
    transcript.replace(watchkeeper.address(), "ADDRESS")
}

fn redacted(line: &str) -> String {
    let line = reworded(line, |word| match word {
        word if is_run(word) => Some("RUN"),
        word if is_measure(word) => Some("SPAN"),
        _ => None,
    });
    let indent = line.len() - line.trim_start_matches(' ').len();
    let columns: Vec<_> = line.trim_end().split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    let line = format!("{}{}\n", " ".repeat(indent), columns.join("  "));
    ["KiB", "MiB"].iter().fold(line, |line, unit| sized(&line, unit))
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
    ["s", "ms", "us", "m", "h", "d"].contains(&unit) && number.parse::<f64>().is_ok() && word != TIMEOUT
}
