//! Each metric against what the stand-in knows.

use std::collections::BTreeSet;

use super::{METHODS, caught_up, submission, value, watch};
use crate::{
    stand_ins::celestia::{
        Celestia,
        model::{ACCOUNT, Model, Permission},
    },
    support::{Exposition, Watchkeeper},
};

pub(super) const PAGE: &str = include_str!("../../docs/plugins/celestia.md");

#[test]
fn each_metric_is_what_the_node_says() {
    let mut model = Model::new(10);
    model.prune(3);
    model.produce(vec![submission(1_000), submission(30_000)]);
    model.produce_after(61, vec![submission(100)]);
    model.produce(Vec::new());
    model.produce(Vec::new());
    let node = Celestia::start(model);
    let deployment = watch(&node, Permission::Admin, &METHODS);
    let watchkeeper = Watchkeeper::start(&deployment);
    caught_up(&watchkeeper, &node);
    {
        let mut model = node.model();
        model.balances.insert(ACCOUNT.into(), 7_200_000);
        model.bandwidth = (901_000, 40_500);
        model.behind = 1;
        model.sync_error = Some("no peers".into());
        model.sampling.failed.extend([(5, 1), (6, 2)]);
        model.sampling.workers = vec!["catchup", "recent", "retry", "retry"];
        (model.sampling.sampled, model.sampling.handed_out, model.sampling.caught_up) = (4, 9, false);
    }
    watchkeeper.after_run("da", "success");
    node.model().balances.insert(ACCOUNT.into(), 8_200_000);
    watchkeeper.after_run("da", "success");
    let scrape = watchkeeper.after_run("da", "success");

    let mut compared = Compared::default();
    compare_node(&mut compared, &scrape, &node.model());
    compare_submissions(&mut compared, &scrape, &node.model());
    let promised = PAGE.lines().filter_map(|line| line.strip_prefix("| `da_")?.split('`').next());
    let promised: BTreeSet<String> = promised.map(|name| format!("da_{name}")).collect();
    assert_eq!(compared.0, promised, "each metric of the page is compared");
}

fn compare_node(compared: &mut Compared, scrape: &Exposition, model: &Model) {
    let kinds = [("local", model.local_head()), ("network", model.network_head())];
    for (kind, height) in kinds {
        compared.is(scrape, "da_head_block_number", &[("kind", kind)], height as f64);
        let time = model.time(height) as f64 + 0.125;
        compared.is(scrape, "da_head_block_timestamp_seconds", &[("kind", kind)], time);
    }
    compared.is(scrape, "da_tail_block_number", &[], 3.0);
    compared.is(scrape, "da_syncing", &[], 1.0);
    compared.is(scrape, "da_sync_target_block_number", &[], model.network_head() as f64);
    compared.is(scrape, "da_sync_failed", &[], 1.0);
    compared.is(scrape, "da_sampled_head", &[], 4.0);
    compared.is(scrape, "da_sampling_catch_up_head", &[], 9.0);
    compared.is(scrape, "da_sampling_failed_headers", &[], 2.0);
    for (kind, workers) in [("recent", 1.0), ("catchup", 1.0), ("retry", 2.0), ("other", 0.0)] {
        compared.is(scrape, "da_sampling_workers", &[("kind", kind)], workers);
    }
    compared.is(scrape, "da_sampling_running", &[], 1.0);
    compared.is(scrape, "da_sampling_caught_up", &[], 0.0);
    let account = [("account", "batcher")];
    compared.is(scrape, "da_balance_native", &account, 8.2);
    compared.is(scrape, "da_account_spent_native_total", &account, 0.3);
    compared.is(scrape, "da_account_credited_native_total", &account, 1.0);
    compared.is(scrape, "da_ready", &[], 1.0);
    compared.is(scrape, "da_node_info", &[("type", "Light"), ("version", "v0.28.4")], 1.0);
    compared.is(scrape, "da_peers", &[], model.peers.len() as f64);
    compared.is(scrape, "da_network_receive_bytes_total", &[], 900_000.0);
    compared.is(scrape, "da_network_transmit_bytes_total", &[], 40_000.0);
}

fn compare_submissions(compared: &mut Compared, scrape: &Exposition, model: &Model) {
    let (signer, both) = ([("signer", "batcher")], [("signer", "batcher"), ("namespace", "rollup")]);
    compared.is(scrape, "da_blocks_total", &[], 12.0);
    compared.is(scrape, "da_uncounted_blocks", &[], 0.0);
    compared.is(scrape, "da_skipped_blocks_total", &[], 2.0);
    compared.is(scrape, "da_history_changes_total", &[], 0.0);
    compared.is(scrape, "da_submissions_total", &signer, 3.0);
    compared.is(scrape, "da_fee_native_total", &signer, 0.006);
    compared.is(scrape, "da_gas_total", &signer, 240_000.0);
    compared.is(scrape, "da_blobs_total", &both, 3.0);
    compared.is(scrape, "da_blob_bytes_total", &both, 31_100.0);
    compared.holds(scrape, "da_blob_size_bytes", &[("namespace", "rollup")], &[1_000.0, 30_000.0, 100.0]);
    let last = model.time(12) as f64 + 0.125;
    compared.is(scrape, "da_last_submission_timestamp_seconds", &signer, last);
    compared.is(scrape, "da_next_submission_expected_timestamp_seconds", &signer, last + 60.0);
    compared.holds(scrape, "da_submission_interval_seconds", &signer, &[61.0]);
    compared.is(scrape, "da_late_submissions_total", &signer, 1.0);
}

/// The names of the metrics that were compared.
#[derive(Default)]
struct Compared(BTreeSet<String>);

impl Compared {
    #[track_caller]
    fn is(&mut self, scrape: &Exposition, name: &str, labels: &[(&str, &str)], expected: f64) {
        let found = value(scrape, name, labels).unwrap_or_else(|| panic!("{name} {labels:?} is absent"));
        assert!(
            (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
            "{name} {labels:?}: {found}, not {expected}"
        );
        self.0.insert(name.to_owned());
    }

    /// A histogram of exactly these observations.
    #[track_caller]
    fn holds(&mut self, scrape: &Exposition, name: &str, labels: &[(&str, &str)], observed: &[f64]) {
        self.is(scrape, &format!("{name}_sum"), labels, observed.iter().sum());
        self.is(scrape, &format!("{name}_count"), labels, observed.len() as f64);
        for bucket in scrape.all(&format!("{name}_bucket"), labels) {
            let bound: f64 = bucket.labels["le"].parse().expect("a bound");
            let below = observed.iter().filter(|value| **value <= bound).count();
            assert_eq!(bucket.value, below as f64, "{bucket:?} of {observed:?}");
        }
        self.0.remove(&format!("{name}_sum"));
        self.0.remove(&format!("{name}_count"));
        self.0.insert(name.to_owned());
    }
}
