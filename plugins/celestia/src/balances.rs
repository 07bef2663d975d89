//! What accounts hold, and what went out of them and into them.
//!
//! A balance is that of the block before the node's head. Between two runs only the difference can be seen: where money came
//! and went in between, the smaller of both is hidden. So these counters bound what was spent from below; what is paid for
//! blobs is counted exactly, from the transactions themselves.

use std::collections::BTreeMap;

use serde::Deserialize;
use watchkeeper_sdk::prelude::*;

use crate::{
    account::Address,
    node::Node,
    number::{self, Amount},
    payment::DENOMINATION,
};

/// `utia` in one TIA.
pub(crate) const UNITS: f64 = 1e6;

#[derive(Metrics)]
#[metric(prefix = "da", labels("network", "account"))]
pub(crate) struct Metrics {
    /// What the account holds, in TIA, as of the block before the node's head.
    balance_native: Gauge<2>,
    /// Falls of the balance from one run to the next, in TIA: fees, and whatever else went out.
    account_spent_native_total: Counter<2>,
    /// Rises of the balance from one run to the next, in TIA.
    account_credited_native_total: Counter<2>,
}

impl Metrics {
    /// Reads the named accounts, or else the node's own, as `node`.
    pub(crate) async fn read(&self, node: &Node<'_>, accounts: &BTreeMap<String, Address>) -> Result<()> {
        let own = match accounts.is_empty() {
            true => node.ask::<Address>("account of the node", "state.AccountAddress", ()).await,
            false => None,
        };
        let own = own.map(|address| ("node".to_owned(), address));
        let before: BTreeMap<String, String> = state::get(KEY).await?.unwrap_or_default();
        let mut balances = before.clone();
        let accounts = accounts.iter().map(|(name, address)| (name.clone(), address.clone())).chain(own);
        for (name, address) in accounts {
            if let Some(balance) = balance(node, &name, &address).await {
                let last = before.get(address.as_str()).and_then(|last| number::parse(last).ok());
                self.account(node.network(), &name, last, balance);
                balances.insert(address.into(), balance.to_string());
            }
        }
        if balances != before {
            state::set(KEY, &balances).await?;
        }
        Ok(())
    }

    fn account(&self, network: &str, name: &str, last: Option<u128>, balance: u128) {
        let labels = [network, name];
        let last = last.unwrap_or(balance);
        self.balance_native.set(labels, balance as f64 / UNITS);
        self.account_spent_native_total.add(labels, last.saturating_sub(balance) as f64 / UNITS);
        self.account_credited_native_total.add(labels, balance.saturating_sub(last) as f64 / UNITS);
    }
}

const KEY: &str = "balances";

async fn balance(node: &Node<'_>, name: &str, address: &Address) -> Option<u128> {
    const METHOD: &str = "state.BalanceForAddress";
    let what = format!("balance of {name}");
    let coin = node.ask::<Coin>(&what, METHOD, (address,)).await?;
    if coin.denom != DENOMINATION {
        let denomination: String = coin.denom.chars().take(80).collect();
        node.say(&what, METHOD, &format!("it is in `{denomination}`, not in `{DENOMINATION}`"));
        return None;
    }
    Some(coin.amount.0)
}

#[derive(Deserialize)]
struct Coin {
    denom: String,
    amount: Amount,
}
