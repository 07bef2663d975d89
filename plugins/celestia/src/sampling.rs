//! How far a light node has sampled the data of blocks (`celestia-node`, `das/stats.go`). Bridge nodes don't sample, and say so.

use std::collections::BTreeMap;

use serde::Deserialize;
use watchkeeper_sdk::{prelude::*, serde::de::IgnoredAny};

use crate::{node::Node, number::Number};

#[derive(Metrics)]
#[metric(prefix = "da", labels("network"))]
pub(crate) struct Metrics {
    /// Height up to which every block was sampled.
    sampled_head: Gauge<1>,
    /// Height up to which blocks were handed out for sampling: done, failed or in progress.
    sampling_catch_up_head: Gauge<1>,
    /// Blocks whose sampling failed and is tried again.
    sampling_failed_headers: Gauge<1>,
    /// Workers that sample now, by the kind of their job: `recent`, `catchup`, `retry`, or `other`.
    #[metric(labels("kind"))]
    sampling_workers: Gauge<2>,
    /// 1 while the node samples or has sampled everything, else 0.
    sampling_running: Gauge<1>,
    /// 1 once every known block is sampled, else 0.
    sampling_caught_up: Gauge<1>,
}

impl Metrics {
    pub(crate) async fn read(&self, node: &Node<'_>) {
        let Some(stats) = node.ask::<Stats>(WHAT, METHOD, ()).await else { return };
        let network = node.network();
        let (sampled, handed_out) = (stats.head_of_sampled_chain, stats.head_of_catchup);
        // Both are computed as a height less one, which wraps around where nothing is known yet.
        if sampled.max(handed_out) > stats.network_head_height {
            let why = format!("blocks up to {} sampled of {}", sampled.max(handed_out).0, stats.network_head_height.0);
            node.say(WHAT, METHOD, &why);
            return;
        }
        self.sampled_head.set([network], sampled.0);
        self.sampling_catch_up_head.set([network], handed_out.0);
        self.sampling_failed_headers.set([network], stats.failed.unwrap_or_default().len());
        self.sampling_running.set([network], stats.is_running);
        self.sampling_caught_up.set([network], stats.catch_up_done);
        for (kind, count) in stats.workers.unwrap_or_default().into_iter().fold(KINDS, counted) {
            self.sampling_workers.set([network, kind], count);
        }
    }
}

const METHOD: &str = "das.SamplingStats";
const WHAT: &str = "state of the sampling";
const KINDS: [(&str, u64); 4] = [("recent", 0), ("catchup", 0), ("retry", 0), ("other", 0)];

fn counted(mut kinds: [(&'static str, u64); 4], worker: Worker) -> [(&'static str, u64); 4] {
    let is_known = kinds.iter().any(|(kind, _)| *kind == worker.job_type);
    let sought = if is_known { &*worker.job_type } else { "other" };
    kinds.iter_mut().filter(|(kind, _)| *kind == sought).for_each(|(_, count)| *count += 1);
    kinds
}

/// `failed` and `workers` are left out, or null, where there are none.
#[derive(Deserialize)]
struct Stats {
    head_of_sampled_chain: Number,
    head_of_catchup: Number,
    network_head_height: Number,
    failed: Option<BTreeMap<String, IgnoredAny>>,
    workers: Option<Vec<Worker>>,
    catch_up_done: bool,
    is_running: bool,
}

#[derive(Deserialize)]
struct Worker {
    job_type: String,
}
