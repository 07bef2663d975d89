//! Counts what was submitted: each block once, in the order of the chain, from the transactions that pay for blobs.
//!
//! Those are data of the block too, in a namespace of their own, so the node tells them by `share.GetNamespaceData`: signer,
//! namespaces, sizes and fee of each submission, without the blobs. Each header says which rows of the block hold that
//! namespace, so an answer that leaves something out isn't taken for a block without submissions.
//!
//! What can't be seen from a node: when a blob was handed in, and submissions that never came into a block.

mod block;
mod place;
mod watched;

use std::num::{NonZeroU16, NonZeroU32};

use futures_util::{StreamExt, stream};
use watchkeeper_sdk::prelude::*;

pub(crate) use self::watched::Watched;
use self::{
    block::Block,
    place::{Gap, Place},
};
use crate::{balances::UNITS, header::Header, node::Node, time::Span};

/// Blocks that are fetched at once.
const AT_ONCE: usize = 8;

#[derive(Metrics)]
#[metric(prefix = "da", labels("network"))]
pub(crate) struct Metrics {
    /// Blocks whose submissions were counted, each once.
    blocks_total: Counter<1>,
    /// Blocks up to the node's head that are not counted yet, because a run counts a bounded number or a block can't be read.
    uncounted_blocks: Gauge<1>,
    /// Blocks that were left out for good: older than what the node keeps, or than `max_blocks_behind`.
    skipped_blocks_total: Counter<1>,
    /// Times that the block counted last was no longer part of the network's history.
    history_changes_total: Counter<1>,
    /// Transactions that paid for watched blobs, by the name of their signer; `any` where no signers are named.
    #[metric(labels("signer"))]
    submissions_total: Counter<2>,
    /// Fees of these transactions in TIA, whoever paid them.
    #[metric(labels("signer"))]
    fee_native_total: Counter<2>,
    /// Gas that these transactions paid for: their limits.
    #[metric(labels("signer"))]
    gas_total: Counter<2>,
    /// Watched blobs, by the name of their namespace; `any` where no namespaces are named.
    #[metric(labels("signer", "namespace"))]
    blobs_total: Counter<3>,
    /// Bytes of these blobs' data.
    #[metric(unit = "bytes", labels("signer", "namespace"))]
    blob_bytes_total: Counter<3>,
    /// Bytes per blob.
    #[metric(
        unit = "bytes",
        labels("namespace"),
        buckets(512, 2048, 8192, 32768, 131072, 524288, 2097152, 8388608, 33554432)
    )]
    blob_size_bytes: Histogram<2>,
    /// Time of the last block with a submission, in seconds since the Unix epoch; absent until there is one.
    #[metric(unit = "seconds", labels("signer"))]
    last_submission_timestamp_seconds: Gauge<2>,
    /// Time by which the next submission is expected: the last one's and `expected_every`.
    #[metric(unit = "seconds", labels("signer"))]
    next_submission_expected_timestamp_seconds: Gauge<2>,
    /// Seconds from one block with a submission to the next, by the blocks' own times.
    #[metric(unit = "seconds", labels("signer"), buckets(6, 12, 30, 60, 120, 300, 600, 1800, 3600, 10800, 43200))]
    submission_interval_seconds: Histogram<2>,
    /// Such intervals that were longer than `expected_every`.
    #[metric(labels("signer"))]
    late_submissions_total: Counter<2>,
}

/// What a run counts, and how much of it.
pub(crate) struct Plan<'a> {
    pub(crate) watched: Watched<'a>,
    pub(crate) start: Option<u64>,
    pub(crate) most: NonZeroU16,
    pub(crate) behind: NonZeroU32,
    pub(crate) expected_every: Option<Span>,
}

