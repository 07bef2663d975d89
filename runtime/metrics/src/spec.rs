//! What a metric family is, as `describe` returns it and as the host states its own. The rules it must keep
//! are in `rules`.

use serde::{Deserialize, Serialize};

use crate::rules::{self, FamilyError};

/// The upper bounds of a histogram that names none: those of Prometheus' client libraries, in seconds.
const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A metric family, in the JSON of the contract's `describe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilySpec {
    /// The name of its series; ends in `_total` where `kind` is a counter, and nowhere else.
    pub name: String,
    /// What its values mean.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// One line for people.
    pub help: String,
    /// The unit of the values, which is also the name's suffix (before `_total`): `seconds`, `bytes`, `wei`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The names of its labels; a sample gives the values in this order.
    #[serde(default)]
    pub labels: Vec<String>,
    /// A histogram's upper bounds, strictly increasing, without infinity; left empty, those of Prometheus'
    /// client libraries.
    #[serde(default)]
    pub buckets: Vec<f64>,
}

/// What the values of a family mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A sum that only grows.
    Counter,
    /// Observations counted in buckets.
    Histogram,
}

impl Kind {
    /// The word of `describe`, and of the `# TYPE` line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// Reads what `describe` returned: a JSON array of [`FamilySpec`]. Every family has passed the rules for
/// plugins, and every histogram has buckets.
///
/// # Errors
/// [`FamilyError`] for the first family that is not of that shape or breaks a rule.
pub fn parse_families(json: &str) -> Result<Vec<FamilySpec>, FamilyError> {
    let families: Vec<FamilySpec> =
        serde_json::from_str(json).map_err(|error| FamilyError::Json(rules::quote(&error.to_string())))?;
    families.into_iter().map(FamilySpec::of_plugin).collect()
}

impl FamilySpec {
    /// A plugin's family, checked, with its buckets filled in.
    pub(crate) fn of_plugin(mut self) -> Result<Self, FamilyError> {
        self.fill_buckets();
        rules::check(&self, rules::Owned::ByPlugin)?;
        Ok(self)
    }

    /// A family of the host, checked, with its buckets filled in.
    pub(crate) fn of_host(mut self) -> Result<Self, FamilyError> {
        self.fill_buckets();
        rules::check(&self, rules::Owned::ByHost)?;
        Ok(self)
    }

    fn fill_buckets(&mut self) {
        if self.kind == Kind::Histogram && self.buckets.is_empty() {
            self.buckets = DEFAULT_BUCKETS.to_vec();
        }
    }

    /// The family's name in OpenMetrics: a counter's without `_total`.
    pub(crate) fn base_name(&self) -> &str {
        match self.kind {
            Kind::Counter => self.name.strip_suffix("_total").unwrap_or(&self.name),
            Kind::Gauge | Kind::Histogram => &self.name,
        }
    }

    /// Every name that the family takes in either format; no other family may take one of them.
    pub(crate) fn names(&self) -> Vec<String> {
        let base = self.base_name();
        let suffixes: &[&str] = match self.kind {
            Kind::Gauge => &[""],
            Kind::Counter => &["", "_total", "_created"],
            Kind::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
        };
        suffixes.iter().map(|suffix| format!("{base}{suffix}")).collect()
    }

    /// How many series Prometheus sees for one set of label values.
    pub(crate) fn lines_per_series(&self) -> usize {
        match self.kind {
            Kind::Gauge | Kind::Counter => 1,
            Kind::Histogram => self.buckets.len() + 3,
        }
    }

    /// Whether series of `self` can live on as series of `other`.
    pub(crate) fn same_series(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.labels == other.labels
            && self.buckets == other.buckets
    }
}
