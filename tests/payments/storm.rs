//! Killed at random moments again and again, while blocks come slowly and some are replaced, nodes lie, and paymasters spend
//! what they get. Then one life without a kill, and everything is held against the oracle.
//!
//! `WATCHKEEPER_KILLS=10000` kills more often. Moments follow a fixed seed; what they meet doesn't.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use fastrand::Rng;
use serde_json::json;

use super::{
    oracle::{Evidence, Rules, judge},
    support::{
        Ask, House, ONE, Stage, TREASURE, coins, deposit_data, deposit_rule, payer, total_deposit, transfer_rule,
    },
};
use crate::support::{Fault, Sending, Watchkeeper};

const KILLS: usize = 300;
/// Houses that are killed side by side.
const STORMS: usize = 3;
const SEED: u64 = 0x00d0_11a5;
/// From a start to its kill.
const LIFE_MILLIS: std::ops::Range<u64> = 50..1_300;
/// From one block to the next.
const BLOCK_MILLIS: std::ops::Range<u64> = 150..900;
/// One of so many blocks finds a paymaster that spent all that it had.
const DRAINED: u32 = 4;
/// One of so many blocks takes the place of the one before it.
const REPLACED: u32 = 12;
const UP_TO: u128 = 2 * ONE;
/// Where steady payments go.
const TARGETS: [&str; 3] = [
    "0x00000000000000000000000000000000000a0001",
    "0x00000000000000000000000000000000000a0002",
    "0x00000000000000000000000000000000000a0003",
];
/// Where those go whose job may spend little.
const CAPPED: &str = "0x00000000000000000000000000000000000a0009";
const CAPPED_EACH: u128 = ONE / 1_000;
const CAPPED_MOST: u128 = 4 * CAPPED_EACH;
/// What may be spent for each kill: less than the paymaster needs, so that the cap is met.
const FOR_EACH_KILL: u128 = 3 * ONE / 10;

#[test]
fn however_often_it_is_killed_each_payment_happens_once_or_the_journal_says_why_not() {
    let kills = env::var("WATCHKEEPER_KILLS").map_or(KILLS, |text| text.parse().expect("a number of kills"));
    let storms: Vec<Evidence> = thread::scope(|scope| {
        let storm = |number: usize| Storm::new(SEED + number as u64, kills.div_ceil(STORMS)).through();
        let storms: Vec<_> = (0..STORMS).map(|number| scope.spawn(move || storm(number))).collect();
        storms.into_iter().map(|storm| storm.join().expect("no storm fails")).collect()
    });
    storms.iter().enumerate().for_each(|(number, storm)| eprintln!("storm {number}: {}", summary(storm)));
    something_happened(&storms);
    the_oracle_finds_what_is_doctored(&storms[0], most(kills.div_ceil(STORMS)));
}

/// What may be spent in a storm.
fn most(kills: usize) -> u128 {
    (FOR_EACH_KILL * kills as u128).clamp(5 * ONE, TREASURE / 2)
}

struct Storm {
    house: House,
    rng: Rng,
    kills: usize,
}

impl Storm {
    fn new(seed: u64, kills: usize) -> Self {
        let policy = json!({"confirmations": 1, "replace_after": "2s", "max_24h": coins(most(kills))});
        let house = Stage::new().policy(policy).build();
        let grant = |rules: serde_json::Value| json!({"dry_run": false, "allow": rules});
        let every_second = json!({"every": "1s", "timeout": "10s", "idempotent": true, "retry": {"backoff": "200ms"}});
        let steady = TARGETS.map(|target| {
            let key = format!("{}-{{period}}", &target[38..]);
            // Each period pays an amount of its own, so that the chain alone tells two payments of one period.
            Ask::pay(&key, target, 0).with("value", "1{period}")
        });
        let mut keys = every_second.clone();
        keys["config"] = json!({"period_seconds": 1, "together": true});
        house.job("steady", &payer(keys.clone(), &steady, grant(TARGETS.map(transfer_rule).to_vec().into())));
        let capped = Ask::pay("capped-{period}", CAPPED, CAPPED_EACH);
        let mut small = grant(json!([transfer_rule(CAPPED)]));
        small["max_lifetime"] = json!(coins(CAPPED_MOST));
        house.job("capped", &payer(keys, &[capped], small));
        let rule = deposit_rule(house.entry_point, &house.paymaster, &coins(ONE / 2), &coins(UP_TO));
        let topup = Ask::deposit("topup-{period}", house.entry_point, &house.paymaster, UP_TO);
        let mut keys = every_second;
        keys["config"] = json!({"period_seconds": 2});
        house.job("topup", &payer(keys, &[topup], grant(json!([rule]))));
        Self { house, rng: Rng::with_seed(seed), kills }
    }