impl Metrics {
    /// Counts up to `head`, from the block counted last or from the start.
    pub(crate) async fn count(
        &self,
        node: &Node<'_>,
        head: &Header,
        tail: Option<u64>,
        plan: &Plan<'_>,
    ) -> Result<String> {
        let before: Option<Place> = state::get(KEY).await?;
        let mut place = match &before {
            Some(place) => place.clone(),
            None => Place::before(plan.start.unwrap_or(head.height)),
        };
        self.begin(node.network(), plan);
        if place.height > head.height {
            warn!(
                network = node.network(),
                "the node is at block {}: nothing is counted until it is beyond block {}", head.height, place.height
            );
        }
        let gap = place.skip(head.height, tail, plan.behind);
        if let Some(Gap { from, to, why }) = gap {
            warn!(network = node.network(), "blocks {from} to {to} are left out: {why}");
            self.skipped_blocks_total.add([node.network()], to - from + 1);
        }
        let counted = self.follow(node, head, plan, &mut place).await;
        let left = head.height.saturating_sub(place.height);
        self.uncounted_blocks.set([node.network()], left);
        self.since(node.network(), plan, &place);
        if before.as_ref() != Some(&place) {
            state::set(KEY, &place).await?;
        }
        Ok(match left {
            0 => format!("blocks counted: {counted}"),
            left => format!("blocks counted: {counted}, left for the next runs: {left}"),
        })
    }

    /// Shows counters before their first event.
    fn begin(&self, network: &str, plan: &Plan<'_>) {
        for counter in [&self.blocks_total, &self.skipped_blocks_total, &self.history_changes_total] {
            counter.add([network], 0.0);
        }
        for signer in plan.watched.signers() {
            for counter in
                [&self.submissions_total, &self.fee_native_total, &self.gas_total, &self.late_submissions_total]
            {
                counter.add([network, signer], 0.0);
            }
            for namespace in plan.watched.namespaces() {
                self.blobs_total.add([network, signer, namespace], 0.0);
                self.blob_bytes_total.add([network, signer, namespace], 0.0);
            }
        }
    }

    /// Counts block by block. Stops at one that can't be read: the next run goes on there.
    async fn follow(&self, node: &Node<'_>, head: &Header, plan: &Plan<'_>, place: &mut Place) -> u64 {
        let first = place.height.saturating_add(1);
        let end = head.height.saturating_add(1).min(first.saturating_add(plan.most.get().into()));
        let mut blocks = stream::iter(first..end).map(|height| Block::read(node, head, height)).buffered(AT_ONCE);
        let mut counted = 0;
        while let Some(answer) = blocks.next().await {
            let block = match answer {
                Ok(block) => block,
                Err(error) => {
                    warn!(network = node.network(), "stopped counting: {error}");
                    break;
                }
            };
            if !place.is_followed_by(&block.header) {
                self.history_changes_total.add([node.network()], 1.0);
                warn!(
                    network = node.network(),
                    "block {} is no longer part of the network's history: counting starts again at the head",
                    place.height
                );
                place.start_again(head);
                break;
            }
            self.block(node.network(), plan, &block, place);
            place.step(&block.header);
            counted += 1;
        }
        counted
    }

    fn block(&self, network: &str, plan: &Plan<'_>, block: &Block, place: &mut Place) {
        self.blocks_total.add([network], 1.0);
        for payment in &block.payments {
            let Some(seen) = plan.watched.sees(payment) else { continue };
            let labels = [network, seen.signer];
            self.submissions_total.add(labels, 1.0);
            self.fee_native_total.add(labels, payment.fee as f64 / UNITS);
            self.gas_total.add(labels, payment.gas);
            for (namespace, size) in seen.blobs {
                self.blobs_total.add([network, seen.signer, namespace], 1.0);
                self.blob_bytes_total.add([network, seen.signer, namespace], size);
                self.blob_size_bytes.observe([network, namespace], size);
            }
            if let Some(interval) = place.submitted(seen.signer, block.header.time) {
                self.submission_interval_seconds.observe(labels, interval);
                if plan.expected_every.is_some_and(|every| interval > every.seconds()) {
                    self.late_submissions_total.add(labels, 1.0);
                }
            }
        }
    }

    fn since(&self, network: &str, plan: &Plan<'_>, place: &Place) {
        for signer in plan.watched.signers() {
            let Some(last) = place.last_submission(signer) else { continue };
            self.last_submission_timestamp_seconds.set([network, signer], last.seconds());
            if let Some(every) = plan.expected_every {
                let expected = last.seconds() + every.seconds();
                self.next_submission_expected_timestamp_seconds.set([network, signer], expected);
            }
        }
    }
}

const KEY: &str = "submissions";
