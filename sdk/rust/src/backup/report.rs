//! What a run says to people: one line of what was done, or an error of the worst that happened with that line after it.

use crate::Error;

/// What was done in a run, and what went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    done: Vec<String>,
    problems: Vec<(String, Error)>,
}

impl Report {
    /// Adds something that was done.
    pub fn done(&mut self, what: impl Into<String>) {
        self.done.push(what.into());
    }

    /// Adds something that went wrong with something: the run fails with it.
    pub fn problem(&mut self, what: impl Into<String>, error: impl Into<Error>) {
        self.problems.push((what.into(), error.into()));
    }

    /// The line of a run in which nothing is wrong.
    ///
    /// # Errors
    /// The worst that happened, with all that happened in its text.
    pub fn finish(self) -> Result<String, Error> {
        let line = self.done.join("; ");
        match Error::of_all(&self.problems, &line) {
            Some(error) => Err(error),
            None => Ok(line),
        }
    }
}

/// A size for people: `640 B`, `1.5 MiB`.
pub fn show_bytes(bytes: u64) -> String {
    let unit = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")].into_iter().find(|(bits, _)| bytes >> bits > 0);
    match unit {
        Some((bits, unit)) => format!("{:.1} {unit}", bytes as f64 / (1_u64 << bits) as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_sizes_in_the_unit_that_suits() {
        let shown = [0, 640, 1_572_864, 3 << 40].map(show_bytes);
        assert_eq!(shown, ["0 B", "640 B", "1.5 MiB", "3.0 TiB"]);
    }
}
