//! Reads an exposition back, strictly: written from the formats' documents, not from the code under test.
//! Panics on what they forbid.

use std::collections::{BTreeMap, HashSet};

use watchkeeper_metrics::Format;

/// An exposition, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exposition {
    /// By name as the format has it: OpenMetrics names a counter without `_total`.
    pub(crate) families: BTreeMap<String, Family>,
    /// From `name{label="value",…}` in plain characters to the value, NaN as a text.
    pub(crate) series: BTreeMap<(String, Vec<(String, String)>), String>,
}

/// What stands before a family's samples.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
}

impl Exposition {
    /// The value of a series given its name and its labels, without the quotes: `a{job_name=x,plugin=probe}`.
    pub(crate) fn value(&self, series: &str) -> Option<&str> {
        let shown = |name: &str, labels: &[(String, String)]| {
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{name}{{{}}}", labels.join(","))
        };
        self.series.iter().find(|((name, labels), _)| shown(name, labels) == series).map(|(_, value)| value.as_str())
    }

    /// How many series begin with a name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.series.keys().filter(|(series, _)| series == name).count()
    }
}

/// Reads a text.
pub(crate) fn parse(format: Format, text: &str) -> Exposition {
    let body = match format {
        Format::Text => text,
        Format::OpenMetrics => text.strip_suffix("# EOF\n").expect("OpenMetrics ends in # EOF"),
    };
    assert!(body.is_empty() || body.ends_with('\n'), "the last line ends");
    let mut read = Exposition { families: BTreeMap::new(), series: BTreeMap::new() };
    let (mut current, mut in_samples) = (String::new(), false);
    let mut groups = Vec::new();
    for line in body.split_terminator('\n') {
        if let Some(comment) = line.strip_prefix("# ") {
            let (word, rest) = comment.split_once(' ').unwrap();
            let (name, rest) = rest.split_once(' ').unwrap();
            if in_samples || name != current {
                assert!(!read.families.contains_key(name), "{name} is there twice");
                (current, in_samples) = (name.to_owned(), false);
            }
            let family = read.families.entry(current.clone()).or_default();
            match word {
                "HELP" => family.help = unescape(rest, format == Format::OpenMetrics),
                "TYPE" => family.kind = rest.to_owned(),
                "UNIT" => family.unit = Some(rest.to_owned()),
                other => panic!("{other}"),
            }
        } else {
            in_samples = true;
            let (name, labels, value) = sample(line);
            let family = &read.families[&current];
            assert!(belongs(format, &current, &family.kind, &name), "{name} under {current}");
            if family.kind == "histogram" {
                groups.push((current.clone(), name.clone(), labels.clone(), value));
            }
            let value = if value.is_nan() { "NaN".to_owned() } else { format!("{value:?}") };
            assert!(read.series.insert((name, labels), value).is_none(), "twice: {line}");
        }
    }
    for (name, family) in &read.families {
        if let Some(unit) = &family.unit {
            assert!(name.ends_with(&format!("_{unit}")), "{name} {unit}");
        }
    }
    histograms(&groups);
    read
}

fn belongs(format: Format, family: &str, kind: &str, name: &str) -> bool {
    let suffix = name.strip_prefix(family);
    match (kind, format) {
        ("histogram", _) => matches!(suffix, Some("_bucket" | "_sum" | "_count")),
        ("counter", Format::OpenMetrics) => suffix == Some("_total"),
        ("counter" | "gauge" | "unknown", _) => suffix == Some(""),
        _ => false,
    }
}

type Line = (String, String, Vec<(String, String)>, f64);

/// Each histogram's lines stand together: buckets with rising bounds and counts up to +Inf, then a sum and
/// that count.
fn histograms(lines: &[Line]) {
    let (mut seen, mut rest) = (HashSet::new(), lines);
    while let [(family, _, first, _), ..] = rest {
        let own = |labels: &[(String, String)]| -> Vec<_> {
            labels.iter().filter(|(name, _)| name != "le").cloned().collect()
        };
        let identity = own(first);
        assert!(seen.insert((family.clone(), identity.clone())), "a histogram in two places");
        let (mut bound, mut below) = (f64::NEG_INFINITY, 0.0);
        while bound != f64::INFINITY {
            let (_, name, labels, value) = &rest[0];
            assert_eq!((name, &own(labels)), (&format!("{family}_bucket"), &identity));
            let le: f64 = labels.iter().find(|(name, _)| name == "le").unwrap().1.parse().unwrap();
            assert!(le > bound && *value >= below);
            (bound, below, rest) = (le, *value, &rest[1..]);
        }
        assert_eq!((&rest[0].1, &rest[0].2), (&format!("{family}_sum"), &identity));
        assert_eq!((&rest[1].1, &rest[1].2, rest[1].3), (&format!("{family}_count"), &identity, below));
        rest = &rest[2..];
    }
}

/// Reads `name{label="value",…} value`.
fn sample(line: &str) -> (String, Vec<(String, String)>, f64) {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    let mut labels: Vec<(String, String)> = Vec::new();
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            let (label, after) = inner.split_once("=\"").unwrap();
            assert!(label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{label:?}");
            assert!(labels.iter().all(|(earlier, _)| earlier != label), "{label} twice");
            let close = closing_quote(after);
            labels.push((label.to_owned(), unescape(&after[..close], true)));
            match &after[close + 1..] {
                next if next.starts_with(',') => inner = &next[1..],
                next => {
                    rest = next.strip_prefix('}').unwrap();
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').unwrap();
    assert!(!value.contains(' '), "a value and nothing else: {line}");
    (name.to_owned(), labels, value.parse().unwrap())
}

/// Where the quote is that no backslash hides.
fn closing_quote(text: &str) -> usize {
    let mut hidden = false;
    for (place, c) in text.char_indices() {
        match c {
            '"' if !hidden => return place,
            '\\' => hidden = !hidden,
            _ => hidden = false,
        }
    }
    panic!("no closing quote in {text:?}");
}

fn unescape(text: &str, quotes: bool) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(match chars.next() {
                Some('n') => '\n',
                Some('\\') => '\\',
                Some('"') if quotes => '"',
                other => panic!("no such escape: {other:?} in {text:?}"),
            }),
            '"' if quotes => panic!("a bare quote in {text:?}"),
            _ => out.push(c),
        }
    }
    out
}
