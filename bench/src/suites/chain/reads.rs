//! Fifty jobs that read a thousand values of a contract at one head: how many requests that is, and how long it takes beside
//! alloy's client, which asks one by one, and beside a script that calls `cast`.

use std::{process::Command, time::Instant};

use anyhow::{Result, anyhow, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::{
    counter::Counter,
    stage::{Chain, VALUES, client, open, read_values, value},
};
use crate::{
    built,
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
};

const JOBS: usize = 50;
const VALUES_READ: usize = 1_000;
const ROUNDS: usize = 15;
const CAST_CALLS: usize = 20;

pub(super) async fn measure(chain: &Chain, report: &mut Report) -> Result<()> {
    eprintln!("==> {JOBS} jobs read {VALUES_READ} values at one head");
    requests(chain, report).await?;
    let (mut ours, mut one_by_one, mut at_once) = (Samples::default(), Samples::default(), Samples::default());
    let (chains, alloy) = (open(chain.url())?, client(chain.url())?);
    read_values(&chains, JOBS, JOBS).await?;
    for _ in 0..ROUNDS {
        chain.mine().await?;
        let begun = Instant::now();
        read_values(&chains, JOBS, VALUES_READ).await?;
        ours.push(begun.elapsed());

        let begun = Instant::now();
        for number in 0..VALUES_READ {
            single(&alloy, number).await?;
        }
        one_by_one.push(begun.elapsed());

        let begun = Instant::now();
        let share = VALUES_READ / JOBS;
        let job = async |job: usize| {
            for number in job * share..(job + 1) * share {
                single(&alloy, number).await?;
            }
            anyhow::Ok(())
        };
        try_join_all((0..JOBS).map(job)).await?;
        at_once.push(begun.elapsed());
    }
    let what = format!("{VALUES_READ} values of a contract, read by {JOBS} jobs at one head");
    let how = format!(
        "medians of {ROUNDS} rounds, each at a new block, through the capability's grant; the node is Anvil on this machine"
    );
    let mut beside = |name: &str, peer: String, theirs: f64, how: String| {
        report.add(Row {
            name: name.to_owned(),
            what: what.clone(),
            value: millis(ours.median()),
            unit: "ms",
            peer: Some(Peer { name: peer, value: theirs, ratio: Ratio::TheirsOverOurs }),
            how,
        });
    };
    let single = "alloy's client, a request a value, kept connections";
    beside("reads_1000_vs_alloy", format!("{single}, one after the other"), millis(one_by_one.median()), how.clone());
    beside("reads_1000_vs_alloy_at_once", format!("{single}, {JOBS} at once"), millis(at_once.median()), how);
    if let Ok(cast) = built::cast() {
        let call = cast_call(&cast, chain.url())?;
        let how = format!("the median of {CAST_CALLS} processes, times {VALUES_READ}: not {VALUES_READ} were started");
        beside("reads_1000_vs_cast", "a script that calls `cast call`".to_owned(), call * VALUES_READ as f64, how);
    } else {
        report.skip("`cast`, because it is not installed".to_owned());
    }
    Ok(())
}

/// How many requests reach the node.
async fn requests(chain: &Chain, report: &mut Report) -> Result<()> {
    let counter = Counter::start(chain.url())?;
    let chains = open(&counter.url)?;
    read_values(&chains, JOBS, JOBS).await?;
    let mut counts = Vec::new();
    for _ in 0..ROUNDS {
        chain.mine().await?;
        let before = counter.requests();
        read_values(&chains, JOBS, VALUES_READ).await?;
        counts.push(counter.requests() - before);
    }
    counts.sort_unstable();
    let (Some(least), Some(most)) = (counts.first(), counts.last()) else { return Err(anyhow!("no rounds")) };
    report.add(Row {
        name: "upstream_requests_1000_reads".to_owned(),
        what: format!("HTTP requests for {VALUES_READ} values of a contract, read by {JOBS} jobs at one head"),
        value: *most as f64,
        unit: "requests",
        peer: Some(Peer {
            name: "a request a value".to_owned(),
            value: VALUES_READ as f64,
            ratio: Ratio::TheirsOverOurs,
        }),
        how: format!(
            "the most of {ROUNDS} rounds, each at a new block (the least {least}), counted by a proxy; aim: at most 3"
        ),
    });
    Ok(())
}

async fn single(client: &alloy_rpc_client::RpcClient, number: usize) -> Result<()> {
    let call = value(number)?;
    let params = json!([{ "to": call.to, "input": call.data }, "latest"]);
    let answer: Value = client.request("eth_call", params).await?;
    ensure!(answer.as_str() == Some(&call.data.to_string()), "a wrong value: {answer}");
    Ok(())
}

/// Milliseconds of one process that reads one value.
fn cast_call(cast: &std::path::Path, url: &str) -> Result<f64> {
    let mut samples = Samples::default();
    for number in 0..CAST_CALLS {
        let data = value(number)?.data.to_string();
        let begun = Instant::now();
        let output = Command::new(cast).args(["call", VALUES, "--data", &data, "--rpc-url", url]).output()?;
        ensure!(output.status.success(), "cast failed: {}", String::from_utf8_lossy(&output.stderr));
        samples.push(begun.elapsed());
    }
    Ok(millis(samples.median()))
}
