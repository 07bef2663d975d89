//! The judge: what was promised, held against the chain, the wire and the journal. It knows the promises and not the code.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use super::support::{Deposited, Entry, House, Sent, deposited, journal, transactions};
use crate::support::{Watchkeeper, wire::Signed};

/// All that is known at the end of a story.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    pub(super) journal: Vec<Entry>,
    /// The hashes that the journal has, by payment.
    pub(super) transactions: BTreeMap<u64, Vec<String>>,
    /// Every transaction that was handed to an endpoint.
    pub(super) wire: Vec<Signed>,
    /// What the chain has of the account.
    pub(super) sent: Vec<Sent>,
    /// What paymasters had after each of their deposits.
    pub(super) deposits: Vec<Deposited>,
}

/// What was allowed.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    /// Recipient and call of everything that may be paid, in lower case; no call is `0x`.
    pub(super) allowed: BTreeSet<(String, String)>,
    pub(super) max_payment: u128,
    /// The account's narrowest cap over windows.
    pub(super) max_spent: u128,
    pub(super) max_fee: u128,
    /// The narrowest cap over windows of single jobs.
    pub(super) max_of_job: BTreeMap<&'static str, u128>,
    /// What no paymaster is filled up beyond.
    pub(super) up_to: u128,
    /// Transactions that the test sent with the account's key.
    pub(super) foreign: BTreeSet<String>,
}

impl Evidence {
    /// Gathers it, of the deposits of these paymasters at the house's EntryPoint.
    #[track_caller]
    pub(super) fn of(house: &House, watchkeeper: &Watchkeeper, paymasters: &[&str]) -> Self {
        let journal = journal(watchkeeper);
        let signed = |entry: &Entry| (entry.id, transactions(watchkeeper, entry.id));
        let deposits = paymasters.iter().flat_map(|of| deposited(&house.anvil, house.entry_point, of));
        Self {
            transactions: journal.iter().map(signed).collect(),
            wire: house.wire(),
            sent: house.sent(),
            deposits: deposits.collect(),
            journal,
        }
    }

    /// The payment whose transaction this is.
    fn entry_of(&self, hash: &str) -> Vec<&Entry> {
        self.journal.iter().filter(|entry| self.hashes(entry).iter().any(|own| own == hash)).collect()
    }

    fn hashes(&self, entry: &Entry) -> &[String] {
        self.transactions.get(&entry.id).map_or(&[], Vec::as_slice)
    }
}

/// What is wrong, one line each; empty where every promise was kept.
pub(super) fn judge(evidence: &Evidence, rules: &Rules) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(keys(evidence));
    wrong.extend(evidence.journal.iter().flat_map(|entry| ends(evidence, entry)));
    wrong.extend(evidence.sent.iter().flat_map(|sent| on_chain(evidence, rules, sent)));
    wrong.extend(evidence.wire.iter().flat_map(|signed| signed_well(evidence, rules, signed)));
    wrong.extend(nonces(evidence));
    wrong.extend(caps(evidence, rules));
    for deposit in evidence.deposits.iter().filter(|deposit| deposit.total > rules.up_to) {
        wrong.push(format!("a deposit in block {} came to {}", deposit.block, deposit.total));
    }
    wrong
}

/// A key names one payment of its job.
fn keys(evidence: &Evidence) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let twice = evidence.journal.iter().filter(|entry| !seen.insert((&entry.job, &entry.key)));
    twice.map(|entry| format!("{}: the key {} is there twice", entry.job, entry.key)).collect()
}

