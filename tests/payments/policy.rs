//! Every limit of accounts and grants, end to end: what it allows is paid, what it doesn't allow is not, and the refusal names
//! the account, the rule, and the key to change.

use serde_json::{Value, json};

use super::{
    SOON,
    support::{Ask, House, ONE, Runs, SYMBOL, Stage, TREASURE, coins, journal, merge, payer, transfer_rule, word},
};
use crate::support::{Watchkeeper, contracts, eventually};

/// Where payments go.
const TARGETS: [&str; 3] = [
    "0x00000000000000000000000000000000000b0001",
    "0x00000000000000000000000000000000000b0002",
    "0x00000000000000000000000000000000000b0003",
];

/// A limit that stands against the last of some payments.
struct Limit {
    name: &'static str,
    /// Changes of the account, when so much was spent before.
    account: fn(u128) -> Value,
    /// Changes of the job's grant.
    grant: fn(u128) -> Value,
    /// What is asked: amounts, one for each target.
    asked: &'static [u128],
    /// What the last of them comes to; all before it are paid.
    outcome: &'static str,
    /// What the refusal names.
    words: &'static [&'static str],
}

/// No change.
fn none(_spent: u128) -> Value {
    json!({})
}

const LIMITS: [Limit; 17] = [
    Limit {
        name: "max_payment of the grant",
        account: none,
        grant: |_| json!({"max_payment": coins(ONE)}),
        asked: &[ONE, ONE + 1],
        outcome: "over_budget",
        words: &["account funder", "1 USDC", "max_payment"],
    },
    Limit {
        name: "max_payment of the account",
        account: |_| json!({"max_payment": coins(ONE)}),
        grant: |_| json!({"max_payment": coins(3 * ONE)}),
        asked: &[ONE, ONE + 1],
        outcome: "over_budget",
        words: &["account funder", "1 USDC", "max_payment"],
    },
    Limit {
        name: "max_24h of the grant",
        account: none,
        grant: |_| json!({"max_24h": coins(2 * ONE)}),
        asked: &[ONE, ONE, 1],
        outcome: "over_budget",
        words: &["account funder", "the job's cap for 24h leaves 0 USDC of 2 USDC", "max_24h"],
    },
    Limit {
        name: "max_24h of the account",
        account: |spent| json!({"max_24h": coins(spent + 5 * ONE)}),
        grant: |_| json!({"max_24h": coins(100 * ONE)}),
        asked: &[3 * ONE, 2 * ONE, 1],
        outcome: "over_budget",
        words: &["account funder", "the account's cap for 24h leaves 0 USDC", "max_24h"],
    },
    Limit {
        name: "max_7d of the grant",
        account: none,
        grant: |_| json!({"max_7d": coins(ONE)}),
        asked: &[ONE, 1],
        outcome: "over_budget",
        words: &["account funder", "the job's cap for 7d leaves 0 USDC of 1 USDC", "max_7d"],
    },
    Limit {
        name: "max_lifetime of the grant",
        account: none,
        grant: |_| json!({"max_lifetime": coins(ONE)}),
        asked: &[ONE, 1],
        outcome: "over_budget",
        words: &["account funder", "the job's cap for lifetime leaves 0 USDC of 1 USDC", "max_lifetime"],
    },
    Limit {
        name: "max_fee of the grant",
        account: none,
        grant: |_| json!({"max_fee": "1000 wei"}),
        asked: &[ONE],
        outcome: "over_budget",
        words: &["account funder", "gas", "max_fee"],
    },
    Limit {
        name: "max_fee of the account",
        account: |_| json!({"max_fee": "1000 wei"}),
        grant: |_| json!({"max_fee": coins(ONE)}),
        asked: &[ONE],
        outcome: "over_budget",
        words: &["account funder", "gas", "max_fee"],
    },
    Limit {
        name: "max_fee_per_gas of the grant",
        account: none,
        grant: |_| json!({"max_fee_per_gas": "5 wei"}),
        asked: &[ONE],
        outcome: "over_budget",
        words: &["account funder", "gas", "max_fee_per_gas"],
    },
    Limit {
        name: "max_fee_per_gas of the account",
        account: |_| json!({"max_fee_per_gas": "5 wei"}),
        grant: |_| json!({"max_fee_per_gas": "500 gwei"}),
        asked: &[ONE],
        outcome: "over_budget",
        words: &["account funder", "gas", "max_fee_per_gas"],
    },
    Limit {
        name: "keep of the grant",
        account: none,
        grant: |spent| json!({"keep": coins(TREASURE - spent - ONE)}),
        asked: &[ONE],
        outcome: "over_budget",
        words: &["account funder", "keep"],
    },
    Limit {
        name: "keep of the account",
        account: |spent| json!({"keep": coins(TREASURE - spent - ONE)}),
        grant: |_| json!({"keep": "0 USDC"}),
        asked: &[ONE],
        outcome: "over_budget",
        words: &["account funder", "keep"],
    },
    Limit {
        name: "a new job is in dry run",
        account: none,
        grant: |_| json!({"dry_run": true}),
        asked: &[ONE],
        outcome: "dry_run",
        words: &["account funder", "1 USDC", TARGETS[0]],
    },
    Limit {
        name: "a pinned digest",
        account: none,
        grant: |_| json!({"digest": format!("sha256:{}", "ab".repeat(32))}),
        asked: &[ONE],
        outcome: "denied",
        words: &["account funder", "pins another", "digest"],
    },
    Limit {
        name: "what has enough",
        account: none,
        grant: |_| json!({"allow": [{"to": TARGETS[0], "below": "1 wei", "up_to": coins(50 * ONE)}]}),
        asked: &[ONE],
        outcome: "not_needed",
        words: &["account funder", "not below"],
    },
    Limit {
        name: "another recipient",
        account: none,
        grant: |_| json!({"allow": [transfer_rule(TARGETS[1])]}),
        asked: &[ONE],
        outcome: "denied",
        words: &["account funder", "no rule allows a transfer", "grants.wallet"],
    },
    Limit {
        name: "nothing is asked for",
        account: none,
        grant: none,
        asked: &[0],
        outcome: "denied",
        words: &["account funder", "above zero"],
    },
];

