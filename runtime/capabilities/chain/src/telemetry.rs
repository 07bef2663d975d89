//! What the chain capability says of itself: one struct per event, which writes the log line and moves the metric.
//! Labels come from the operator's names and the list of methods, so their number is bounded.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::{heads::HeadMetrics, money::Floors, standing::Why};

/// The series of all chains. Registered once per process, shared by each configuration's [`crate::Chains`].
#[derive(Debug, Clone)]
pub struct ChainMetrics {
    requests: IntCounterVec,
    durations: HistogramVec,
    batches: HistogramVec,
    up: IntGaugeVec,
    out: IntGaugeVec,
    rests: IntCounterVec,
    lag: IntGaugeVec,
    mismatches: IntCounterVec,
    mismatch: IntGaugeVec,
    disagreements: IntCounterVec,
    saved: IntCounterVec,
    /// Of the heads that jobs follow.
    pub(crate) heads: HeadMetrics,
    /// No series, but it too lives as long as the process, over all configurations.
    pub(crate) floors: Floors,
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
        let batches = HistogramVec::new(
            HistogramOpts::new("watchkeeper_chain_batch_size", "Calls in one request to an endpoint.")
                .buckets(vec![1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]),
            &["chain", "endpoint"],
        )?;
        let out = IntGaugeVec::new(
            Opts::new("watchkeeper_chain_endpoint_out", "1 where the endpoint is out for this reason, else 0."),
            &["chain", "endpoint", "reason"],
        )?;
        let rests = IntCounterVec::new(
            Opts::new("watchkeeper_chain_endpoint_rests_total", "How often the endpoint went out of use, by reason."),
            &["chain", "endpoint", "reason"],
        )?;
        let lag = IntGaugeVec::new(
            Opts::new(
                "watchkeeper_chain_endpoint_head_lag_blocks",
                "Blocks that the endpoint was behind the best head when it last told of its own.",
            ),
            &["chain", "endpoint"],
        )?;
        let mismatches = IntCounterVec::new(
            Opts::new(
                "watchkeeper_chain_head_mismatches_total",
                "Heights at which two endpoints had different blocks, each pair counted once.",
            ),
            &["chain"],
        )?;
        let mismatch = IntGaugeVec::new(
            Opts::new(
                "watchkeeper_chain_head_mismatch",
                "Whether two endpoints had different blocks at one height when they were last compared.",
            ),
            &["chain"],
        )?;
        let disagreements = IntCounterVec::new(
            Opts::new(
                "watchkeeper_chain_quorum_failures_total",
                "Reads that too few endpoints gave the same answer to.",
            ),
            &["chain"],
        )?;
        registry.register(Box::new(batches.clone()))?;
        registry.register(Box::new(out.clone()))?;
        registry.register(Box::new(rests.clone()))?;
        registry.register(Box::new(lag.clone()))?;
        registry.register(Box::new(mismatches.clone()))?;
        registry.register(Box::new(mismatch.clone()))?;
        registry.register(Box::new(disagreements.clone()))?;
        let saved = IntCounterVec::new(
            Opts::new(
                "watchkeeper_chain_reads_saved_total",
                "Reads of chains that needed no request of their own, by what saved it.",
            ),
            &["chain", "reason"],
        )?;
        registry.register(Box::new(saved.clone()))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(up.clone()))?;
        let heads = HeadMetrics::register(registry)?;
        Ok(Self {
            requests,
            durations,
            batches,
            up,
            out,
            rests,
            lag,
            mismatches,
            mismatch,
            disagreements,
            saved,
            heads,
            floors: Floors::default(),
            opened: Arc::default(),
            speaking: Arc::default(),
        })
    }

    /// What a chain's endpoints say of each other.
    pub(crate) fn of_chain(&self, chain: &str) -> ChainTelemetry {
        let label = &[chain];
        ChainTelemetry {
            mismatches: self.mismatches.with_label_values(label),
            mismatch: self.mismatch.with_label_values(label),
            disagreements: self.disagreements.with_label_values(label),
        }
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
    /// It told of its head.
    pub(crate) fn lags(&self, blocks: u64) {
        let labels = [&*self.chain, &*self.endpoint];
        self.metrics.lag.with_label_values(&labels).set(i64::try_from(blocks).unwrap_or(i64::MAX));
    }

    fn set(&self, out: Option<Why>) {
        let metrics = &self.metrics;
        let mut speaking = metrics.speaking.lock().unwrap_or_else(PoisonError::into_inner);
        if *speaking < self.opened {
            *speaking = self.opened;
            metrics.up.reset();
            metrics.out.reset();
            metrics.lag.reset();
        }
        if *speaking == self.opened {
            metrics.up.with_label_values(&[&*self.chain, &*self.endpoint]).set(out.is_none().into());
            for reason in Why::REASONS {
                let is = out.is_some_and(|why| why.as_str() == reason);
                metrics.out.with_label_values(&[&*self.chain, &*self.endpoint, reason]).set(is.into());
            }
        }
    }
}

