//! The rules that a family keeps before any of its samples is taken: Prometheus' names and conventions, and
//! what the host keeps for itself. Rules between families are in `declare`.

use crate::spec::{FamilySpec, Kind};

/// The longest metric name, in bytes.
const MAX_NAME: usize = 128;
/// The longest help text, in bytes.
const MAX_HELP: usize = 1_024;
/// The most buckets of a histogram.
const MAX_BUCKETS: usize = 64;
/// Beginnings of names that belong to the host: its own families and those of its process.
const HOST_PREFIXES: [&str; 2] = ["watchkeeper_", "process_"];
/// Suffixes that Prometheus reads as a part of a histogram, summary or counter.
const DERIVED_SUFFIXES: [&str; 4] = ["_bucket", "_sum", "_count", "_created"];
/// Labels that Prometheus, the exposition or the host sets.
const RESERVED_LABELS: [&str; 6] = ["job", "instance", "job_name", "plugin", "le", "quantile"];

/// Why a family can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FamilyError {
    /// Not the JSON of the contract.
    #[error(
        "metric families: {0}\nhint: `describe` returns a JSON array of objects with `name`, `type`, `help` and, where \
         needed, `unit`, `labels` and `buckets`"
    )]
    Json(String),
    /// A family breaks a rule.
    #[error("metric family `{family}`: {rule}")]
    Rule {
        /// Its name, cut to 256 characters, control characters escaped.
        family: String,
        /// The rule.
        rule: Rule,
    },
}

/// A rule for one family. The text says what is wrong and, after `hint:`, what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Outside Prometheus' classic alphabet, or too long.
    #[error(
        "not a metric name\nhint: use letters, digits and `_`, not beginning with a digit, at most {MAX_NAME} bytes"
    )]
    Name,
    /// A plugin's family with a name of the host's.
    #[error("names that begin with `{0}` are the host's\nhint: begin with what is measured, such as `chain_`")]
    HostName(&'static str),
    /// A family of the host without the host's prefix.
    #[error("a family of the host begins with `watchkeeper_`")]
    NotHostName,
    /// A counter without `_total`.
    #[error("a counter's name ends in `_total`\nhint: add `_total`, or make it a gauge")]
    CounterSuffix,
    /// `_total` on something else.
    #[error("only a counter's name ends in `_total`\nhint: drop `_total`, or make it a counter")]
    TotalSuffix,
    /// A name that reads as a part of another family.
    #[error("a name that ends in `{0}` reads as a part of another family\nhint: choose another last word")]
    DerivedSuffix(&'static str),
    /// No help, or too much.
    #[error("the help is empty or longer than {MAX_HELP} bytes\nhint: say in one line what is measured")]
    Help,
    /// A unit that is not the name's suffix.
    #[error("the unit `{0}` is not the last word of the name\nhint: end the name in `_{0}` (a counter: `_{0}_total`)")]
    Unit(String),
    /// A label outside Prometheus' classic alphabet.
    #[error("`{0}` is not a label name\nhint: use letters, digits and `_`, not beginning with a digit or `__`")]
    Label(String),
    /// A label that others set.
    #[error("the label `{0}` is set by Prometheus or the host\nhint: choose another name")]
    ReservedLabel(String),
    /// A label named twice.
    #[error("the label `{0}` is named twice")]
    DoubleLabel(String),
    /// Buckets of something else than a histogram.
    #[error("only a histogram has buckets")]
    BucketsWithoutHistogram,
    /// Bounds that can't be a histogram's.
    #[error(
        "a histogram's bounds are finite, not negative and strictly increasing, at most {MAX_BUCKETS}\nhint: leave out \
         infinity, it is always there; use a gauge for values below zero"
    )]
    Buckets,
}

/// Whose family is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owned {
    ByPlugin,
    ByHost,
}

/// Checks one family on its own.
pub(crate) fn check(spec: &FamilySpec, owned: Owned) -> Result<(), FamilyError> {
    let rules = [name, suffix, help, unit, labels, buckets];
    owner(spec, owned)
        .and_then(|()| rules.iter().try_for_each(|rule| rule(spec)))
        .map_err(|rule| FamilyError::Rule { family: quote(&spec.name), rule })
}

/// A plugin's text, fit for an error message: cut to 256 characters, control characters escaped.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(256) {
        if c.is_control() { out.extend(c.escape_debug()) } else { out.push(c) }
    }
    out
}