#[test]
fn each_limit_holds_and_its_refusal_names_it() {
    let mut house = House::new();
    let watchkeeper = house.start();
    let mut wrong = Vec::new();
    for (number, Limit { name, account, grant, asked, outcome, words }) in LIMITS.into_iter().enumerate() {
        let job = format!("limited-{number}");
        let spent: u128 = house.sent().iter().map(|sent| sent.value + sent.fee).sum();
        let standard = json!({
            "max_payment": coins(5 * ONE), "max_24h": coins(500 * ONE), "max_7d": coins(600 * ONE),
            "max_lifetime": coins(700 * ONE), "max_fee": coins(ONE / 20), "max_fee_per_gas": "1000 gwei", "keep": coins(0),
        });
        house.reconfigure(standard);
        let paid_before: u128 = house.sent().iter().map(|sent| sent.value).sum();
        let counted = if name.starts_with("keep") { spent } else { paid_before };
        house.reconfigure(account(counted));
        let key = |place: usize| format!("{name}, {place}");
        let asks: Vec<Ask> = asked
            .iter()
            .zip(TARGETS)
            .enumerate()
            .map(|(place, (value, to))| Ask::pay(&key(place), to, *value))
            .collect();
        let mut lent = json!({"dry_run": false, "allow": TARGETS.map(transfer_rule)});
        merge(&mut lent, grant(counted));
        house.job(&job, &payer(json!({}), &asks, lent));
        reload(&watchkeeper);

        let before = house.sent().len();
        let ran = watchkeeper.ran(&house, &job);
        let expected: Vec<&str> = (1..asked.len()).map(|_| "paid").chain([outcome]).collect();
        assert_eq!(ran.outcomes(), expected, "{name}: {ran:#?}");
        let (_, _, text) = ran.said.last().expect("an answer");
        let missing = words.iter().filter(|word| !text.contains(**word));
        wrong.extend(missing.map(|word| format!("{name}: {word} is not in: {text}")));
        house.settle(&watchkeeper);
        let paid: Vec<u128> = house.sent()[before..].iter().map(|sent| sent.value).collect();
        assert_eq!(paid, asked[..asked.len() - 1], "{name}: what was paid is on the chain, and nothing else");
        assert_eq!(house.wire().len(), house.sent().len(), "{name}: nothing else was signed");
        house.deployment.remove_job(&job);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Has changed files in force.
#[track_caller]
fn reload(watchkeeper: &Watchkeeper) {
    eventually("the files to be read", SOON, || (watchkeeper.act("/-/reload", &[]).status == 200).then_some(()));
}

#[test]
fn between_two_payments_to_a_target_there_is_one_end_and_a_least_time() {
    let house = House::new();
    let asks = ["first", "second"].map(|key| Ask::pay(key, TARGETS[0], ONE));
    let lent = json!({"dry_run": false, "min_interval": "1h", "allow": [transfer_rule(TARGETS[0])]});
    house.job("pays", &payer(json!({"config": {"together": true}}), &asks, lent));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran_while("pays", || {
        // The first one waits for a block until the second one was refused.
        if journal(&watchkeeper).iter().any(|entry| entry.state == "refused") {
            house.mine_what_waits();
        }
    });
    let mut outcomes = ran.outcomes();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["paid", "unavailable"], "{ran:#?}");
    let in_flight = ran.said.iter().find(|(_, outcome, _)| outcome == "unavailable").expect("one");
    assert!(in_flight.2.contains("account funder") && in_flight.2.contains("the same target"), "{in_flight:?}");
    house.settle(&watchkeeper);

    let ran = watchkeeper.ran(&house, "pays");
    let mut outcomes = ran.outcomes();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["over_budget", "repeated"], "{ran:#?}");
    let too_soon = ran.said.iter().find(|(_, outcome, _)| outcome == "over_budget").expect("one");
    assert!(too_soon.2.contains("account funder") && too_soon.2.contains("min_interval"), "{too_soon:?}");
    house.settle(&watchkeeper);
    assert_eq!(house.sent().len(), 1);
    assert_eq!(house.wire().len(), 1);
}

