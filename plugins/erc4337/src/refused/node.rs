//! What the node tells of transactions to EntryPoints: those of a block that failed, and what they reverted with.

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use watchkeeper_sdk::{
    chain::{Error, Number},
    prelude::*,
};

use super::bundle;
use crate::{
    config::{EntryPoints, Version},
    reason::{Reason, Refusal},
};

/// A call of `handleOps` that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    hash: B256,
    entry_point: Address,
    pub(super) version: Version,
    pub(super) input: Bytes,
}

/// The calls of `handleOps` in a block that failed.
pub(super) async fn failed(chain: &Chain, entry_points: &EntryPoints, number: u64) -> Result<Vec<Sent>, Error> {
    let block: Option<Mined> = chain.request("eth_getBlockByNumber", (format!("{number:#x}"), true)).await?;
    let block =
        block.ok_or_else(|| Error::Unavailable(format!("the node that answers doesn't have block {number}")))?;
    if block.number != Number(number) {
        return Err(Error::Malformed(format!("asked for block {number}, got {}", block.number.0)));
    }
    let sent = block.transactions.into_iter().filter_map(|transaction| transaction.bundle(entry_points));
    let outcomes = sent.map(async |sent| Ok(has_failed(chain, &sent).await?.then_some(sent)));
    let outcomes: Vec<Option<Sent>> = try_join_all(outcomes).await?;
    Ok(outcomes.into_iter().flatten().collect())
}

/// What a call of a block reverted with; none if it can't be told.
pub(super) async fn reason(chain: &Chain, sent: &Sent, number: u64) -> Result<Option<Bytes>, Error> {
    match traced(chain, sent).await {
        Ok(Some(data)) => return Ok(Some(data)),
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Ok(None) | Err(_) => {}
    }
    match again(chain, sent, number).await {
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            info!(chain = chain.name(), transaction = sent.hash, "no reason of a refused bundle: {error}");
            Ok(None)
        }
        told => told,
    }
}

async fn has_failed(chain: &Chain, sent: &Sent) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Receipt {
        status: Number,
    }
    let receipt: Option<Receipt> = chain.request("eth_getTransactionReceipt", [sent.hash]).await?;
    let status = receipt.map(|receipt| receipt.status.0);
    match status {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        Some(other) => Err(Error::Malformed(format!("transaction {} has status {other}", sent.hash))),
        None => Err(Error::Unavailable(format!("the node that answers has no receipt of {}", sent.hash))),
    }
}

/// What it reverted with when it was mined.
async fn traced(chain: &Chain, sent: &Sent) -> Result<Option<Bytes>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Tracer {
        tracer: &'static str,
        tracer_config: OnlyTop,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct OnlyTop {
        only_top_call: bool,
    }
    #[derive(Deserialize)]
    struct Frame {
        output: Option<Bytes>,
    }
    let tracer = Tracer { tracer: "callTracer", tracer_config: OnlyTop { only_top_call: true } };
    let frame: Frame = chain.request("debug_traceTransaction", (sent.hash, tracer)).await?;
    // Out of gas has no output: the reason is known, and none of the EntryPoint's.
    Ok(Some(frame.output.unwrap_or_default()))
}

/// What it reverts with on the state before its block.
async fn again(chain: &Chain, sent: &Sent, number: u64) -> Result<Option<Bytes>, Error> {
    let Some(before) = number.checked_sub(1) else { return Ok(None) };
    let call = Call { to: sent.entry_point, data: sent.input.clone() };
    let (_, replies) = chain.call(Block::Number(before), [call]).await?;
    Ok(match replies.into_iter().next() {
        Some(Reply::Reverted(data)) if is_the_entry_points(&data) => Some(data),
        // Another failure than the block's, or none.
        _ => None,
    })
}

fn is_the_entry_points(data: &[u8]) -> bool {
    Refusal::read(data).is_some() || matches!(Reason::read(data), Reason::Code(_))
}

#[derive(Deserialize)]
struct Mined {
    number: Number,
    transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    hash: B256,
    to: Option<Address>,
    input: Bytes,
}

impl Transaction {
    fn bundle(self, entry_points: &EntryPoints) -> Option<Sent> {
        let entry_point = self.to?;
        let version = entry_points.version_of(entry_point)?;
        let sent = Sent { hash: self.hash, entry_point, version, input: self.input };
        bundle::is_bundle(version, &sent.input).then_some(sent)
    }
}
