//! Killed at every step: before and after each write of the journal, and each word to a signer or a node. Each point of the
//! list that the wallet keeps is met in a story that leads to it; then the process starts again, and what it left is paid once,
//! or not at all and the journal says why.

use std::{collections::BTreeSet, thread};

use serde_json::{Value, json};
use watchkeeper_wallet::{FAIL_POINTS, KILL_AT};

use super::{
    ANYBODY, SOON,
    oracle::{Evidence, Rules, judge},
    support::{Ask, Entry, House, ONE, Runs, Stage, coins, deposit_data, deposit_rule, deposited, payer},
};
use crate::support::{Fault, Sending, Watchkeeper, eventually};

/// Houses side by side.
const HOUSES: usize = 3;
const BELOW: u128 = ONE / 2;
const UP_TO: u128 = 2 * ONE;
/// A stuck transaction is replaced soon.
const REPLACE_AFTER: &str = "1s";
/// Second passages: of transactions that are sent again, and of those that replace another.
const AGAIN: [&str; 6] =
    ["send.before:2", "send.after:2", "signer.before:2", "signer.after:2", "sign.before:2", "sign.after:2"];

/// What leads to a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// A paymaster is in need, and blocks are made.
    Paid,
    /// It isn't in need.
    NotNeeded,
    /// The block that has the payment is replaced by one that hasn't.
    Reorganised,
    /// Another transaction uses the nonce.
    Overtaken,
    /// No block takes it until it was replaced.
    Stuck,
}

impl Story {
    fn of(point: &str) -> Self {
        if AGAIN.contains(&point) {
            return Self::Stuck;
        }
        match point.split_once('.').map_or(point, |(step, _)| step) {
            "refuse" => Self::NotNeeded,
            "uncover" => Self::Reorganised,
            "abandon" => Self::Overtaken,
            _ => Self::Paid,
        }
    }
}

#[test]
fn killed_at_any_step_it_pays_once_or_says_why_not() {
    let points: Vec<&str> = FAIL_POINTS.iter().copied().chain(AGAIN).collect();
    assert!(points.len() > 20, "{points:?}");
    let shares: Vec<Vec<(usize, &str)>> = (0..HOUSES)
        .map(|house| points.iter().copied().enumerate().filter(|(place, _)| place % HOUSES == house).collect())
        .collect();
    thread::scope(|scope| {
        let houses: Vec<_> = shares.iter().map(|points| scope.spawn(|| Street::new().through(points))).collect();
        for house in houses {
            house.join().expect("no house fails");
        }
    });
}

/// A house, and what happened in it.
struct Street {
    house: House,
    /// Deposits that were paid, by all stories.
    targets: Vec<String>,
    rules: Rules,
}

impl Street {
    fn new() -> Self {
        let house = Stage::new().policy(json!({"replace_after": REPLACE_AFTER})).build();
        let rules =
            Rules { max_payment: 5 * ONE, max_spent: 500 * ONE, max_fee: ONE / 20, up_to: UP_TO, ..Rules::default() };
        Self { house, targets: Vec::new(), rules }
    }