#[test]
fn the_host_pays_no_more_than_is_missing_whatever_is_asked() {
    let house = House::new();
    house.anvil.rpc("anvil_setBalance", json!([TARGETS[0], format!("{:#x}", ONE * 4 / 10)]));
    let rule = json!({"to": TARGETS[0], "below": coins(ONE), "up_to": coins(2 * ONE)});
    let asks = [Ask::pay("much", TARGETS[0], 5 * ONE), Ask::pay("again", TARGETS[0], 5 * ONE)];
    house.job("pays", &payer(json!({}), &asks[..1], json!({"dry_run": false, "allow": [rule]})));
    house.job("then", &payer(json!({}), &asks[1..], json!({"dry_run": false, "allow": [rule]})));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "pays");
    assert_eq!(ran.outcomes(), ["paid"], "{ran:#?}");
    assert!(ran.only().1.contains(&format!("amount=0x{:064x}", ONE * 16 / 10)), "it is told how much: {ran:#?}");
    house.settle(&watchkeeper);
    assert_eq!(house.sent().iter().map(|sent| sent.value).collect::<Vec<_>>(), [ONE * 16 / 10]);
    assert_eq!(watchkeeper.ran(&house, "then").outcomes(), ["not_needed"]);
    assert_eq!(house.sent().len(), 1);
}

