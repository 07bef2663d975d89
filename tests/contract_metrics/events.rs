//! Counts of events beside the logs that are on the chain, whatever happens to chain and process.

use serde_json::json;

use super::{PATIENCE, accounts, block_of, coin, job, value, watch};
use crate::support::{
    Anvil, Deployment, Exposition, Signal, Watchkeeper,
    contracts::{cast_send, deploy},
    eventually,
};

const HOLDER: &str = "0x3000000000000000000000000000000000000003";
const OTHER: &str = "0x4000000000000000000000000000000000000004";
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const DEPTH: u64 = 5;

fn config(coin: &str) -> String {
    format!(
        r#"
depth = {DEPTH}
[[config.events]]
event = "Transfer(address indexed from, address indexed to, uint256 value)"
contracts = {{ coin = "{coin}" }}
metric = "transfers_total"
first_block = 0
by = {{ argument = "to", label = "to", values = {{ holder = "{HOLDER}" }} }}
sum = {{ argument = "value", metric = "transferred_total", decimals = 6 }}

[[config.events]]
name = "small"
event = "Transfer(address indexed from, address indexed to, uint256 value)"
contracts = {{ coin = "{coin}" }}
where = {{ to = ["{HOLDER}", "{OTHER}"], value = [1, 2] }}
metric = "small_transfers_total"
first_block = 0
"#
    )
}

/// What the logs of a coin up to a block come to: events and sums to the holder and to others, and small ones.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    holder: (f64, f64),
    other: (f64, f64),
    small: f64,
}

impl Counted {
    /// By the chain's own logs.
    fn on_chain(anvil: &Anvil, coin: &str, up_to: u64) -> Self {
        let filter =
            json!({"address": coin, "topics": [TRANSFER], "fromBlock": "0x0", "toBlock": format!("{up_to:#x}")});
        let mut counted = Self::default();
        for log in anvil.rpc("eth_getLogs", json!([filter])).as_array().unwrap() {
            let topics = log["topics"].as_array().unwrap();
            if topics.len() != 3 {
                continue;
            }
            let amount = u64::from_str_radix(&log["data"].as_str().unwrap()[2..], 16).unwrap();
            let to_holder = topics[2].as_str().unwrap().ends_with(&HOLDER[2..]);
            let group = if to_holder { &mut counted.holder } else { &mut counted.other };
            *group = (group.0 + 1.0, group.1 + amount as f64);
            let to_either = to_holder || topics[2].as_str().unwrap().ends_with(&OTHER[2..]);
            counted.small += f64::from(u8::from(to_either && amount <= 2));
        }
        counted
    }

    /// By the metrics.
    #[track_caller]
    fn in_metrics(scrape: &Exposition) -> Self {
        let group = |to: &str| {
            let labels = [("contract", "coin"), ("to", to)];
            let sum = value(scrape, "transferred_total", &labels).unwrap();
            (value(scrape, "transfers_total", &labels).unwrap(), (sum * 1e6).round())
        };
        let small = value(scrape, "small_transfers_total", &[("contract", "coin")]).unwrap();
        Self { holder: group("holder"), other: group("other"), small }
    }

    fn plus(self, other: &Self) -> Self {
        let add = |one: (f64, f64), other: (f64, f64)| (one.0 + other.0, one.1 + other.1);
        Self {
            holder: add(self.holder, other.holder),
            other: add(self.other, other.other),
            small: self.small + other.small,
        }
    }
}

/// Waits until every block that has settled is counted for both events.
#[track_caller]
fn caught_up(watchkeeper: &Watchkeeper, anvil: &Anvil) -> (Exposition, u64) {
    let settled = anvil.quantity("eth_blockNumber", json!([])) - DEPTH;
    let scrape = eventually(&format!("block {settled} to be counted"), PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let at = |event: &str| value(&scrape, "contracts_event_counted_block_number", &[("event", event)]);
        (at("Transfer") == Some(settled as f64) && at("small") == Some(settled as f64)).then_some(scrape)
    });
    (scrape, settled)
}

/// Mints to the holder, to another and to a third, amounts from 1 on.
fn mint(anvil: &Anvil, coin: &str, times: u64) {
    let third = accounts(anvil)[0].clone();
    for number in 1..=times {
        for to in [HOLDER, OTHER, &third] {
            cast_send(anvil, coin, "mint(address,uint256)", &[to, &number.to_string()]);
        }
    }
}

fn start(anvil: &Anvil) -> (String, Deployment) {
    let coin = coin(anvil);
    let deployment = watch(anvil.url(), &config(&coin));
    (coin, deployment)
}

