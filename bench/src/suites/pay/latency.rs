//! The time from a wish to the moment when nodes have the transaction: reads that decide, the journal's steps, the signature.
//! Nothing is mined meanwhile, so that the journal still shows the moment of the broadcast.

use std::time::Instant;

use alloy_network::TransactionBuilder as _;
use alloy_primitives::U256;
use alloy_provider::Provider as _;
use alloy_rpc_types_eth::TransactionRequest;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use watchkeeper_ledger::PaymentFilter;
use watchkeeper_model::PaymentState;

use super::stage::{House, TARGETS, alloy, target};
use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
    suites::chain::stage::Chain,
};

pub(super) async fn measure(chain: &Chain, report: &mut Report) -> Result<()> {
    eprintln!("==> from a wish to its broadcast");
    let fresh = Chain::start().await?;
    let house = House::open(fresh.url())?;
    let provider = alloy(chain.url())?;
    fresh.ask("evm_setAutomine", json!([false])).await?;
    let mut theirs = Samples::default();
    for number in 0..TARGETS {
        let begun = Instant::now();
        let request = TransactionRequest::default().with_to(target(number)).with_value(U256::from(1));
        let sent = provider.send_transaction(request).await?;
        theirs.push(begun.elapsed());
        sent.get_receipt().await?;
    }
    let mut ours = Samples::default();
    for number in 0..TARGETS {
        let key = format!("{number}");
        let paying = house.pay(&key, target(number));
        tokio::pin!(paying);
        let sent = async {
            loop {
                let filter =
                    PaymentFilter { state: Some(PaymentState::Broadcast), limit: 1, ..PaymentFilter::default() };
                match house.ledger.payments(filter).await?.pop() {
                    Some(payment) if payment.intent.key == key => return anyhow::Ok(payment),
                    _ => tokio::time::sleep(std::time::Duration::from_millis(1)).await,
                }
            }
        };
        let payment = tokio::select! {
            payment = sent => payment?,
            ended = &mut paying => { ended?; anyhow::bail!("a payment was mined though nothing is") }
        };
        ours.push(payment.changed.duration_since(payment.intent.at).try_into().context("time ran backwards")?);
    }
    ensure!(ours.len() == TARGETS && theirs.len() == TARGETS, "a payment is missing");
    report.add(Row {
        name: "decision_to_broadcast".to_owned(),
        what: "from a wish to its broadcast: condition and limits read, four steps synced, signed, sent".to_owned(),
        value: micros(ours.median()),
        unit: "µs",
        peer: Some(Peer {
            name: "alloy's filler stack: filled, signed, sent".to_owned(),
            value: micros(theirs.median()),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!(
            "medians of {TARGETS} payments one after the other; our p99 {:.0} µs, theirs {:.0} µs",
            micros(ours.percentile(99)),
            micros(theirs.percentile(99))
        ),
    });
    Ok(())
}
