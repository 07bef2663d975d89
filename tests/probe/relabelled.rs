//! A real Prometheus asks for targets as it does of blackbox_exporter: the address becomes a parameter by relabelling.

use serde_json::json;

use super::{PATIENCE, Probed};
use crate::support::{Prometheus, eventually};

#[test]
fn prometheus_probes_two_targets_by_relabelling() {
    let probed = Probed::start();
    let prometheus = Prometheus::scraping(&json!([{
        "job_name": "probes",
        "metrics_path": "/probe",
        "params": {"job": ["probed"]},
        "static_configs": [{"targets": ["a", "b", "slow-1"]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": probed.watchkeeper.address()},
        ],
    }]));
    for target in ["a", "b"] {
        let series = |name: &str| format!(r#"{name}{{instance="{target}",job="probes"}}"#);
        let told = eventually("a probe's samples", PATIENCE, || {
            let told = prometheus.query(&series("teller_told"));
            (!told.is_empty()).then_some(told)
        });
        let [(labels, value)] = &told[..] else { panic!("not one series: {told:?}") };
        assert_eq!((labels["target"].as_str(), *value), (target, 6.0));
        assert_eq!((&*labels["job_name"], &*labels["plugin"]), ("probed", "teller"));
        for name in ["up", "watchkeeper_probe_success"] {
            assert_eq!(prometheus.query(&series(name)).first().map(|(_, value)| *value), Some(1.0), "{name}");
        }
    }
    let of_slow = |name: &str| {
        let series = prometheus.query(&format!(r#"{name}{{instance="slow-1"}}"#));
        series.first().map(|(_, value)| *value)
    };
    eventually("the slow target's failure", PATIENCE, || {
        (of_slow("watchkeeper_probe_success") == Some(0.0)).then_some(())
    });
    assert_eq!(of_slow("up"), Some(1.0), "a target that fails is no scrape that fails");
}