    /// Kills it so often, then lets it live until every payment has its end.
    fn through(self) -> Evidence {
        let Self { house, mut rng, kills } = self;
        // What is compiled once is quick ever after.
        drop(house.start());
        let over = AtomicBool::new(false);
        let seed = rng.fork();
        thread::scope(|scope| {
            scope.spawn(|| chain(&house, seed, &over));
            for _ in 0..kills {
                house.node().set(mood(&mut rng));
                let life = Duration::from_millis(rng.u64(LIFE_MILLIS));
                Watchkeeper::start_and_kill(&house.deployment, life);
            }
            over.store(true, Ordering::SeqCst);
        });
        calm(&house, kills)
    }
}

/// What the node does with transactions for a life.
fn mood(rng: &mut Rng) -> Fault {
    match rng.u32(..8) {
        0 => Fault::Sending(Sending::TakesAndFails),
        1 => Fault::Sending(Sending::Forgets),
        2 => Fault::Sending(Sending::Twice),
        3 => Fault::Sending(Sending::Late(Duration::from_millis(300))),
        _ => Fault::Pass,
    }
}

/// A life without a kill and without new payments, until each has its end.
fn calm(house: &House, kills: usize) -> Evidence {
    house.node().set(Fault::Pass);
    for job in ["steady", "capped", "topup"] {
        house.deployment.remove_job(job);
    }
    let mut watchkeeper = house.start();
    house.settle(&watchkeeper);
    let evidence = Evidence::of(house, &watchkeeper, &[&house.paymaster]);
    let mut wrong = judge(&evidence, &rules(house, kills));
    wrong.extend(twice(&evidence));
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), watchkeeper.log());
    let violations = watchkeeper.metrics();
    let violations = violations.all("watchkeeper_invariant_violations_total", &[]);
    assert!(violations.iter().all(|it| it.value == 0.0), "{violations:?}");
    assert_eq!(watchkeeper.end(), Some(0), "{}", watchkeeper.log());
    evidence
}

/// Makes blocks slowly, has the paymaster spend what it has now and then, and changes its mind about the last block. A block in
/// which a paymaster spent stays: who is paid by what a block says can't be paid back when another takes its place.
fn chain(house: &House, mut rng: Rng, over: &AtomicBool) {
    let mut spent = false;
    while !over.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(rng.u64(BLOCK_MILLIS)));
        let has = total_deposit(&house.anvil, house.entry_point, &house.paymaster);
        let spends = has > 0 && rng.u32(..DRAINED) == 0;
        if spends {
            house.drain(&house.paymaster, has);
        }
        if !spends && !spent && rng.u32(..REPLACED) == 0 {
            house.anvil.rpc("anvil_reorg", json!([1, []]));
        } else {
            house.anvil.mine(1);
        }
        spent = spends;
    }
}

fn rules(house: &House, kills: usize) -> Rules {
    let transfers = TARGETS.iter().chain([&CAPPED]).map(|target| ((*target).to_owned(), "0x".to_owned()));
    let deposits = (house.entry_point.to_lowercase(), deposit_data(&house.paymaster));
    Rules {
        allowed: transfers.chain([deposits]).collect(),
        max_payment: 5 * ONE,
        max_spent: most(kills),
        max_fee: ONE / 20,
        max_of_job: [("capped", CAPPED_MOST)].into(),
        up_to: UP_TO,
        foreign: BTreeSet::new(),
    }
}

/// Steady payments of one period and target, by the chain alone: no two are the same.
fn twice(evidence: &Evidence) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let steady = evidence.sent.iter().filter(|sent| TARGETS.contains(&&*sent.to));
    let doubled = steady.filter(|sent| !seen.insert((&sent.to, sent.value)));
    doubled.map(|sent| format!("{} got {} twice", sent.to, sent.value)).collect()
}

/// What happened, in one line.
fn summary(evidence: &Evidence) -> String {
    let mut states: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for entry in &evidence.journal {
        *states.entry((&entry.job, &entry.state)).or_default() += 1;
    }
    let replaced = evidence.transactions.values().filter(|hashes| hashes.len() > 1).count();
    let (signed, sent) = (evidence.wire.len(), evidence.sent.len());
    format!("{signed} transactions signed, {sent} in blocks, {replaced} payments replaced, {states:?}")
}

