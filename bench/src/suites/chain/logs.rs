//! A scan of many events, beside alloy's client that asks for the same ranges.

use std::time::Instant;

use alloy_rpc_types_eth::{Filter, Log};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use watchkeeper_chain::LogQuery;

use super::stage::{Chain, EVENTS, client, open, reads};
use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
};

const BLOCKS: u64 = 10;
const EVENTS_A_BLOCK: usize = 10_000;
const ROUNDS: usize = 5;

pub(super) async fn measure(chain: &Chain, report: &mut Report) -> Result<()> {
    eprintln!("==> a scan of {} events", BLOCKS as usize * EVENTS_A_BLOCK);
    let first = emit(chain).await?;
    let (chains, alloy) = (open(chain.url())?, client(chain.url())?);
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for block in first..first + BLOCKS {
            let query =
                LogQuery { addresses: vec![EVENTS.parse()?], topics: vec![], from_block: block, to_block: block };
            let events = reads(&chains)?.logs("bench", query)?.answer().await?;
            ensure!(events.len() == EVENTS_A_BLOCK, "{} events", events.len());
        }
        ours.push(begun.elapsed());

        let begun = Instant::now();
        for block in first..first + BLOCKS {
            let filter =
                Filter::new().address(EVENTS.parse::<alloy_primitives::Address>()?).from_block(block).to_block(block);
            let events: Vec<Log> = alloy.request("eth_getLogs", (filter,)).await?;
            ensure!(events.len() == EVENTS_A_BLOCK, "{} events", events.len());
        }
        theirs.push(begun.elapsed());
    }
    report.add(Row {
        name: "logs_100k_vs_alloy".to_owned(),
        what: format!("{} events in {BLOCKS} reads, checked and in their order", BLOCKS as usize * EVENTS_A_BLOCK),
        value: millis(ours.median()),
        unit: "ms",
        peer: Some(Peer {
            name: "alloy's client, `eth_getLogs` of the same ranges".to_owned(),
            value: millis(theirs.median()),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("medians of {ROUNDS} rounds, one after the other; ours asks for the last block's header first"),
    });
    Ok(())
}

/// Has the events emitted; returns the first block.
async fn emit(chain: &Chain) -> Result<u64> {
    let sender = chain.ask("eth_accounts", json!([])).await?.get(0).context("no account")?.clone();
    let mut first = None;
    for _ in 0..BLOCKS {
        let data = format!("{EVENTS_A_BLOCK:#066x}");
        let sent = json!([{ "from": sender, "to": EVENTS, "data": data, "gas": "0x1c9c380" }]);
        let hash = chain.ask("eth_sendTransaction", sent).await?;
        let receipt = chain.receipt(&hash).await?;
        ensure!(receipt.get("status") == Some(&json!("0x1")), "the events were not emitted");
        let number = receipt.get("blockNumber").and_then(|number| number.as_str()).context("no block")?;
        first.get_or_insert(u64::from_str_radix(number.trim_start_matches("0x"), 16)?);
    }
    first.context("no blocks")
}
