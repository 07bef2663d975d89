//! The host's process-wide metrics, gathered from a `prometheus` registry, in both formats. They are few, so
//! they are rendered at each scrape. The registry's owner is the host itself: names and labels have been
//! checked by that crate.

use std::collections::HashSet;

use prometheus::proto::{Metric, MetricFamily, MetricType};

use crate::{Format, state::Names, text};

/// Renders gathered counters, gauges and histograms, the kinds that the `prometheus` crate has. A family of
/// which another one, in the store or before it, has a name already is left out: a name twice would make the
/// whole exposition invalid.
pub(crate) fn render(format: Format, families: &[MetricFamily], taken: &Names) -> String {
    let mut out = String::new();
    let mut seen = HashSet::new();
    for family in families {
        let names = names(family);
        if names.iter().any(|name| taken.contains_key(name) || seen.contains(name)) {
            continue;
        }
        seen.extend(names);
        let (name, kind) = match (family.get_field_type(), format) {
            (MetricType::GAUGE, _) => (family.name(), "gauge"),
            (MetricType::HISTOGRAM, _) => (family.name(), "histogram"),
            (MetricType::COUNTER, Format::Text) => (family.name(), "counter"),
            (MetricType::COUNTER, Format::OpenMetrics) => match family.name().strip_suffix("_total") {
                Some(base) => (base, "counter"),
                None => (family.name(), "unknown"),
            },
            _ => continue,
        };
        out.push_str(&text::header(format, name, kind, None, family.help()));
        for metric in family.get_metric() {
            self::metric(&mut out, family, metric);
        }
    }
    out
}

fn names(family: &MetricFamily) -> Vec<String> {
    let name = family.name();
    let (base, suffixes): (_, &[&str]) = match family.get_field_type() {
        MetricType::COUNTER => (name.strip_suffix("_total").unwrap_or(name), &["", "_total", "_created"]),
        MetricType::HISTOGRAM => (name, &["", "_bucket", "_sum", "_count", "_created"]),
        _ => (name, &[""]),
    };
    suffixes.iter().map(|suffix| format!("{base}{suffix}")).collect()
}

fn metric(out: &mut String, family: &MetricFamily, metric: &Metric) {
    match family.get_field_type() {
        MetricType::GAUGE => sample(out, family.name(), "", metric, None, metric.get_gauge().get_value()),
        MetricType::HISTOGRAM => histogram(out, family.name(), metric),
        _ => sample(out, family.name(), "", metric, None, metric.get_counter().get_value()),
    }
}

fn histogram(out: &mut String, name: &str, metric: &Metric) {
    let histogram = metric.get_histogram();
    #[expect(clippy::cast_precision_loss, reason = "counts are doubles in the exposition")]
    let count = histogram.get_sample_count() as f64;
    for bucket in histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()) {
        #[expect(clippy::cast_precision_loss, reason = "counts are doubles in the exposition")]
        sample(out, name, "_bucket", metric, Some(bucket.upper_bound()), bucket.cumulative_count() as f64);
    }
    sample(out, name, "_bucket", metric, Some(f64::INFINITY), count);
    sample(out, name, "_sum", metric, None, histogram.get_sample_sum());
    sample(out, name, "_count", metric, None, count);
}

fn sample(out: &mut String, name: &str, suffix: &str, metric: &Metric, bound: Option<f64>, value: f64) {
    out.push_str(name);
    out.push_str(suffix);
    let mut separator = '{';
    for pair in metric.get_label() {
        out.push(separator);
        text::label(out, pair.name(), pair.value());
        separator = ',';
    }
    if let Some(bound) = bound {
        out.push(separator);
        out.push_str("le=\"");
        text::float(out, bound);
        out.push('"');
        separator = ',';
    }
    if separator == ',' {
        out.push('}');
    }
    out.push(' ');
    text::number(out, value);
    out.push('\n');
}
