//! The declaration of metrics: what `describe` answers. A family's place in the list is its name in samples, so a plugin
//! declares the same families in the same order whenever its config is the same.

use serde::Serialize;

use super::{ComputedCounter, ComputedGauge, Counter, Gauge, Histogram};

/// The metrics of a plugin, made from its config. `#[derive(Metrics)]` writes this for families that don't depend on the
/// config; write it by hand for those that do.
pub trait MetricSet<C>: Sized {
    /// Declares the families and keeps their handles.
    ///
    /// # Errors
    /// What is wrong with the config, naming its key.
    fn declare(config: &C, families: &mut Families) -> Result<Self, String>;
}

/// For plugins without metrics.
#[derive(Debug, Clone, Copy)]
pub struct NoMetrics;

impl<C> MetricSet<C> for NoMetrics {
    fn declare(_config: &C, _families: &mut Families) -> Result<Self, String> {
        Ok(Self)
    }
}

/// A family before it is declared: `Family::new("chain_peers", "Connected peers.").labels(["chain"])`.
#[derive(Debug, Clone)]
pub struct Family<const N: usize = 0> {
    name: String,
    help: String,
    unit: Option<String>,
    labels: [String; N],
    buckets: Vec<f64>,
}

impl Family {
    /// A family without unit, labels and buckets. The host checks names by Prometheus' rules.
    pub fn new(name: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name: name.into(), help: help.into(), unit: None, labels: [], buckets: Vec::new() }
    }
}

impl<const N: usize> Family<N> {
    /// The unit; also the name's suffix, before a counter's `_total`.
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    /// The labels' names.
    pub fn labels<const M: usize>(self, labels: [&str; M]) -> Family<M> {
        let Self { name, help, unit, buckets, .. } = self;
        Family { name, help, unit, labels: labels.map(str::to_owned), buckets }
    }

    /// A histogram's upper bounds, ascending, without infinity. The host's own, for seconds, if none are named.
    pub fn buckets(self, buckets: impl Into<Vec<f64>>) -> Self {
        Self { buckets: buckets.into(), ..self }
    }
}

/// The families that a plugin declares, in their order.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Families(Vec<Declared>);

#[derive(Debug, Serialize)]
struct Declared {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    help: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    labels: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<f64>,
}

impl Families {
    /// The families of a metric set.
    ///
    /// # Errors
    /// What is wrong with the config.
    pub fn of<M: MetricSet<C>, C>(config: &C) -> Result<Self, String> {
        let mut families = Self::default();
        M::declare(config, &mut families)?;
        Ok(families)
    }

    /// Declares a gauge.
    pub fn gauge<const N: usize>(&mut self, family: Family<N>) -> Gauge<N> {
        Gauge { family: self.add("gauge", family) }
    }

    /// Declares a counter; its name ends in `_total`.
    pub fn counter<const N: usize>(&mut self, family: Family<N>) -> Counter<N> {
        Counter { family: self.add("counter", family) }
    }

    /// Declares a histogram.
    pub fn histogram<const N: usize>(&mut self, family: Family<N>) -> Histogram<N> {
        Histogram { family: self.add("histogram", family) }
    }

    /// Declares a gauge whose labels depend on the config.
    pub fn computed_gauge(&mut self, family: Family, labels: Vec<String>) -> ComputedGauge {
        ComputedGauge { family: self.push("gauge", family, labels) }
    }

    /// Declares a counter whose labels depend on the config; its name ends in `_total`.
    pub fn computed_counter(&mut self, family: Family, labels: Vec<String>) -> ComputedCounter {
        ComputedCounter { family: self.push("counter", family, labels) }
    }

    /// The families' names, in their order.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|family| family.name.clone()).collect()
    }

    fn add<const N: usize>(&mut self, kind: &'static str, family: Family<N>) -> u32 {
        let labels = family.labels.clone().into();
        self.push(kind, family, labels)
    }

    fn push<const N: usize>(&mut self, kind: &'static str, family: Family<N>, labels: Vec<String>) -> u32 {
        let Family { name, help, unit, buckets, .. } = family;
        let place = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.push(Declared { name, kind, help, unit, labels, buckets });
        place
    }
}
