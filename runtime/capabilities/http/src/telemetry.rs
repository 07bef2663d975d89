//! What the http capability says of itself: each request ends in one place, which writes the log line and moves the metrics.
//! Labels are the operator's names, the methods of grants, and the results in `fault`, so their number is bounded.

use std::{sync::Arc, time::Instant};

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

/// The series of all services. Registered once per process.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: IntCounterVec,
    durations: HistogramVec,
}

impl HttpMetrics {
    /// Makes the series and hands them to `registry`.
    ///
    /// # Errors
    /// The registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new("watchkeeper_http_requests_total", "Requests of plugins to HTTP services, by result."),
            &["service", "method", "result"],
        )?;
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "watchkeeper_http_request_duration_seconds",
                "Time until a service's answer was read or given up.",
            )
            .buckets(vec![0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
            &["service"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        Ok(Self { requests, durations })
    }
}

/// A request that was denied before it had a place: to a granted service, or to none.
pub(crate) fn denied(metrics: &HttpMetrics, job: &str, service: &str, why: &str) {
    metrics.requests.with_label_values(&[service, "", "denied"]).inc();
    tracing::warn!(job, service, why, "http request denied");
}

/// A request to a service, spoken of when it is over, also if nobody waited for the end.
pub(crate) struct Exchange {
    metrics: HttpMetrics,
    service: Arc<str>,
    method: String,
    begun: Instant,
    result: &'static str,
}

impl Exchange {
    /// `method` is one that the grant names.
    pub(crate) fn begin(metrics: &HttpMetrics, service: &Arc<str>, method: &str) -> Self {
        Self {
            metrics: metrics.clone(),
            service: Arc::clone(service),
            method: method.to_owned(),
            begun: Instant::now(),
            result: "cancelled",
        }
    }

    /// The JSON-RPC method, once it is known to be granted.
    pub(crate) fn calls(&mut self, method: &str) {
        method.clone_into(&mut self.method);
    }

    /// What the label `method` will say.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// How it went, as far as is known.
    pub(crate) fn result(&mut self, result: &'static str) {
        self.result = result;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Self { metrics, service, method, begun, result } = self;
        let elapsed = begun.elapsed();
        metrics.requests.with_label_values(&[&**service, method, result]).inc();
        metrics.durations.with_label_values(&[&**service]).observe(elapsed.as_secs_f64());
        tracing::debug!(%service, method, result, ?elapsed, "request to service");
    }
}
