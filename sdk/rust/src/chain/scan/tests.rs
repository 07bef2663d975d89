//! Scans against a made-up chain that grows, is reorganised and refuses long ranges: each settled event is counted once.

use std::{cell::RefCell, rc::Rc};

use serde_json::{Value, json};

use super::*;
use crate::{
    metrics::{Counter, Families, Family, Gauge, MetricSet},
    testing::{Host, Run},
};

/// Block `n` of a branch has `n % 3` events.
#[derive(Default)]
struct Node {
    /// The branch that made each block, from block 0 on.
    branches: Vec<u64>,
    /// The longest range that is answered.
    most: u64,
    /// How many requests for events were refused.
    refused: u64,
}

struct World {
    node: Rc<RefCell<Node>>,
    host: Host,
    counted: f64,
}

struct Metrics {
    events: Counter<0>,
    recent: Gauge<0>,
    left: Gauge<0>,
    reorganised: Gauge<0>,
    from: Gauge<0>,
}

impl MetricSet<Config> for Metrics {
    fn declare(_config: &Config, families: &mut Families) -> Result<Self, String> {
        let named = |name| Family::new(name, "What the scan found.");
        Ok(Self {
            events: families.counter(named("events_total")),
            recent: families.gauge(named("recent")),
            left: families.gauge(named("left")),
            reorganised: families.gauge(named("reorganised")),
            from: families.gauge(named("from")),
        })
    }
}

#[derive(serde::Deserialize)]
struct Config {
    depth: u64,
    ago: Option<u64>,
    most: u64,
    fails: bool,
    #[serde(default)]
    anew: bool,
}

async fn plugin(config: Config, metrics: &Metrics) -> Result<String> {
    let first = config.ago.map_or(First::Head, First::Ago);
    let chain = super::super::chain("dev");
    let scan = chain.scan("all", Filter::default()).depth(config.depth).first(first).most_blocks(config.most);
    let mut scan = scan.anew(config.anew).open().await?;
    while let Some(chunk) = scan.next().await? {
        assert!(chunk.logs.is_sorted_by_key(|log| (log.block_number, log.log_index)));
        metrics.events.add([], chunk.logs.len() as f64);
    }
    metrics.recent.set([], scan.recent().await?.len() as f64);
    metrics.left.set([], scan.left());
    metrics.from.set([], scan.first_block());
    metrics.reorganised.set([], if scan.reorganised() { 1.0 } else { 0.0 });
    scan.save().await?;
    if config.fails {
        return Err(crate::Error::Failed("as told".into()));
    }
    Ok("scanned".into())
}

impl World {
    fn new(head: usize) -> Self {
        let node = Rc::new(RefCell::new(Node { branches: vec![0; head + 1], most: u64::MAX, refused: 0 }));
        let shared = Rc::clone(&node);
        let host = Host::new(move |_chain, method, params| shared.borrow_mut().answer(method, params));
        Self { node, host, counted: 0.0 }
    }

    /// Takes blocks away and puts blocks of another branch in their place.
    fn mine(&self, away: usize, branch: u64, blocks: usize) {
        let branches = &mut self.node.borrow_mut().branches;
        branches.truncate(branches.len() - away);
        branches.extend(std::iter::repeat_n(branch, blocks));
    }

    fn run(&mut self, config: Value) -> Run {
        let run = self.host.run(plugin, config);
        self.counted += run.samples("events_total", &[]).iter().sum::<f64>();
        run
    }

    /// How many events the canonical chain has in a range of blocks.
    fn there(&self, from: u64, to: u64) -> f64 {
        (from..=to).map(|number| number % 3).sum::<u64>() as f64
    }

    fn head(&self) -> u64 {
        self.node.borrow().branches.len() as u64 - 1
    }
}

impl Node {
    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, Error> {
        let head = self.branches.len() as u64 - 1;
        let number = |value: &Value| u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        match method {
            "eth_getBlockByNumber" if params[0] == "latest" => Ok(self.block(head)),
            "eth_getBlockByNumber" => Ok(self.block(number(&params[0]))),
            "eth_getLogs" => {
                let (from, to) = (number(&params[0]["fromBlock"]), number(&params[0]["toBlock"]));
                assert!(from <= to && to <= head, "{from} to {to} of {head}");
                if to - from >= self.most {
                    self.refused += 1;
                    return Err(Error::Malformed("too much".into()));
                }
                Ok((from..=to)
                    .flat_map(|number| (0..number % 3).map(move |index| (number, index)))
                    .map(|(number, index)| self.log(number, index))
                    .collect())
            }
            _ => panic!("{method}"),
        }
    }

    fn hash(&self, number: u64) -> B256 {
        let branch = self.branches[usize::try_from(number).unwrap()];
        B256::left_padding_from(&[branch.to_be_bytes(), (number + 1).to_be_bytes()].concat())
    }

