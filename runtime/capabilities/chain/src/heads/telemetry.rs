//! What following heads says of itself. Labels are the operator's names.

use std::time::Duration;

use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Opts, Registry};

/// Where a head came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    WebSocket,
    Polling,
}

/// The series of all chains' heads.
#[derive(Debug, Clone)]
pub(crate) struct HeadMetrics {
    heads: IntCounterVec,
    number: IntGaugeVec,
    seen: GaugeVec,
    sockets: IntGaugeVec,
    losses: IntCounterVec,
}

impl HeadMetrics {
    /// Makes the series and hands them to `registry`.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let heads = Opts::new("watchkeeper_chain_heads_total", "New heads of followed chains, by how they were found.");
        let number = Opts::new("watchkeeper_chain_head_block_number", "The newest block of a followed chain.");
        let seen = Opts::new(
            "watchkeeper_chain_head_seen_timestamp_seconds",
            "When the newest block of a followed chain was first seen, in seconds since the Unix epoch.",
        );
        let sockets = Opts::new("watchkeeper_chain_websocket_up", "Whether the endpoint's WebSocket tells of heads.");
        let losses = Opts::new(
            "watchkeeper_chain_websocket_losses_total",
            "Times that an endpoint's WebSocket broke off, went silent or was refused.",
        );
        let metrics = Self {
            heads: IntCounterVec::new(heads, &["chain", "source"])?,
            number: IntGaugeVec::new(number, &["chain"])?,
            seen: GaugeVec::new(seen, &["chain"])?,
            sockets: IntGaugeVec::new(sockets, &["chain", "endpoint"])?,
            losses: IntCounterVec::new(losses, &["chain", "endpoint"])?,
        };
        registry.register(Box::new(metrics.heads.clone()))?;
        registry.register(Box::new(metrics.number.clone()))?;
        registry.register(Box::new(metrics.seen.clone()))?;
        registry.register(Box::new(metrics.sockets.clone()))?;
        registry.register(Box::new(metrics.losses.clone()))?;
        Ok(metrics)
    }

    /// A chain has a new head; `seen` since the Unix epoch.
    pub(crate) fn head(&self, chain: &str, number: u64, seen: Duration, source: Source) {
        let label = match source {
            Source::WebSocket => "websocket",
            Source::Polling => "polling",
        };
        self.heads.with_label_values(&[chain, label]).inc();
        self.number.with_label_values(&[chain]).set(i64::try_from(number).unwrap_or(i64::MAX));
        self.seen.with_label_values(&[chain]).set(seen.as_secs_f64());
        tracing::debug!(chain, number, source = label, "head");
    }

    /// Nobody follows the chain any more: what was its head is not current.
    pub(crate) fn forget(&self, chain: &str) {
        // Nothing to remove where nothing was told yet.
        let _absent = (self.number.remove_label_values(&[chain]), self.seen.remove_label_values(&[chain]));
    }

    /// A WebSocket tells of heads.
    pub(crate) fn socket_up(&self, chain: &str, endpoint: &str) {
        self.sockets.with_label_values(&[chain, endpoint]).set(1);
        tracing::info!(chain, endpoint, "heads come by WebSocket");
    }

    /// A WebSocket tells no more.
    pub(crate) fn socket_lost(&self, chain: &str, endpoint: &str, reason: &str) {
        self.sockets.with_label_values(&[chain, endpoint]).set(0);
        self.losses.with_label_values(&[chain, endpoint]).inc();
        tracing::warn!(chain, endpoint, reason, "no heads by WebSocket: the chain is polled meanwhile");
    }
}
