//! Prometheus' rules for names, as far as a declaration shows them; the host checks the same for plugins that don't come
//! through here.

use proc_macro2::{Ident, Span};
use syn::{Error, Expr, ExprLit, Lit, LitStr, Result, Token, punctuated::Punctuated};

/// Labels that the host or Prometheus sets.
const RESERVED_LABELS: [&str; 6] = ["instance", "job", "job_name", "le", "plugin", "quantile"];
/// Suffixes that expositions give to the parts of a family.
const RESERVED_SUFFIXES: [&str; 4] = ["_bucket", "_count", "_created", "_sum"];
/// What the host calls its own families.
const HOST_PREFIXES: [&str; 2] = ["process_", "watchkeeper_"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

impl Kind {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "Gauge" => Some(Self::Gauge),
            "Counter" => Some(Self::Counter),
            "Histogram" => Some(Self::Histogram),
            _ => None,
        }
    }

    /// The function of `Families` that declares this kind.
    pub(super) fn method(self) -> Ident {
        let name = match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        };
        Ident::new(name, Span::call_site())
    }
}

pub(super) fn name(kind: Kind, name: &LitStr, unit: Option<&LitStr>) -> Result<()> {
    let text = name.value();
    if !is_name(&text) {
        return Err(Error::new_spanned(
            name,
            format!("`{text}` is not a metric name: use lower-case letters, digits and `_`, beginning with a letter"),
        ));
    }
    if let Some(prefix) = HOST_PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) {
        return Err(Error::new_spanned(name, format!("names that begin with `{prefix}` are the host's own")));
    }
    if let Some(suffix) = RESERVED_SUFFIXES.iter().find(|suffix| text.ends_with(**suffix)) {
        return Err(Error::new_spanned(
            name,
            format!("`{text}` ends in `{suffix}`, which names a part of a histogram"),
        ));
    }
    let stem = match (kind, text.strip_suffix("_total")) {
        (Kind::Counter, Some(stem)) => stem,
        (Kind::Counter, None) => {
            return Err(Error::new_spanned(name, format!("a counter's name ends in `_total`: `{text}_total`")));
        }
        (_, Some(_)) => {
            return Err(Error::new_spanned(name, format!("`{text}` ends in `_total`, which is for counters")));
        }
        (_, None) => &text,
    };
    match unit {
        Some(unit) if !stem.ends_with(&format!("_{}", unit.value())) => Err(Error::new_spanned(
            unit,
            format!(
                "the name `{text}` doesn't say its unit: it should end in `_{}`{}",
                unit.value(),
                before_total(kind)
            ),
        )),
        _ => Ok(()),
    }
}

fn before_total(kind: Kind) -> &'static str {
    if kind == Kind::Counter { " before `_total`" } else { "" }
}

pub(super) fn labels(labels: &[&LitStr]) -> Result<()> {
    let mut seen = Vec::new();
    for label in labels {
        let text = label.value();
        if !is_name(&text) {
            return Err(Error::new_spanned(
                label,
                format!(
                    "`{text}` is not a label name: use lower-case letters, digits and `_`, beginning with a letter"
                ),
            ));
        }
        if RESERVED_LABELS.contains(&text.as_str()) {
            return Err(Error::new_spanned(label, format!("the label `{text}` is set by the host or by Prometheus")));
        }
        if seen.contains(&text) {
            return Err(Error::new_spanned(label, format!("the label `{text}` is given twice")));
        }
        seen.push(text);
    }
    Ok(())
}

/// The bounds as numbers: at least one, ascending, and only for a histogram.
pub(super) fn buckets(kind: Kind, field: &Ident, bounds: Option<&Punctuated<Expr, Token![,]>>) -> Result<Vec<f64>> {
    let bounds = match (kind, bounds) {
        (Kind::Histogram, Some(bounds)) if !bounds.is_empty() => bounds,
        (Kind::Histogram, _) => {
            return Err(Error::new_spanned(
                field,
                "a histogram needs its upper bounds: `#[metric(buckets(0.1, 1, 10))]`",
            ));
        }
        (_, Some(bounds)) => return Err(Error::new_spanned(bounds, "only a histogram has buckets")),
        (_, None) => return Ok(Vec::new()),
    };
    let mut numbers: Vec<f64> = Vec::new();
    for bound in bounds {
        let number = number(bound)?;
        if numbers.last().is_some_and(|last| *last >= number) {
            return Err(Error::new_spanned(bound, "bounds ascend"));
        }
        numbers.push(number);
    }
    Ok(numbers)
}

fn number(bound: &Expr) -> Result<f64> {
    let parsed = match bound {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => number.base10_parse().ok(),
        _ => None,
    };
    parsed
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| Error::new_spanned(bound, "a bound is a number, not negative"))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