fn is_identifier(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn owner(spec: &FamilySpec, owned: Owned) -> Result<(), Rule> {
    let prefix = HOST_PREFIXES.into_iter().find(|prefix| spec.name.starts_with(prefix));
    match (owned, prefix) {
        (Owned::ByPlugin, Some(prefix)) => Err(Rule::HostName(prefix)),
        (Owned::ByHost, Some("watchkeeper_")) | (Owned::ByPlugin, None) => Ok(()),
        (Owned::ByHost, _) => Err(Rule::NotHostName),
    }
}

fn name(spec: &FamilySpec) -> Result<(), Rule> {
    let fits = spec.name.len() <= MAX_NAME && is_identifier(&spec.name) && !spec.base_name().is_empty();
    fits.then_some(()).ok_or(Rule::Name)
}

fn suffix(spec: &FamilySpec) -> Result<(), Rule> {
    match (spec.kind, spec.name.ends_with("_total")) {
        (Kind::Counter, true) => Ok(()),
        (Kind::Counter, false) => Err(Rule::CounterSuffix),
        (_, true) => Err(Rule::TotalSuffix),
        (_, false) => match DERIVED_SUFFIXES.into_iter().find(|suffix| spec.name.ends_with(suffix)) {
            Some(suffix) => Err(Rule::DerivedSuffix(suffix)),
            None => Ok(()),
        },
    }
}

fn help(spec: &FamilySpec) -> Result<(), Rule> {
    let fits = !spec.help.trim().is_empty() && spec.help.len() <= MAX_HELP;
    fits.then_some(()).ok_or(Rule::Help)
}

fn unit(spec: &FamilySpec) -> Result<(), Rule> {
    let Some(unit) = &spec.unit else { return Ok(()) };
    let rest = spec.base_name().strip_suffix(unit.as_str()).filter(|_| !unit.is_empty());
    match rest {
        Some(rest) if rest.len() > 1 && rest.ends_with('_') => Ok(()),
        _ => Err(Rule::Unit(quote(unit))),
    }
}

fn labels(spec: &FamilySpec) -> Result<(), Rule> {
    for (place, label) in spec.labels.iter().enumerate() {
        if RESERVED_LABELS.contains(&label.as_str()) {
            return Err(Rule::ReservedLabel(label.clone()));
        }
        if !is_identifier(label) || label.starts_with("__") {
            return Err(Rule::Label(quote(label)));
        }
        if spec.labels.iter().take(place).any(|earlier| earlier == label) {
            return Err(Rule::DoubleLabel(quote(label)));
        }
    }
    Ok(())
}

fn buckets(spec: &FamilySpec) -> Result<(), Rule> {
    if spec.kind != Kind::Histogram {
        return spec.buckets.is_empty().then_some(()).ok_or(Rule::BucketsWithoutHistogram);
    }
    let increasing = spec.buckets.is_sorted_by(|low, high| low < high);
    let fits = spec.buckets.iter().all(|bound| bound.is_finite() && *bound >= 0.0);
    let few = (1..=MAX_BUCKETS).contains(&spec.buckets.len());
    (increasing && fits && few).then_some(()).ok_or(Rule::Buckets)
}

#[cfg(test)]
mod tests {
    use crate::{FamilyError, FamilySpec, Kind, Rule, parse_families};

    /// What is wrong with one family given as the fields after its help.
    fn broken(fields: &str) -> Rule {
        match parse_families(&format!(r#"[{{"help": "A number.", {fields}}}]"#)) {
            Err(FamilyError::Rule { rule, .. }) => rule,
            other => panic!("{fields}: {other:?}"),
        }
    }

    #[test]
    fn a_description_is_read_as_the_contract_has_it() {
        let families = parse_families(
            r#"[{"name": "chain_height", "type": "gauge", "help": "Height.", "labels": ["tag"]},
                {"name": "chain_gas_wei_total", "type": "counter", "help": "Gas.", "unit": "wei", "labels": [], "buckets": []},
                {"name": "rpc_duration_seconds", "type": "histogram", "help": "Time.", "unit": null, "buckets": [1, 2.5]},
                {"name": "head_delay_seconds", "type": "histogram", "help": "Delay.", "unit": "seconds"}]"#,
        )
        .unwrap();
        let kinds: Vec<Kind> = families.iter().map(|family| family.kind).collect();
        assert_eq!(kinds, [Kind::Gauge, Kind::Counter, Kind::Histogram, Kind::Histogram]);
        assert_eq!(families[2].buckets, [1.0, 2.5]);
        assert_eq!(families[3].buckets.len(), 11, "a histogram without buckets has the usual ones");
        assert_eq!(parse_families("[]"), Ok(vec![]));
    }

    #[test]
    fn what_is_not_that_json_is_refused_with_a_hint() {
        for json in [
            "",
            "{}",
            r#"[{"name": "a", "type": "gauge", "help": "A.", "colour": "red"}]"#,
            r#"[{"name": "a", "type": "summary", "help": "A."}]"#,
            r#"[{"name": "a", "help": "A."}]"#,
            r#"[{"name": "a", "type": "gauge", "help": "A.", "buckets": [1e999]}]"#,
        ] {
            let error = parse_families(json).unwrap_err();
            assert!(matches!(error, FamilyError::Json(_)), "{json}: {error}");
            assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }

    #[test]
    fn names_keep_to_prometheus_alphabet_and_conventions() {
        for name in ["", "9lives", "a-b", "a.b", "a:b", "ü", "a b", &"a".repeat(129)] {
            assert_eq!(broken(&format!(r#""name": "{name}", "type": "gauge""#)), Rule::Name, "{name}");
        }
        assert_eq!(broken(r#""name": "_total", "type": "counter""#), Rule::Name);
        assert_eq!(broken(r#""name": "blocks", "type": "counter""#), Rule::CounterSuffix);
        assert_eq!(broken(r#""name": "blocks_total", "type": "gauge""#), Rule::TotalSuffix);
        assert_eq!(broken(r#""name": "peers_count", "type": "gauge""#), Rule::DerivedSuffix("_count"));
        assert_eq!(broken(r#""name": "watchkeeper_up", "type": "gauge""#), Rule::HostName("watchkeeper_"));
        assert_eq!(broken(r#""name": "process_threads", "type": "gauge""#), Rule::HostName("process_"));
    }

    #[test]
    fn a_unit_is_the_last_word_of_the_name() {
        let unit = |name: &str, unit: &str| broken(&format!(r#""name": "{name}", "type": "gauge", "unit": "{unit}""#));
        assert_eq!(unit("delay", "seconds"), Rule::Unit("seconds".into()));
        assert_eq!(unit("milliseconds", "seconds"), Rule::Unit("seconds".into()));
        assert_eq!(unit("seconds", "seconds"), Rule::Unit("seconds".into()));
        assert_eq!(unit("delay", ""), Rule::Unit(String::new()));
    }

    #[test]
    fn labels_are_names_of_their_own() {
        let labels = |labels: &str| broken(&format!(r#""name": "a", "type": "gauge", "labels": [{labels}]"#));
        for reserved in ["job", "instance", "job_name", "plugin", "le", "quantile"] {
            assert_eq!(labels(&format!("\"{reserved}\"")), Rule::ReservedLabel(reserved.into()));
        }
        for bad in ["", "__name__", "a:b", "0a", "a-b"] {
            assert_eq!(labels(&format!("\"{bad}\"")), Rule::Label(bad.into()));
        }
        assert_eq!(labels(r#""x", "y", "x""#), Rule::DoubleLabel("x".into()));
    }

    #[test]
    fn buckets_increase_and_belong_to_histograms() {
        for buckets in ["[1, 1]", "[2, 1]", "[-1, 1]"] {
            let fields = format!(r#""name": "a", "type": "histogram", "buckets": {buckets}"#);
            assert_eq!(broken(&fields), Rule::Buckets, "{buckets}");
        }
        assert_eq!(broken(r#""name": "a", "type": "gauge", "buckets": [1]"#), Rule::BucketsWithoutHistogram);
        let infinite = FamilySpec {
            name: "a".into(),
            kind: Kind::Histogram,
            help: "A.".into(),
            unit: None,
            labels: vec![],
            buckets: vec![1.0, f64::INFINITY],
        };
        assert!(matches!(infinite.of_plugin(), Err(FamilyError::Rule { rule: Rule::Buckets, .. })));
    }

    #[test]
    fn a_message_shows_a_hostile_name_escaped_and_cut() {
        let name = format!("\\u0000\\n{}", "x".repeat(1_000));
        let json = format!(r#"[{{"name": "{name}", "type": "gauge", "help": "A."}}]"#);
        let message = parse_families(&json).unwrap_err().to_string();
        assert!(message.starts_with("metric family `\\0\\nxxx"), "{message}");
        assert!(message.len() < 500, "{message}");
    }
}