#[test]
fn counts_are_those_of_the_logs_up_to_the_depth() {
    let anvil = Anvil::start(&[]);
    let (coin, deployment) = start(&anvil);
    mint(&anvil, &coin, 3);
    let other = cast_send(&anvil, &coin, "emitOther(address,uint256)", &[HOLDER, "9"]);
    let watchkeeper = Watchkeeper::start(&deployment);
    mint(&anvil, &coin, 3);
    let (scrape, settled) = caught_up(&watchkeeper, &anvil);
    let wanted = Counted::on_chain(&anvil, &coin, settled);
    assert!(block_of(&other) <= settled && wanted.small > 0.0 && wanted.other.0 > wanted.small);
    assert_eq!(Counted::in_metrics(&scrape), wanted);
    let malformed = [("contract", "coin"), ("event", "Transfer")];
    assert_eq!(value(&scrape, "contracts_event_malformed_total", &malformed), Some(1.0));

    anvil.mine(DEPTH);
    let (scrape, settled) = caught_up(&watchkeeper, &anvil);
    assert_eq!(Counted::in_metrics(&scrape), Counted::on_chain(&anvil, &coin, settled));
    for (family, wanted) in [
        ("contracts_event_up", 1.0),
        ("contracts_event_first_block_number", 0.0),
        ("contracts_event_uncounted_blocks", 0.0),
        ("contracts_event_reorganisations_total", 0.0),
    ] {
        assert_eq!(value(&scrape, family, &[("event", "Transfer")]), Some(wanted), "{family}");
    }
}

#[test]
fn a_reorganisation_within_the_depth_leaves_the_counts_those_of_the_canonical_chain() {
    let anvil = Anvil::start(&[]);
    let (coin, deployment) = start(&anvil);
    let watchkeeper = Watchkeeper::start(&deployment);
    mint(&anvil, &coin, 4);
    caught_up(&watchkeeper, &anvil);
    let logs = |block: &str| {
        let filter = json!({"address": coin, "topics": [TRANSFER], "fromBlock": "0x0", "toBlock": block});
        anvil.rpc("eth_getLogs", json!([filter])).as_array().map_or(0, Vec::len)
    };
    let before = logs("latest");
    anvil.rpc("anvil_reorg", json!([4, []]));
    assert_eq!(logs("latest"), before - 4, "the last four mints are gone");
    mint(&anvil, &coin, 2);
    anvil.mine(DEPTH);
    let (scrape, settled) = caught_up(&watchkeeper, &anvil);
    assert_eq!(Counted::in_metrics(&scrape), Counted::on_chain(&anvil, &coin, settled));
    assert_eq!(value(&scrape, "contracts_event_reorganisations_total", &[("event", "Transfer")]), Some(0.0));
}

#[test]
fn a_reorganisation_deeper_than_the_depth_is_told() {
    let anvil = Anvil::start(&[]);
    let (coin, deployment) = start(&anvil);
    let watchkeeper = Watchkeeper::start(&deployment);
    mint(&anvil, &coin, 4);
    let (scrape, _) = caught_up(&watchkeeper, &anvil);
    let counted = Counted::in_metrics(&scrape);
    anvil.rpc("anvil_reorg", json!([8, []]));
    let scrape = eventually("the reorganisation to be told", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let told = value(&scrape, "contracts_event_reorganisations_total", &[("event", "Transfer")]);
        (told == Some(1.0)).then_some(scrape)
    });
    assert_eq!(Counted::in_metrics(&scrape).holder, counted.holder, "what was counted stays counted");
}

#[test]
fn a_kill_loses_and_doubles_nothing() {
    let anvil = Anvil::start(&[]);
    let (coin, deployment) = start(&anvil);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    let mut before = Counted::default();
    for round in 0..3 {
        mint(&anvil, &coin, 2);
        if round < 2 {
            let (scrape, _) = caught_up(&watchkeeper, &anvil);
            before = before.plus(&Counted::in_metrics(&scrape));
            watchkeeper.signal(Signal::KILL);
            assert_eq!(watchkeeper.wait(), None);
            // What happens while nobody watches is counted afterwards.
            mint(&anvil, &coin, 1);
            watchkeeper = Watchkeeper::start(&deployment);
        }
    }
    let (scrape, settled) = caught_up(&watchkeeper, &anvil);
    // Counters begin at 0 with each process: what the first ones counted and what the last one did make the whole.
    assert_eq!(Counted::in_metrics(&scrape).plus(&before), Counted::on_chain(&anvil, &coin, settled));
}

#[test]
fn a_run_for_a_head_reads_at_that_head() {
    let anvil = Anvil::start(&[]);
    let answers = deploy(&anvil, "Answers", "");
    let here = format!(
        "[[config.calls]]\ncontracts = {{ it = \"{answers}\" }}\nfunction = \"here() returns (uint256)\"\n\
         outputs = [{{ output = 0, metric = \"here\" }}]\n"
    );
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("contracts");
    deployment.job("dev", &job(&here).replace("every = \"250ms\"", "head = \"dev\"\nconfirmations = 3"));
    let watchkeeper = Watchkeeper::start(&deployment);
    anvil.mine(10);
    let head = anvil.quantity("eth_blockNumber", json!([]));
    eventually("the head with three confirmations to be read", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        assert_eq!(value(&scrape, "here", &[("contract", "it")]), value(&scrape, "contracts_block_number", &[]));
        (value(&scrape, "contracts_block_number", &[]) == Some((head - 3) as f64)).then_some(())
    });
}