/// Each payment has an end, which the chain agrees with.
fn ends(evidence: &Evidence, entry: &Entry) -> Vec<String> {
    let hashes = evidence.hashes(entry);
    let on_chain: Vec<&Sent> = evidence.sent.iter().filter(|sent| hashes.contains(&sent.hash)).collect();
    let say = |what: String| vec![format!("payment {} ({}, {}): {what}", entry.id, entry.key, entry.state)];
    match (entry.state.as_str(), &on_chain[..]) {
        ("confirmed" | "reverted", [sent]) => {
            if sent.success != (entry.state == "confirmed") {
                return say(format!("the chain says success = {}", sent.success));
            }
            let told = (entry.transaction.as_ref(), entry.block, entry.fee);
            if told != (Some(&sent.hash), Some(sent.block), Some(sent.fee)) {
                return say(format!("the chain has {sent:?}, the journal {told:?}"));
            }
            // What is paid in a token isn't a transaction's value.
            if sent.value != 0 && sent.success && entry.amount != Some(sent.value) {
                return say(format!("the chain paid {}, the journal says {:?}", sent.value, entry.amount));
            }
            Vec::new()
        }
        ("refused", []) if !hashes.is_empty() => say(format!("{} transactions were signed", hashes.len())),
        ("refused" | "abandoned", []) if entry.reason.as_ref().is_some_and(|why| !why.is_empty()) => Vec::new(),
        ("refused" | "abandoned", []) => say("it doesn't say why".to_owned()),
        (state, found) if entry.is_final() => {
            say(format!("{} of its transactions are on the chain: {state}", found.len()))
        }
        _ => say("it has no end".to_owned()),
    }
}

/// Each transaction of the account is one payment's, and one that was allowed.
fn on_chain(evidence: &Evidence, rules: &Rules, sent: &Sent) -> Option<String> {
    if rules.foreign.contains(&sent.hash) {
        return None;
    }
    let known = evidence.entry_of(&sent.hash).len();
    (known != 1).then(|| format!("{} in block {} belongs to {known} payments", sent.hash, sent.block))
}

/// Whatever was signed stands in the journal, once, and within the policy.
fn signed_well(evidence: &Evidence, rules: &Rules, signed: &Signed) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |what: String| wrong.push(format!("{}: {what}", signed.hash));
    let known = evidence.entry_of(&signed.hash).len();
    if known != 1 {
        say(format!("was signed, and {known} payments have it"));
    }
    let what = (signed.to.clone(), signed.data.to_string());
    if !rules.allowed.contains(&what) {
        say(format!("{what:?} is not allowed"));
    }
    if signed.value > U256::from(rules.max_payment) {
        say(format!("pays {}", signed.value));
    }
    if signed.most_fee > U256::from(rules.max_fee) {
        say(format!("may cost {}", signed.most_fee));
    }
    wrong
}

/// All that was signed for a payment has one nonce, no other payment has it, and the chain has each once.
fn nonces(evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut owners: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for entry in &evidence.journal {
        let hashes = evidence.hashes(entry);
        let signed = evidence.wire.iter().filter(|signed| hashes.contains(&signed.hash));
        let used: BTreeSet<u64> = signed.map(|signed| signed.nonce).collect();
        if used.len() > 1 {
            wrong.push(format!("payment {} was signed with the nonces {used:?}", entry.id));
        }
        for nonce in used {
            owners.entry(nonce).or_default().insert(entry.id);
        }
    }
    let shared = owners.iter().filter(|(_, payments)| payments.len() > 1);
    wrong.extend(shared.map(|(nonce, payments)| format!("nonce {nonce} is that of the payments {payments:?}")));
    let found: Vec<u64> = evidence.sent.iter().map(|sent| sent.nonce).collect();
    if found != (0..found.len() as u64).collect::<Vec<_>>() {
        wrong.push(format!("the chain has the nonces {found:?}"));
    }
    wrong
}

/// What left the account is within every cap.
fn caps(evidence: &Evidence, rules: &Rules) -> Vec<String> {
    let mut wrong = Vec::new();
    let ours = evidence.sent.iter().filter(|sent| !rules.foreign.contains(&sent.hash));
    let mut all = 0;
    let mut of_jobs: BTreeMap<&str, u128> = BTreeMap::new();
    for sent in ours {
        let paid = if sent.success { sent.value } else { 0 };
        all += paid;
        for entry in evidence.entry_of(&sent.hash) {
            *of_jobs.entry(&entry.job).or_default() += paid;
        }
        if sent.fee > rules.max_fee {
            wrong.push(format!("{} cost {}", sent.hash, sent.fee));
        }
    }
    if all > rules.max_spent {
        wrong.push(format!("{all} was spent"));
    }
    for (job, most) in &rules.max_of_job {
        let spent = of_jobs.get(job).copied().unwrap_or(0);
        wrong.extend((spent > *most).then(|| format!("{job} spent {spent}")));
    }
    wrong
}
