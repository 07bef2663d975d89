//! What the chain capability says of itself: one struct per event, which writes the log line and moves the metric.
//! Labels come from the operator's names and the list of methods, so their number is bounded.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use crate::heads::HeadMetrics;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

/// The series of all chains. Registered once per process, shared by each configuration's [`crate::Chains`].
#[derive(Debug, Clone)]
pub struct ChainMetrics {
    requests: IntCounterVec,
    durations: HistogramVec,
    up: IntGaugeVec,
    /// Of the heads that jobs follow.
    pub(crate) heads: HeadMetrics,
    /// How many configurations were opened.
    opened: Arc<AtomicU64>,
    /// The configuration whose endpoints say whether they are up: the latest that was used. An older one, kept by a run
    /// in flight, is not heard again; one that was opened and then refused is never heard.
    speaking: Arc<Mutex<u64>>,
}

impl ChainMetrics {
    /// Makes the series and hands them to `registry`.
    ///
    /// # Errors
    /// The registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new("watchkeeper_chain_requests_total", "Requests to endpoints of chains, by result."),
            &["chain", "endpoint", "method", "result"],
        )?;
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "watchkeeper_chain_request_duration_seconds",
                "Time until an endpoint answered or was given up.",
            )
            .buckets(vec![0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
            &["chain", "endpoint"],
        )?;
        let up = IntGaugeVec::new(
            Opts::new(
                "watchkeeper_chain_endpoint_up",
                "Whether the endpoint serves its chain, as of its last use; absent until then.",
            ),
            &["chain", "endpoint"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(up.clone()))?;
        let heads = HeadMetrics::register(registry)?;
        Ok(Self { requests, durations, up, heads, opened: Arc::default(), speaking: Arc::default() })
    }

    /// The number of a new configuration.
    pub(crate) fn open(&self) -> u64 {
        self.opened.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// One endpoint's voice.
#[derive(Debug)]
pub(crate) struct EndpointTelemetry {
    pub(crate) metrics: ChainMetrics,
    pub(crate) opened: u64,
    pub(crate) chain: Arc<str>,
    pub(crate) endpoint: Arc<str>,
}

impl EndpointTelemetry {
    fn set_up(&self, up: bool) {
        let metrics = &self.metrics;
        let mut speaking = metrics.speaking.lock().unwrap_or_else(PoisonError::into_inner);
        if *speaking < self.opened {
            *speaking = self.opened;
            metrics.up.reset();
        }
        if *speaking == self.opened {
            metrics.up.with_label_values(&[&*self.chain, &*self.endpoint]).set(up.into());
        }
    }
}

/// An endpoint stops being used.
pub(crate) struct EndpointOut<'a> {
    pub(crate) endpoint: &'a EndpointTelemetry,
    pub(crate) reason: String,
}

impl EndpointOut<'_> {
    pub(crate) fn emit(self) {
        self.endpoint.set_up(false);
        let EndpointTelemetry { chain, endpoint, .. } = self.endpoint;
        tracing::warn!(%chain, %endpoint, reason = self.reason, "endpoint is out");
    }
}

/// An endpoint is used, for the first time or again.
pub(crate) struct EndpointIn<'a> {
    pub(crate) endpoint: &'a EndpointTelemetry,
}

impl EndpointIn<'_> {
    pub(crate) fn emit(self) {
        self.endpoint.set_up(true);
        let EndpointTelemetry { chain, endpoint, .. } = self.endpoint;
        tracing::info!(%chain, %endpoint, "endpoint is in use");
    }
}

/// A request to an endpoint, spoken of when it is over, also if nobody waited for the end.
pub(crate) struct Request<'a> {
    endpoint: &'a EndpointTelemetry,
    method: &'static str,
    begun: Instant,
    result: &'static str,
}

impl<'a> Request<'a> {
    pub(crate) fn begin(endpoint: &'a EndpointTelemetry, method: &'static str) -> Self {
        Self { endpoint, method, begun: Instant::now(), result: "cancelled" }
    }

    pub(crate) fn end(mut self, result: &'static str) {
        self.result = result;
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let EndpointTelemetry { metrics, chain, endpoint, .. } = self.endpoint;
        let (method, result, elapsed) = (self.method, self.result, self.begun.elapsed());
        metrics.requests.with_label_values(&[&**chain, &**endpoint, method, result]).inc();
        metrics.durations.with_label_values(&[&**chain, &**endpoint]).observe(elapsed.as_secs_f64());
        tracing::debug!(%chain, %endpoint, method, result, ?elapsed, "request to endpoint");
    }
}