/// Why a read needed no request of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Saved {
    /// The answer was known.
    Cache,
    /// The same was being asked.
    InFlight,
    /// It went with other calls in one Multicall3 request.
    Multicall,
    /// It went with others in one batch.
    Batch,
}

/// Some reads needed no request of their own.
pub(crate) struct ReadsSaved<'a> {
    pub(crate) metrics: &'a ChainMetrics,
    pub(crate) chain: &'a str,
    pub(crate) how: Saved,
    pub(crate) reads: usize,
}

impl ReadsSaved<'_> {
    pub(crate) fn emit(self) {
        let reason = match self.how {
            Saved::Cache => "cache",
            Saved::InFlight => "in_flight",
            Saved::Multicall => "multicall",
            Saved::Batch => "batch",
        };
        self.metrics.saved.with_label_values(&[self.chain, reason]).inc_by(self.reads as u64);
    }
}

/// An endpoint stops being used.
pub(crate) struct EndpointOut<'a> {
    pub(crate) endpoint: &'a EndpointTelemetry,
    pub(crate) why: Why,
    pub(crate) reason: String,
}

impl EndpointOut<'_> {
    pub(crate) fn emit(self) {
        self.endpoint.set(Some(self.why));
        let EndpointTelemetry { metrics, chain, endpoint, .. } = self.endpoint;
        metrics.rests.with_label_values(&[&**chain, &**endpoint, self.why.as_str()]).inc();
        tracing::warn!(%chain, %endpoint, reason = self.reason, "endpoint is out");
    }
}

/// An endpoint is used, for the first time or again.
pub(crate) struct EndpointIn<'a> {
    pub(crate) endpoint: &'a EndpointTelemetry,
}

impl EndpointIn<'_> {
    pub(crate) fn emit(self) {
        self.endpoint.set(None);
        let EndpointTelemetry { chain, endpoint, .. } = self.endpoint;
        tracing::info!(%chain, %endpoint, "endpoint is in use");
    }
}

/// What the endpoints of one chain say of each other.
#[derive(Debug)]
pub(crate) struct ChainTelemetry {
    mismatches: IntCounter,
    mismatch: IntGauge,
    disagreements: IntCounter,
}

/// Endpoints were compared at one height.
pub(crate) struct Compared<'a> {
    pub(crate) chain: &'a str,
    pub(crate) telemetry: &'a ChainTelemetry,
    /// Pairs that differ there, and were not known to.
    pub(crate) found: usize,
    /// The height, and two endpoints that differ there.
    pub(crate) present: Option<(u64, &'a str, &'a str)>,
}

impl Compared<'_> {
    pub(crate) fn emit(self) {
        let Self { chain, telemetry, found, present } = self;
        telemetry.mismatches.inc_by(found as u64);
        telemetry.mismatch.set(present.is_some().into());
        if let Some((height, one, other)) = present.filter(|_| found > 0) {
            tracing::warn!(chain, height, one, other, "two endpoints have different blocks at one height");
        }
    }
}

/// Too few endpoints gave a read the same answer.
pub(crate) struct Disagreed<'a> {
    pub(crate) chain: &'a str,
    pub(crate) telemetry: &'a ChainTelemetry,
    pub(crate) said: &'a str,
}

impl Disagreed<'_> {
    pub(crate) fn emit(self) {
        self.telemetry.disagreements.inc();
        tracing::warn!(chain = self.chain, said = self.said, "too few endpoints agree on a read");
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
    /// With so many calls in it.
    pub(crate) fn begin(endpoint: &'a EndpointTelemetry, method: &'static str, calls: usize) -> Self {
        let labels = [&*endpoint.chain, &*endpoint.endpoint];
        endpoint.metrics.batches.with_label_values(&labels).observe(calls as f64);
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
