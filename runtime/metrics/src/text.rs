//! Series as lines. A sample's line is the same in both formats, so that one rendering serves both; only the
//! lines before a family's samples differ. `le` is written as OpenMetrics wants it (`1.0`), which Prometheus
//! makes of the text format's too.

use std::sync::Arc;

use watchkeeper_model::{JobName, PluginName};

use crate::{
    Format,
    block::{Block, Buckets, Point},
    spec::{FamilySpec, Kind},
};

/// Whole numbers up to here are written without a fraction; beyond, not every whole number is a double.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Bytes foreseen in a line for what isn't name or labels: braces, the value, a histogram's suffix and bound.
const VALUE_SPACE: usize = 32;

/// The labels that every series of a job begins with.
pub(crate) fn prefix(job: &JobName, plugin: &PluginName) -> String {
    let mut out = String::new();
    label(&mut out, "job_name", job.as_str());
    out.push(',');
    label(&mut out, "plugin", plugin.as_str());
    out
}

/// Writes `name="value"`. The escapes (`\\`, `\"`, `\n`) are those of both formats.
pub(crate) fn label(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value, true);
    out.push('"');
}

/// Writes a text with backslash and line feed escaped, and the double quote where `quotes`.
pub(crate) fn escape(out: &mut String, mut text: &str, quotes: bool) {
    let special = |byte: u8| byte == b'\\' || byte == b'\n' || (quotes && byte == b'"');
    while let Some((before, byte, after)) = text.bytes().position(special).and_then(|place| {
        let (before, rest) = text.split_at_checked(place)?;
        Some((before, rest.bytes().next()?, rest.get(1..)?))
    }) {
        out.push_str(before);
        out.push_str(match byte {
            b'\n' => "\\n",
            b'"' => "\\\"",
            _ => "\\\\",
        });
        text = after;
    }
    out.push_str(text);
}

/// The lines before a family's samples. `name` is the family's in that format.
pub(crate) fn header(format: Format, name: &str, kind: &str, unit: Option<&str>, help: &str) -> String {
    let mut escaped = String::with_capacity(help.len());
    escape(&mut escaped, help, format == Format::OpenMetrics);
    match (format, unit) {
        (Format::Text, _) => format!("# HELP {name} {escaped}\n# TYPE {name} {kind}\n"),
        (Format::OpenMetrics, None) => format!("# TYPE {name} {kind}\n# HELP {name} {escaped}\n"),
        (Format::OpenMetrics, Some(unit)) => {
            format!("# TYPE {name} {kind}\n# UNIT {name} {unit}\n# HELP {name} {escaped}\n")
        }
    }
}

/// Writes a value: the shortest text that reads back as the same number, whole numbers without a fraction.
pub(crate) fn number(out: &mut String, value: f64) {
    if value.fract() == 0.0 && value.abs() <= MAX_WHOLE {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within ±2^53")]
        out.push_str(itoa::Buffer::new().format(value as i64));
    } else {
        float(out, value);
    }
}

/// Writes a number with a fraction or an exponent, as bounds are written.
pub(crate) fn float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        out.push_str(ryu::Buffer::new().format_finite(value));
    }
}

/// The lines of some jobs' series in one family.
pub(crate) fn blocks(spec: &FamilySpec, blocks: &[Arc<Block>]) -> String {
    let line = |block: &Block, labels: &str| spec.name.len() + block.prefix.len() + labels.len() + VALUE_SPACE;
    let lines = |block: &Block| block.points.keys().map(|labels| line(block, labels)).sum::<usize>();
    let bytes: usize = blocks.iter().map(|block| lines(block)).sum();
    let mut out = String::with_capacity(bytes * spec.lines_per_series());
    match spec.kind {
        Kind::Gauge | Kind::Counter => blocks.iter().for_each(|block| numbers(&mut out, spec, block)),
        Kind::Histogram => {
            let bounds = bounds(&spec.buckets);
            blocks.iter().for_each(|block| histograms(&mut out, spec, &bounds, block));
        }
    }
    out
}

fn numbers(out: &mut String, spec: &FamilySpec, block: &Block) {
    for (labels, point) in &block.points {
        if let Point::Number(value) = point {
            head(out, &spec.name, "", &block.prefix, labels);
            out.push_str("} ");
            number(out, *value);
            out.push('\n');
        }
    }
}

fn histograms(out: &mut String, spec: &FamilySpec, bounds: &[String], block: &Block) {
    for (labels, point) in &block.points {
        if let Point::Buckets(buckets) = point {
            histogram(out, &spec.name, bounds, &block.prefix, labels, buckets);
        }
    }
}

fn histogram(out: &mut String, name: &str, bounds: &[String], prefix: &str, labels: &str, buckets: &Buckets) {
    let mut below = 0u64;
    let mut count = itoa::Buffer::new();
    for (bound, inside) in bounds.iter().zip(&buckets.counts) {
        below += inside;
        head(out, name, "_bucket", prefix, labels);
        out.push_str(",le=\"");
        out.push_str(bound);
        out.push_str("\"} ");
        out.push_str(count.format(below));
        out.push('\n');
    }
    head(out, name, "_sum", prefix, labels);
    out.push_str("} ");
    number(out, buckets.sum);
    out.push('\n');
    head(out, name, "_count", prefix, labels);
    out.push_str("} ");
    out.push_str(count.format(below));
    out.push('\n');
}

fn head(out: &mut String, name: &str, suffix: &str, prefix: &str, labels: &str) {
    out.push_str(name);
    out.push_str(suffix);
    out.push('{');
    out.push_str(prefix);
    out.push_str(labels);
}

/// The values of `le`, the last one `+Inf`.
fn bounds(buckets: &[f64]) -> Vec<String> {
    let all = buckets.iter().copied().chain([f64::INFINITY]);
    all.map(|bound| {
        let mut out = String::new();
        float(&mut out, bound);
        out
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{escape, number};

    fn written(value: f64) -> String {
        let mut out = String::new();
        number(&mut out, value);
        out
    }

    #[test]
    fn numbers_are_short_and_familiar() {
        for (value, text) in [
            (0.0, "0"),
            (-1.0, "-1"),
            (1e15, "1000000000000000"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e22, "1e22"),
            (0.1, "0.1"),
            (1e-7, "1e-7"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn a_help_text_escapes_quotes_only_where_the_format_says_so() {
        let escaped = |quotes| {
            let mut out = String::new();
            escape(&mut out, "a\\b\n\"ü\"", quotes);
            out
        };
        assert_eq!(escaped(false), "a\\\\b\\n\"ü\"");
        assert_eq!(escaped(true), "a\\\\b\\n\\\"ü\\\"");
    }

    proptest! {
        #[test]
        fn every_number_reads_back_as_itself(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let read: f64 = written(value).parse().unwrap();
            assert!(read == value || (read.is_nan() && value.is_nan()), "{value} {read}");
        }
    }
}