    fn block(&self, number: u64) -> Value {
        let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| self.hash(parent));
        let quantity = format!("{number:#x}");
        json!({ "number": quantity, "hash": self.hash(number), "parentHash": parent, "timestamp": quantity })
    }

    fn log(&self, number: u64, index: u64) -> Value {
        json!({
            "address": crate::alloy_primitives::Address::ZERO,
            "topics": [],
            "data": "0x",
            "blockNumber": format!("{number:#x}"),
            "blockHash": self.hash(number),
            "transactionHash": B256::ZERO,
            "logIndex": format!("{index:#x}"),
        })
    }
}

fn config(depth: u64, ago: Option<u64>, most: u64) -> Value {
    json!({ "depth": depth, "ago": ago, "most": most, "fails": false })
}

#[test]
fn each_settled_event_is_counted_once_whatever_is_reorganised_before_it_settles() {
    let mut world = World::new(100);
    let mut random = 42_u64;
    for branch in 1..300 {
        // Knuth's MMIX constants.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (away, more) = ((random >> 60) as usize, (random >> 40) as usize % 7);
        world.mine(away.min(12), branch, away.min(12) + more);
        let run = world.run(config(12, Some(50), 1_000));
        assert_eq!(run.outcome, Ok("scanned".into()));
        assert_eq!(run.samples("reorganised", &[]), [0.0]);
        let (from, head) = (run.samples("from", &[])[0] as u64, world.head());
        assert_eq!(world.counted, world.there(from, head - 12));
        assert_eq!(run.samples("recent", &[]), [world.there(head - 11, head)]);
    }
}

#[test]
fn a_run_that_fails_counts_nothing_and_is_made_up_for() {
    let mut world = World::new(100);
    let mut failing = config(0, Some(50), 1_000);
    failing["fails"] = json!(true);
    world.run(failing);
    assert_eq!(world.counted, 0.0);
    world.run(config(0, Some(50), 1_000));
    assert_eq!(world.counted, world.there(51, 100));
}

#[test]
fn the_first_scan_begins_after_the_head_unless_told() {
    let mut world = World::new(100);
    world.run(config(3, None, 1_000));
    world.mine(2, 1, 2);
    let run = world.run(config(3, None, 1_000));
    assert_eq!((world.counted, run.samples("reorganised", &[])), (0.0, vec![0.0]));
    world.mine(0, 1, 10);
    world.run(config(3, None, 1_000));
    assert_eq!(world.counted, world.there(101, 107));
}

#[test]
fn a_run_covers_a_bounded_number_of_blocks_and_says_how_many_are_left() {
    let mut world = World::new(1_000);
    for left in [600.0, 300.0, 0.0, 0.0] {
        assert_eq!(world.run(config(0, Some(900), 300)).samples("left", &[]), [left]);
    }
    assert_eq!(world.counted, world.there(101, 1_000));
}

#[test]
fn a_range_that_is_too_much_is_halved_until_it_is_taken() {
    let mut world = World::new(1_000);
    world.node.borrow_mut().most = 7;
    world.run(config(0, Some(1_001), 10_000));
    assert_eq!(world.counted, world.there(0, 1_000));
    assert!(world.node.borrow().refused < 400);
}

#[test]
fn a_single_block_that_is_too_much_is_an_error() {
    let mut world = World::new(10);
    world.node.borrow_mut().most = 0;
    let run = world.run(config(0, Some(5), 10));
    assert!(run.outcome.unwrap_err().to_string().contains("too much"));
}

#[test]
fn a_reorganisation_below_the_depth_is_said_and_takes_nothing_back() {
    let mut world = World::new(100);
    world.run(config(2, Some(50), 1_000));
    let before = world.counted;
    world.mine(20, 1, 25);
    let run = world.run(config(2, Some(50), 1_000));
    assert_eq!(run.samples("reorganised", &[]), [1.0]);
    assert_eq!(world.counted, before + world.there(99, 103));
    assert!(run.logs.iter().any(|(_, line)| line.contains("block 98, counted last, was replaced")), "{:?}", run.logs);
    assert_eq!(world.run(config(2, Some(50), 1_000)).samples("reorganised", &[]), [0.0]);
}

#[test]
fn a_chain_shorter_than_the_depth_has_no_settled_block() {
    let mut world = World::new(5);
    let run = world.run(config(12, Some(1_000), 1_000));
    assert_eq!((world.counted, run.samples("recent", &[])), (0.0, vec![world.there(0, 5)]));
    world.mine(0, 0, 20);
    world.run(config(12, Some(1_000), 1_000));
    assert_eq!(world.counted, world.there(0, 13));
}

#[test]
fn a_scan_may_begin_anew() {
    let mut world = World::new(100);
    world.run(config(0, Some(50), 1_000));
    let before = world.counted;
    world.mine(0, 0, 10);
    let mut anew = config(0, Some(50), 1_000);
    anew["anew"] = json!(true);
    let run = world.run(anew);
    assert_eq!(run.samples("from", &[]), [61.0]);
    assert_eq!(world.counted, before + world.there(61, 110));
    world.run(config(0, Some(50), 1_000));
    assert_eq!(world.counted, before + world.there(61, 110));
}
