//! Kill -9 at random moments under load, again and again; then the ledger is held against an oracle that knows the
//! promises and not the code.
//!
//! `WATCHKEEPER_KILLS=3000` kills more often. Moments and deeds follow a fixed seed; what they meet doesn't.

mod load;
mod oracle;
mod records;
mod storm;

use std::{collections::BTreeSet, env, fmt::Debug, thread};

use records::Records;
use storm::{Account, Storm};

use crate::support::Anvil;

const KILLS: usize = 300;
/// Deployments that are killed side by side.
const STORMS: usize = 3;
const SEED: u64 = 0x005e_ed0f_ca1a;

#[test]
fn nothing_is_missed_doubled_or_forgotten_however_often_it_is_killed() {
    let kills = env::var("WATCHKEEPER_KILLS").map_or(KILLS, |text| text.parse().expect("a number of kills"));
    let anvil = Anvil::start(&["--no-mining"]);
    let accounts: Vec<Account> = thread::scope(|scope| {
        let storm = |number| Storm::new(SEED + number as u64, anvil.url()).through(kills / STORMS);
        let storms: Vec<_> = (0..STORMS).map(|number| scope.spawn(move || storm(number))).collect();
        storms.into_iter().map(|storm| storm.join().expect("no storm panics")).collect()
    });
    for (number, account) in accounts.iter().enumerate() {
        eprintln!("storm {number}: {}", account.summary());
        let wrong = oracle::judge(account);
        assert!(wrong.is_empty(), "storm {number}, kept in {}:\n{}", account.keep().display(), wrong.join("\n"));
    }
    something_happened(&accounts);
    the_oracle_finds_what_is_doctored(&accounts[0]);
}

/// A storm in which nothing was lost, skipped or tried again proves nothing.
fn something_happened(accounts: &[Account]) {
    let all = || accounts.iter().map(|account| &account.records);
    let outcomes = set(all().flat_map(|records| records.runs.iter().filter_map(|run| run.outcome.clone())));
    for outcome in ["success", "lost", "unavailable", "timeout", "cancelled"] {
        assert!(outcomes.contains(outcome), "no run was {outcome}: {outcomes:?}");
    }
    let reasons = set(all().flat_map(|records| records.skips.iter().map(|skip| skip.reason.clone())));
    for reason in ["overlap", "too_late", "paused", "skip_next", "rescheduled", "removed"] {
        assert!(reasons.contains(reason), "nothing was skipped as {reason}: {reasons:?}");
    }
    let verbs = set(accounts.iter().flat_map(|account| account.told.iter().map(|told| told.verb.to_owned())));
    assert_eq!(verbs.len(), 5, "each deed was answered once: {verbs:?}");
    let tried_again = |records: &Records| {
        let lost = records.runs.iter().filter(|run| run.outcome.as_deref() == Some("lost"));
        lost.filter(|lost| records.runs.iter().any(|run| run.first == lost.first && run.attempt > lost.attempt)).count()
    };
    assert!(all().map(tried_again).sum::<usize>() > 0, "no lost run was tried again");
}

fn set<T: Ord + Debug>(of: impl Iterator<Item = T>) -> BTreeSet<T> {
    of.collect()
}

/// What is told wrongly, how, and what the oracle has to say of it.
type Lie = (&'static str, fn(&mut Account), &'static str);

/// Lies about what happened.
const LIES: [Lie; 13] = [
    ("a run vanished", |account| drop(account.records.runs.remove(a_run(account, "skips"))), "no disposition"),
    ("a skip vanished", |account| drop(account.records.skips.remove(0)), "no disposition"),
    ("a skip covers one more", |account| account.records.skips[0].last += 100_000_000, ""),
    ("a skip counts one more", |account| account.records.skips[0].count += 1, "counts"),
    (
        "a due time ran twice",
        |account| {
            let mut twin = account.records.runs[a_run(account, "skips")].clone();
            twin.id.push('x');
            twin.first.push('x');
            account.records.runs.push(twin);
        },
        "twice",
    ),
    (
        "an interval shifted",
        |account| {
            let run = a_run(account, "skips");
            account.records.runs[run].nominal = account.records.runs[run].nominal.map(|nominal| nominal + 7);
        },
        "is not due",
    ),
    ("a run has no end", |account| with_run(account, "skips", |run| run.outcome = None), "no end"),
    ("a try left out a number", |account| with_run(account, "skips", |run| run.attempt = 2), "attempts"),
    (
        "a run reaches into the next",
        |account| with_run(account, "skips", |run| run.finished = run.finished.map(|at| at + 3_600_000_000_000)),
        "overlap",
    ),
    (
        "what may not be repeated was",
        |account| {
            let lost = |run: &records::Run| run.job == "slow-once" && run.outcome.as_deref() == Some("lost");
            let mut again = account.records.runs.iter().find(|run| lost(run)).expect("a lost run").clone();
            again.id.push('x');
            again.attempt = 2;
            again.outcome = Some("failed".to_owned());
            account.records.runs.push(again);
        },
        "tried again",
    ),
    (
        "a success was not remembered",
        |account| *account.records.remembered.get_mut("skips").expect("it remembers") -= 1,
        "remembers",
    ),
    ("a job counts one more run", |account| account.records.generations[0].runs += 1, "counts"),
    ("an answered deed is gone", |account| account.records.actions.clear(), "not in the ledger"),
];

fn the_oracle_finds_what_is_doctored(account: &Account) {
    for (lie, tell, expected) in LIES {
        let mut doctored = account.clone();
        tell(&mut doctored);
        let found = oracle::judge(&doctored);
        assert!(found.iter().any(|wrong| wrong.contains(expected)), "{lie}: {found:#?}");
    }
}

/// The place of a successful first try of a job, with more before and after it.
fn a_run(account: &Account, job: &str) -> usize {
    let runs = account.records.runs.iter().enumerate();
    let fits = |run: &records::Run| {
        run.job == job && run.nominal.is_some() && run.attempt == 1 && run.outcome.as_deref() == Some("success")
    };
    let found: Vec<usize> = runs.filter(|(_, run)| fits(run)).map(|(place, _)| place).collect();
    found[found.len() / 2]
}

fn with_run(account: &mut Account, job: &str, change: impl FnOnce(&mut records::Run)) {
    let run = a_run(account, job);
    change(&mut account.records.runs[run]);
}
