//! The families that the config asks for, under names of the operator's. Everything that the host would refuse is found here, where
//! it can be said of its key; and so are two writers of one series, of which the last would win.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_sdk::{
    metrics::{ComputedCounter, ComputedGauge},
    prelude::{Families, Family},
};

/// The longest name of a metric, in bytes.
const MOST_NAME: usize = 128;
/// The longest help, in bytes.
const MOST_HELP: usize = 1_024;
/// The most families: the host takes 128 of a job, this plugin's own included.
const MOST: usize = 100;
/// Beginnings that others use.
const PREFIXES: [&str; 3] = ["contracts_", "watchkeeper_", "process_"];
/// Ends that Prometheus reads as a part of another family.
const SUFFIXES: [&str; 4] = ["_bucket", "_sum", "_count", "_created"];
/// Labels that others set.
const LABELS: [&str; 6] = ["instance", "job", "job_name", "le", "plugin", "quantile"];

/// What an operator wrote of one metric.
pub(super) struct Wanted<'a> {
    /// Where it is written, as `calls[0].outputs[1]`.
    pub(super) key: String,
    pub(super) metric: &'a str,
    pub(super) help: Option<&'a str>,
    /// The help if the operator gives none.
    pub(super) usual_help: String,
    pub(super) unit: Option<&'a str>,
    /// Every label in its order.
    pub(super) labels: Vec<&'a str>,
}

/// The families so far.
pub(super) struct Computed<'a> {
    families: &'a mut Families,
    known: BTreeMap<String, Known>,
    series: BTreeSet<(String, Vec<String>)>,
}

struct Known {
    handle: Handle,
    help: String,
    unit: Option<String>,
    labels: Vec<String>,
}

#[derive(Clone, Copy)]
enum Handle {
    Gauge(ComputedGauge),
    Counter(ComputedCounter),
}

impl<'a> Computed<'a> {
    pub(super) fn new(families: &'a mut Families) -> Self {
        Self { families, known: BTreeMap::new(), series: BTreeSet::new() }
    }

    /// The gauge that is wanted: a new one, or the one that has these labels already.
    pub(super) fn gauge(&mut self, wanted: &Wanted<'_>) -> Result<ComputedGauge, String> {
        if wanted.metric.ends_with("_total") {
            let what = "a value that is read is a gauge, and only a counter's name ends in `_total`";
            return Err(wanted.wrong("metric", what));
        }
        match self.family(wanted, |families, family, labels| Handle::Gauge(families.computed_gauge(family, labels)))? {
            Handle::Gauge(gauge) => Ok(gauge),
            Handle::Counter(_) => Err(wanted.wrong("metric", "is a counter elsewhere")),
        }
    }

    /// The counter that is wanted: a new one, or the one that has these labels already.
    pub(super) fn counter(&mut self, wanted: &Wanted<'_>) -> Result<ComputedCounter, String> {
        if !wanted.metric.ends_with("_total") {
            let what = format!("a counter's name ends in `_total`: write `{}_total`", wanted.metric);
            return Err(wanted.wrong("metric", &what));
        }
        let make = |families: &mut Families, family, labels| Handle::Counter(families.computed_counter(family, labels));
        match self.family(wanted, make)? {
            Handle::Counter(counter) => Ok(counter),
            Handle::Gauge(_) => Err(wanted.wrong("metric", "is a gauge elsewhere")),
        }
    }

    /// Notes that a series of a family is written at `key`.
    pub(super) fn series(&mut self, key: &str, metric: &str, labels: &[String]) -> Result<(), String> {
        if self.series.insert((metric.to_owned(), labels.to_vec())) {
            return Ok(());
        }
        let labels = labels.join("`, `");
        Err(format!(
            "key `{key}`: `{metric}` has a series with the label values `{labels}` already: give each one a label that differs"
        ))
    }

    fn family(
        &mut self,
        wanted: &Wanted<'_>,
        make: impl FnOnce(&mut Families, Family, Vec<String>) -> Handle,
    ) -> Result<Handle, String> {
        wanted.check()?;
        if let Some(known) = self.known.get(wanted.metric) {
            wanted.agrees_with(known)?;
            return Ok(known.handle);
        }
        if self.known.len() >= MOST {
            return Err(wanted.wrong("metric", &format!("more than {MOST} metrics: split the job")));
        }
        let help = wanted.help.map_or_else(|| wanted.usual_help.clone(), str::to_owned);
        let labels: Vec<String> = wanted.labels.iter().map(|label| (*label).to_owned()).collect();
        let mut family = Family::new(wanted.metric, help.as_str());
        if let Some(unit) = wanted.unit {
            family = family.unit(unit);
        }
        let handle = make(self.families, family, labels.clone());
        let known = Known { handle, help, unit: wanted.unit.map(str::to_owned), labels };
        self.known.insert(wanted.metric.to_owned(), known);
        Ok(handle)
    }
}

impl Wanted<'_> {
    fn wrong(&self, key: &str, what: &str) -> String {
        format!("key `{}.{key}`: `{}`: {what}", self.key, self.metric)
    }

    fn check(&self) -> Result<(), String> {
        if !is_identifier(self.metric) || self.metric.len() > MOST_NAME {
            let what = format!(
                "is not the name of a metric: at most {MOST_NAME} letters, digits and `_`, not beginning with a digit"
            );
            return Err(self.wrong("metric", &what));
        }
        if let Some(prefix) = PREFIXES.into_iter().find(|prefix| self.metric.starts_with(prefix)) {
            return Err(
                self.wrong("metric", &format!("names that begin with `{prefix}` are taken: choose another first word"))
            );
        }
        if let Some(suffix) = SUFFIXES.into_iter().find(|suffix| self.metric.ends_with(suffix)) {
            let what =
                format!("a name that ends in `{suffix}` reads as a part of another metric: choose another last word");
            return Err(self.wrong("metric", &what));
        }
        if self.help.is_some_and(|help| help.trim().is_empty() || help.len() > MOST_HELP) {
            return Err(self.wrong("help", &format!("the help is one line of at most {MOST_HELP} bytes")));
        }
        let base = self.metric.strip_suffix("_total").unwrap_or(self.metric);
        if let Some(unit) = self.unit
            && (unit.is_empty() || !base.strip_suffix(unit).is_some_and(|rest| rest.len() > 1 && rest.ends_with('_')))
        {
            return Err(self.wrong("unit", &format!("the unit `{unit}` is not the last word of the name")));
        }
        self.check_labels()
    }

    fn check_labels(&self) -> Result<(), String> {
        for (place, label) in self.labels.iter().enumerate() {
            if !is_identifier(label) || label.starts_with("__") {
                let what = format!(
                    "`{label}` is not the name of a label: letters, digits and `_`, not beginning with a digit or `__`"
                );
                return Err(self.wrong("labels", &what));
            }
            if LABELS.contains(label) || self.labels.iter().take(place).any(|earlier| earlier == label) {
                return Err(self.wrong("labels", &format!("the label `{label}` is taken: choose another name")));
            }
        }
        Ok(())
    }

    fn agrees_with(&self, known: &Known) -> Result<(), String> {
        if known.labels != self.labels {
            let (here, there) = (self.labels.join("`, `"), known.labels.join("`, `"));
            return Err(self.wrong("labels", &format!("has the labels `{here}` here and `{there}` elsewhere")));
        }
        if self.help.is_some_and(|help| help != known.help) {
            return Err(self.wrong("help", "has another help elsewhere: write it once, where the metric is first"));
        }
        if known.unit.as_deref() != self.unit {
            return Err(self.wrong("unit", "has another unit elsewhere"));
        }
        Ok(())
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
