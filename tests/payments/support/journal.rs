//! The journal as the API tells it.

use serde_json::Value;

use crate::support::Watchkeeper;

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) job: String,
    pub(crate) key: String,
    pub(crate) state: String,
    /// Why its fate can't be told.
    pub(crate) undecided: Option<String>,
    /// Why it was refused, reverted or abandoned.
    pub(crate) reason: Option<String>,
    pub(crate) target: String,
    /// What is paid, in the smallest unit.
    pub(crate) amount: Option<u128>,
    pub(crate) fee: Option<u128>,
    /// The transaction in the block, else the last that was signed.
    pub(crate) transaction: Option<String>,
    pub(crate) block: Option<u64>,
}

impl Entry {
    /// Whether nothing will change it any more, short of asking again.
    pub(crate) fn is_final(&self) -> bool {
        ["refused", "confirmed", "reverted", "abandoned"].contains(&self.state.as_str())
    }
}

/// All payments, the oldest first.
#[track_caller]
pub(crate) fn journal(watchkeeper: &Watchkeeper) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut next = String::new();
    loop {
        let page = watchkeeper.api(&format!("payments?limit=500{next}"));
        entries.extend(page["payments"].as_array().expect("a list of payments").iter().map(read));
        match page["next"].as_u64() {
            Some(before) => next = format!("&before={before}"),
            None => break,
        }
    }
    entries.sort_by_key(|entry| entry.id);
    entries
}

/// The hash of every transaction that was signed for a payment, the first one first.
#[track_caller]
pub(crate) fn transactions(watchkeeper: &Watchkeeper, id: u64) -> Vec<String> {
    let payment = watchkeeper.api(&format!("payments/{id}"));
    let signed = payment["transactions"].as_array().expect("a list of transactions").iter();
    signed.map(|transaction| text(&transaction["hash"]).expect("a hash")).collect()
}

#[track_caller]
fn read(payment: &Value) -> Entry {
    let amount = |value: &Value| value["smallest"].as_str().map(|digits| digits.parse().expect("digits"));
    Entry {
        id: payment["id"].as_u64().expect("a number"),
        job: text(&payment["job"]).expect("a job"),
        key: text(&payment["key"]).expect("a key"),
        state: text(&payment["state"]).expect("a state"),
        undecided: text(&payment["undecided"]["why"]),
        reason: text(&payment["reason"]),
        target: text(&payment["target"]).expect("a target"),
        amount: amount(&payment["amount"]),
        fee: amount(&payment["fee"]),
        transaction: text(&payment["transaction"]),
        block: payment["block"].as_u64(),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