#[test]
fn a_token_is_paid_within_its_own_caps() {
    let mut house = Stage::new().build();
    house.anvil.rpc("evm_setAutomine", json!([true]));
    let coin = contracts::deploy(&house.anvil, "Coin", &format!("{:064x}", 6));
    contracts::cast_send(&house.anvil, &coin, "mint(address,uint256)", &[House::ACCOUNT, "1000000000"]);
    house.anvil.rpc("evm_setAutomine", json!([false]));
    let token = json!({"address": coin, "decimals": 6, "max_payment": "20 COIN", "max_24h": "30 COIN"});
    house.reconfigure(json!({"tokens": {"COIN": token}}));
    let transfer = |to: &str, amount: u64| format!("0xa9059cbb{}{amount:064x}", word(to));
    let ask = |key: &str, to: &str, amount: u64| Ask::pay(key, &coin, 0).with("data", transfer(to, amount));
    let rules = [
        json!({"token": "COIN", "recipient": TARGETS[0], "below": "5 COIN", "up_to": "12 COIN"}),
        json!({"token": "COIN", "recipient": TARGETS[1], "unconditional": true}),
    ];
    let asks = [
        ask("missing", TARGETS[0], 20_000_000),
        ask("all", TARGETS[1], 18_000_001),
        ask("more", TARGETS[1], 20_000_001),
        ask("rest", TARGETS[1], 18_000_000),
        ask("a stranger", TARGETS[2], 1),
        ask("with value", TARGETS[1], 1).with("value", "1"),
    ];
    house.job("pays", &payer(json!({}), &asks, json!({"dry_run": false, "allow": rules})));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "pays");
    assert_eq!(ran.outcomes(), ["paid", "over_budget", "over_budget", "paid", "denied", "denied"], "{ran:#?}");
    assert!(ran.said[1].2.contains("the account's cap for 24h leaves 18 COIN of 30 COIN"), "{ran:#?}");
    assert!(ran.said[2].2.contains("20 COIN") && ran.said[2].2.contains("max_payment"), "{ran:#?}");
    house.settle(&watchkeeper);
    let held = |who: &str| contracts::cast_call(&house.anvil, &coin, "balanceOf(address)(uint256)", &[who]);
    assert!(held(TARGETS[0]).starts_with("12000000"), "{}", held(TARGETS[0]));
    assert!(held(TARGETS[1]).starts_with("18000000"), "{}", held(TARGETS[1]));
    assert_eq!(house.wire().len(), 2);
    assert!(house.sent().iter().all(|sent| sent.value == 0 && sent.success), "{:?}", house.sent());
}

#[test]
fn a_grant_that_is_not_clear_is_no_grant() {
    let house = Stage::new().policy(json!({"recipients": [TARGETS[0]]})).build();
    let watchkeeper = house.start();
    let (to, other) = (TARGETS[0], TARGETS[1]);
    let half = format!("0.5 {SYMBOL}");
    for (name, lent, words) in [
        ("without-rules", json!({"dry_run": false}), ["grants.wallet.funder", "allow"]),
        ("without-condition", json!({"allow": [{"to": to}]}), ["unconditional", "below"]),
        ("both", json!({"allow": [{"to": to, "unconditional": true, "below": half}]}), ["unconditional", "condition"]),
        ("half-a-condition", json!({"allow": [{"to": to, "below": half}]}), ["up_to", "below"]),
        ("a-stranger", json!({"allow": [transfer_rule(other)]}), ["recipients", "watchkeeper.toml"]),
        ("in-another-currency", json!({"max_24h": "1 ETH", "allow": [transfer_rule(to)]}), ["max_24h", "USDC"]),
        ("without-a-unit", json!({"max_24h": "1", "allow": [transfer_rule(to)]}), ["max_24h", "USDC"]),
        ("a-slip", json!({"max_24": half, "allow": [transfer_rule(to)]}), ["max_24", "grants.wallet.funder"]),
    ] {
        let ask = Ask::pay("key", to, ONE);
        house.job(name, &payer(json!({}), &[ask], lent));
        let path = house.deployment.path(&format!("jobs.d/{name}.toml")).display().to_string();
        let problem = eventually(&format!("{name} to be refused"), SOON, || {
            watchkeeper.overview().problems().get(&*path).map(|&problem| problem.to_owned())
        });
        for word in words {
            assert!(problem.contains(word), "{name}: {word} is not in: {problem}");
        }
        assert!(watchkeeper.overview().job(name).is_none(), "{name} doesn't run");
    }
    let mut another = payer(json!({}), &[], json!({}));
    another["grants"]["wallet"] = json!({"nobody": {"allow": [transfer_rule(to)]}});
    house.job("no-account", &another);
    eventually("it to be refused", SOON, || {
        let overview = watchkeeper.overview();
        let problems: Vec<&str> = overview.problems().into_values().collect();
        problems.iter().any(|problem| problem.contains("no account \"nobody\"")).then_some(())
    });
    house.nothing_left();
}
