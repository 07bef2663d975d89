//! Reads samples from Prometheus' text format, so that tests can compare single series. Whether the text is valid is
//! for promtool to say.

use std::collections::BTreeMap;

/// The samples of one scrape.
#[derive(Debug)]
pub(crate) struct Exposition(Vec<Sample>);

/// One line: a name, labels, a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Exposition {
    /// Reads a body of text format 0.0.4 or OpenMetrics 1.0; timestamps and exemplars are left aside.
    ///
    /// # Panics
    /// At a line that is no sample, comment or blank.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(lines.map(|line| sample(line).unwrap_or_else(|| panic!("no sample: {line}"))).collect())
    }

    /// All samples of a name whose labels hold the given ones.
    pub(crate) fn all(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Sample> {
        let holds = |sample: &Sample| {
            labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|found| found == value))
        };
        self.0.iter().filter(|sample| sample.name == name && holds(sample)).collect()
    }

    /// The value of the only sample of a name whose labels hold the given ones; none if there is none.
    ///
    /// # Panics
    /// If there are several.
    #[track_caller]
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.all(name, labels);
        assert!(found.len() < 2, "{name} {labels:?} is not one series: {found:?}");
        found.first().map(|sample| sample.value)
    }
}

fn sample(line: &str) -> Option<Sample> {
    let name_end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(name_end);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            rest = rest.trim_start_matches(',');
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let (label, value) = rest.split_once("=\"")?;
            let (value, after) = quoted(value)?;
            labels.insert(label.to_owned(), value);
            rest = after;
        }
    }
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// Reads up to the closing quote; returns the text without escapes, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[test]
fn samples_are_read_with_their_labels() {
    let text = "# HELP a help\n# TYPE a gauge\na 1\nb{x=\"1\",y=\"q\\\"}\\n\"} 2.5e3 1700000000\nc{} +Inf\n";
    let scrape = Exposition::parse(text);
    assert_eq!(scrape.value("a", &[]), Some(1.0));
    assert_eq!(scrape.value("b", &[("x", "1"), ("y", "q\"}\n")]), Some(2500.0));
    assert_eq!(scrape.value("b", &[("x", "2")]), None);
    assert_eq!(scrape.value("c", &[]), Some(f64::INFINITY));
}