    fn through(mut self, points: &[(usize, &str)]) {
        for (number, point) in points {
            eprintln!("killed at {point}");
            self.survives(*number, point);
        }
        let watchkeeper = self.house.start();
        self.house.settle(&watchkeeper);
        let targets: Vec<&str> = self.targets.iter().map(String::as_str).collect();
        let wrong = judge(&Evidence::of(&self.house, &watchkeeper, &targets), &self.rules);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn survives(&mut self, number: usize, point: &str) {
        let story = Story::of(point);
        let target = format!("0x{:040x}", 0xdead_0000_usize + number);
        self.rules.allowed.insert((self.house.entry_point.to_lowercase(), deposit_data(&target)));
        self.targets.push(target.clone());
        self.house.job("pays", &self.job(point, &target));
        if story == Story::NotNeeded {
            self.house.endow(self.house.entry_point, &target, UP_TO);
        }
        let endowed = usize::from(story == Story::NotNeeded);
        let foreign = self.dies(story, point);
        self.house.node().set(Fault::Pass);

        // What the dead process left comes to its end by itself.
        let watchkeeper = self.house.start();
        let left = self.house.settle(&watchkeeper).into_iter().find(|entry| entry.key == point);
        let paid = deposited(&self.house.anvil, self.house.entry_point, &target).len() - endowed;
        agrees(point, left.as_ref(), paid);

        // The same key asks again: it is paid now, or was, and never twice.
        let ran = watchkeeper.ran(&self.house, "pays");
        let entries = self.house.settle(&watchkeeper);
        let entry = entries.iter().find(|entry| entry.key == point).expect("it was asked for");
        let (outcome, text) = ran.only();
        let expected = match story {
            Story::NotNeeded => ("not_needed", "refused", 0),
            Story::Overtaken => ("abandoned", "abandoned", 0),
            _ if paid == 1 => ("repeated", "confirmed", 1),
            _ => ("paid", "confirmed", 1),
        };
        let paid = deposited(&self.house.anvil, self.house.entry_point, &target).len() - endowed;
        assert_eq!((outcome, entry.state.as_str(), paid), expected, "{point}: {text}: {entry:?}");
        if let Some(hash) = foreign {
            let reason = entry.reason.as_deref().unwrap_or_default();
            assert!(reason.contains(&hash), "it names what used the nonce: {reason}");
        }
        if story == Story::Overtaken {
            let adopted = watchkeeper.post("accounts/funder/adopt", &json!({}));
            assert_eq!(adopted.status, 200, "{}", adopted.text());
        }
        let mut watchkeeper = watchkeeper;
        assert_eq!(watchkeeper.end(), Some(0), "{}", watchkeeper.log());
    }

    /// Runs until it dies at the point. Returns the transaction that took the nonce, if one did.
    fn dies(&mut self, story: Story, point: &str) -> Option<String> {
        let house = &self.house;
        let mut watchkeeper = house.start_knowing(&[(KILL_AT, point)]);
        let before = house.wire().len();
        if story == Story::Overtaken {
            house.node().set(Fault::Sending(Sending::Forgets));
        }
        if story == Story::Stuck {
            house.node().set(Fault::Sending(Sending::Refuses("txpool is full")));
        }
        let asked = watchkeeper.try_act("/api/v1/jobs/pays/run", &json!({}));
        assert!(asked.is_none_or(|answer| answer.status < 300), "{point}");
        let (mut foreign, mut reorganised) = (None, false);
        eventually(&format!("{point} to kill it"), SOON, || {
            match story {
                Story::Paid => house.mine_at_pace(),
                Story::NotNeeded | Story::Stuck => {}
                Story::Reorganised if reorganised => {}
                Story::Reorganised if is(&watchkeeper, point, "included") => {
                    house.anvil.rpc("anvil_reorg", json!([1, []]));
                    reorganised = true;
                }
                Story::Reorganised => house.mine_what_waits(),
                Story::Overtaken => match house.wire().get(before) {
                    None => {}
                    Some(_) if foreign.is_some() => house.mine_at_pace(),
                    Some(ours) => foreign = Some(house.foreign(ANYBODY, 1, ours.nonce, 5)),
                },
            }
            watchkeeper.was_killed().then_some(())
        });
        self.rules.foreign.extend(foreign.clone());
        foreign
    }

    fn job(&self, point: &str, target: &str) -> Value {
        let ask = Ask::deposit(point, self.house.entry_point, target, UP_TO);
        let rule = deposit_rule(self.house.entry_point, target, &coins(BELOW), &coins(UP_TO));
        payer(json!({}), &[ask], json!({"dry_run": false, "allow": [rule]}))
    }
}

/// Whether the payment of a key is in a state; not where nobody answers.
fn is(watchkeeper: &Watchkeeper, key: &str, state: &str) -> bool {
    let Some(answer) = watchkeeper.try_get("/api/v1/payments?limit=500") else { return false };
    let page = answer.json();
    let payments = page["payments"].as_array().cloned().unwrap_or_default();
    payments.iter().any(|payment| payment["key"] == key && payment["state"] == state)
}

/// What the journal says of a payment is what the chain has of it.
fn agrees(point: &str, entry: Option<&Entry>, paid: usize) {
    match entry {
        None => assert_eq!(paid, 0, "{point}: paid, and the journal doesn't know"),
        Some(entry) => {
            assert_eq!(paid, usize::from(entry.state == "confirmed"), "{point}: {entry:?}");
            let says_why = entry.reason.as_ref().is_some_and(|why| !why.is_empty());
            assert!(paid == 1 || says_why, "{point}: {entry:?}");
        }
    }
}

#[test]
fn every_point_has_a_story_that_leads_there() {
    let steps: BTreeSet<&str> =
        FAIL_POINTS.iter().map(|point| point.split_once('.').expect("step and side").0).collect();
    for step in &steps {
        for side in ["before", "after"] {
            assert!(FAIL_POINTS.contains(&&*format!("{step}.{side}")), "{step} is met on both sides");
        }
    }
    let known: BTreeSet<&str> = [
        "intend",
        "reserve",
        "refuse",
        "signer",
        "sign",
        "send",
        "broadcast",
        "include",
        "uncover",
        "settle",
        "abandon",
    ]
    .into();
    assert_eq!(steps, known, "a new step needs a story");
}
