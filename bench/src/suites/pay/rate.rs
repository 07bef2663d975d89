//! Payments a second, each confirmed in a block: ours with every step in the journal and synced, theirs with none.

use std::time::Instant;

use alloy_network::TransactionBuilder as _;
use alloy_primitives::U256;
use alloy_provider::Provider as _;
use alloy_rpc_types_eth::TransactionRequest;
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;

use super::stage::{House, TARGETS, alloy, target};
use crate::{
    report::{Peer, Ratio, Report, Row},
    stats::median,
    suites::chain::stage::Chain,
};

const ROUNDS: usize = 5;

pub(super) async fn measure(chain: &Chain, report: &mut Report) -> Result<()> {
    eprintln!("==> payments that are confirmed, {TARGETS} at once");
    let house = House::open(chain.url())?;
    let provider = alloy(chain.url())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let begun = Instant::now();
        let keys: Vec<String> = (0..TARGETS).map(|number| format!("{round}-{number}")).collect();
        let paid = keys.iter().enumerate().map(|(number, key)| house.pay(key, target(number)));
        let receipts = try_join_all(paid).await?;
        ensure!(receipts.iter().all(|receipt| !receipt.repeated), "a payment was made before");
        ours.push(rate(begun));
        let begun = Instant::now();
        let paid = (0..TARGETS).map(|number| {
            let provider = provider.clone();
            async move {
                let request = TransactionRequest::default().with_to(target(number)).with_value(U256::from(1));
                let receipt = provider.send_transaction(request).await?.get_receipt().await?;
                ensure!(receipt.status(), "a payment failed");
                Ok(())
            }
        });
        try_join_all(paid).await?;
        theirs.push(rate(begun));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    report.add(Row {
        name: "journalled_vs_alloy".to_owned(),
        what: format!("payments a second that a block has, {TARGETS} asked at once, each step synced to the journal"),
        value: ours,
        unit: "payments/s",
        peer: Some(Peer {
            name: "alloy's filler stack, without a journal, condition or limits".to_owned(),
            value: theirs,
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("medians of {ROUNDS} rounds in turns; one account each, Anvil mines each transaction at once"),
    });
    Ok(())
}

fn rate(begun: Instant) -> f64 {
    TARGETS as f64 / begun.elapsed().as_secs_f64()
}