/// A storm in which nothing was killed half-way proves nothing.
fn something_happened(storms: &[Evidence]) {
    let entries = || storms.iter().flat_map(|storm| &storm.journal);
    let reasons = || entries().filter_map(|entry| entry.reason.as_deref());
    for evidence in storms {
        for job in ["steady", "capped", "topup"] {
            let paid = |entry: &&super::support::Entry| entry.job == job && entry.state == "confirmed";
            assert!(evidence.journal.iter().any(|entry| paid(&entry)), "{job} paid nothing");
        }
    }
    for words in ["the process ended before it was signed", "cap for lifetime", "not below"] {
        assert!(reasons().any(|reason| reason.contains(words)), "nothing was refused with: {words}");
    }
    let confirmed = entries().filter(|entry| entry.state == "confirmed").count();
    assert!(confirmed > 10 * storms.len(), "{confirmed} payments in all");
    let replaced = storms.iter().flat_map(|storm| storm.transactions.values()).filter(|hashes| hashes.len() > 1);
    assert!(replaced.count() > 0, "no payment was replaced");
}

/// What is told wrongly, how, and what the oracle has to say of it.
type Lie = (&'static str, fn(&mut Evidence), &'static str);

/// Lies about what happened.
const LIES: [Lie; 12] = [
    ("a payment vanished from the journal", |it| drop(it.journal.remove(confirmed(it))), "belongs to 0 payments"),
    ("a payment vanished from the chain", |it| drop(it.sent.remove(0)), "are on the chain"),
    ("a payment was made twice", |it| it.sent.push(it.sent[0].clone()), "nonces"),
    ("a key is there twice", |it| it.journal.push(it.journal[confirmed(it)].clone()), "twice"),
    ("a payment has no end", |it| with(it, |entry| "broadcast".clone_into(&mut entry.state)), "no end"),
    ("a confirmed one is told refused", |it| with(it, |entry| "refused".clone_into(&mut entry.state)), "transactions"),
    ("a reason is missing", |it| it.journal.iter_mut().for_each(|entry| entry.reason = None), "say why"),
    ("a block is another", |it| with(it, |entry| entry.block = entry.block.map(|block| block + 1)), "the chain has"),
    ("an amount is another", |it| with(it, |entry| entry.amount = Some(7)), "the journal says"),
    ("something else was signed", |it| it.wire[0].to = CAPPED.replace('9', "8"), "is not allowed"),
    ("more was signed than may be", |it| it.wire[0].value = (6 * ONE).try_into().expect("a number"), "pays"),
    ("a deposit is too high", |it| it.deposits[0].total = UP_TO + 1, "came to"),
];

fn the_oracle_finds_what_is_doctored(evidence: &Evidence, max_spent: u128) {
    let allowed = evidence.wire.iter().map(|signed| (signed.to.clone(), signed.data.to_string()));
    let rules = Rules {
        allowed: allowed.collect(),
        max_payment: 5 * ONE,
        max_spent,
        max_fee: ONE / 20,
        up_to: UP_TO,
        ..Rules::default()
    };
    assert_eq!(judge(evidence, &rules), [""; 0]);
    for (lie, tell, expected) in LIES {
        let mut doctored = evidence.clone();
        tell(&mut doctored);
        let found = judge(&doctored, &rules);
        assert!(found.iter().any(|wrong| wrong.contains(expected)), "{lie}: {found:#?}");
    }
    for (what, tighter) in [
        ("spent", Rules { max_spent: 1, ..rules.clone() }),
        ("cost", Rules { max_fee: 1, ..rules.clone() }),
        ("capped spent", Rules { max_of_job: [("capped", 1)].into(), ..rules.clone() }),
    ] {
        let found = judge(evidence, &tighter);
        assert!(found.iter().any(|wrong| wrong.contains(what)), "{what}: {found:#?}");
    }
}

/// The place of a confirmed payment of the job that isn't topping up.
fn confirmed(evidence: &Evidence) -> usize {
    let fits = |entry: &super::support::Entry| entry.state == "confirmed" && entry.job == "steady";
    evidence.journal.iter().position(fits).expect("a confirmed payment")
}

fn with(evidence: &mut Evidence, change: impl FnOnce(&mut super::support::Entry)) {
    let place = confirmed(evidence);
    change(&mut evidence.journal[place]);
}
