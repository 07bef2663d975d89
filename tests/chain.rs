//! The line that walks: chain, schedule, sandbox, metrics, Prometheus.
