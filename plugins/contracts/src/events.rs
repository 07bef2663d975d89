//! Counts events of settled blocks, each once: how far is in the job's state, and settles with the counts.

use std::{collections::BTreeMap, fmt};

use alloy_dyn_abi::{DynSolType, DynSolValue};
use futures_util::future::try_join_all;
use watchkeeper_sdk::{
    alloy_primitives::aliases::U512,
    chain::{Log, Scan},
    prelude::*,
};

use crate::{
    amount::scaled,
    answer::decode,
    config::Config,
    plan::{Argument, By, Plan, Watch},
};

/// What a run counted.
pub(crate) struct Done {
    events: u64,
}

/// Counts what has settled since the last run, of each event.
///
/// # Errors
/// A chain's head or the job's state can't be read. An event whose logs can't be had is 0 in `contracts_event_up`, and goes on where it
/// stopped in the next run.
pub(crate) async fn count(chain: &Chain, config: &Config, plan: &Plan) -> Result<Done> {
    let counts = plan.watches.iter().map(|watch| of_watch(chain, config, plan, watch));
    Ok(Done { events: try_join_all(counts).await?.into_iter().sum() })
}

async fn of_watch(chain: &Chain, config: &Config, plan: &Plan, watch: &Watch) -> Result<u64> {
    let scan = chain.scan(&format!("events/{}", watch.name), watch.filter.clone());
    let scan = scan.depth(config.depth).first(watch.first).most_blocks(config.max_blocks_per_run);
    let mut scan = scan.open().await?;
    let mut tally = Tally::new(watch);
    let up = tally.fill(chain, watch, &mut scan).await;
    tally.show(chain, plan, watch);
    show(chain, plan, watch, &scan, up);
    scan.save().await?;
    Ok(tally.events())
}

fn show(chain: &Chain, plan: &Plan, watch: &Watch, scan: &Scan, up: bool) {
    let labels = [chain.name(), &watch.name];
    plan.own.event_up.set(labels, up);
    plan.own.event_first_block_number.set(labels, scan.first_block());
    if let Some(counted) = scan.settled() {
        plan.own.event_counted_block_number.set(labels, counted);
    }
    plan.own.event_uncounted_blocks.set(labels, scan.left());
    plan.own.event_reorganisations_total.add(labels, scan.reorganised());
}

/// The counts of one run, by contract and by the place of the group among [`Watch::groups`].
struct Tally {
    counts: BTreeMap<(Address, usize), Count>,
    malformed: BTreeMap<Address, u64>,
}

#[derive(Default)]
struct Count {
    events: u64,
    /// Wide enough for as many numbers of 256 bits as there can be.
    sum: U512,
}

/// What an event counts as.
enum Found {
    /// In the group at this place, with this much for the sum.
    Counted(usize, U256),
    /// Not what `where` asks for.
    Unwanted,
    Malformed,
}

impl Tally {
    /// Nothing in every series, so that each is there before its first event.
    fn new(watch: &Watch) -> Self {
        let groups = watch.groups().len();
        let series = watch.contracts.keys().flat_map(|contract| (0..groups).map(|group| (*contract, group)));
        Self {
            counts: series.map(|series| (series, Count::default())).collect(),
            malformed: watch.contracts.keys().map(|contract| (*contract, 0)).collect(),
        }
    }

    /// Counts all that the scan has for this run; returns whether nothing stood in its way.
    async fn fill(&mut self, chain: &Chain, watch: &Watch, scan: &mut Scan) -> bool {
        loop {
            match scan.next().await {
                Ok(Some(chunk)) => chunk.logs.iter().for_each(|log| self.add(watch, log)),
                Ok(None) => return true,
                Err(error) => {
                    warn!(chain = chain.name(), event = watch.name, "counting stopped: {error}");
                    return false;
                }
            }
        }
    }

    fn add(&mut self, watch: &Watch, log: &Log) {
        match find(watch, log) {
            Found::Counted(group, amount) => {
                if let Some(count) = self.counts.get_mut(&(log.address, group)) {
                    count.events += 1;
                    count.sum += U512::from(amount);
                }
            }
            Found::Unwanted => {}
            Found::Malformed => {
                if let Some(malformed) = self.malformed.get_mut(&log.address) {
                    *malformed += 1;
                }
            }
        }
    }

    fn show(&self, chain: &Chain, plan: &Plan, watch: &Watch) {
        let groups = watch.groups();
        for ((address, group), count) in &self.counts {
            let (Some(contract), Some(group)) = (watch.contracts.get(address), groups.get(*group)) else { continue };
            let labels = watch.label_values(chain.name(), contract, *group);
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            watch.count.add(&labels, count.events);
            if let Some(sum) = &watch.sum {
                sum.counter.add(&labels, scaled(count.sum, sum.decimals));
            }
        }
        for (address, malformed) in &self.malformed {
            if let Some(contract) = watch.contracts.get(address) {
                plan.own.event_malformed_total.add([chain.name(), contract, &watch.name], *malformed);
            }
        }
    }

    fn events(&self) -> u64 {
        self.counts.values().map(|count| count.events).sum()
    }
}

/// Reads an event; the node is not trusted to have filtered.
fn find(watch: &Watch, log: &Log) -> Found {
    let accepted = watch.filter.topics.iter().enumerate();
    let mut accepted = accepted.filter(|(_, accepted)| !accepted.is_empty());
    if !accepted.all(|(place, accepted)| log.topics.get(place).is_some_and(|topic| accepted.contains(topic))) {
        return Found::Unwanted;
    }
    let Some(event) = Event::read(watch, log) else { return Found::Malformed };
    let unwanted =
        |(argument, values): &(Argument, Vec<DynSolValue>)| !values.iter().any(|value| event.is(*argument, value));
    if watch.wanted.iter().any(unwanted) {
        return Found::Unwanted;
    }
    let group = watch.by.as_ref().map_or(0, |by| by.group(&event));
    match &watch.sum {
        None => Found::Counted(group, U256::ZERO),
        Some(sum) => event.number(sum.argument).map_or(Found::Malformed, |amount| Found::Counted(group, amount)),
    }
}

/// An event that has the arguments of its signature.
struct Event<'a> {
    topics: &'a [B256],
    body: Vec<DynSolValue>,
}

impl<'a> Event<'a> {
    fn read(watch: &Watch, log: &'a Log) -> Option<Self> {
        if log.topics.len() != watch.indexed.len() + 1 {
            return None;
        }
        let words = watch.indexed.iter().zip(log.topics.iter().skip(1));
        let mut words = words.filter(|(of_type, _)| is_word(of_type));
        if !words.all(|(of_type, topic)| decode(std::slice::from_ref(of_type), topic.as_slice()).is_some()) {
            return None;
        }
        Some(Self { topics: &log.topics, body: decode(&watch.body, &log.data)? })
    }

    fn is(&self, argument: Argument, value: &DynSolValue) -> bool {
        match argument {
            Argument::Topic(place) => self.topics.get(place) == Some(&value.encode_topic()),
            Argument::Body(place) => self.body.get(place) == Some(value),
        }
    }

    fn number(&self, argument: Argument) -> Option<U256> {
        match argument {
            Argument::Topic(place) => self.topics.get(place).map(|topic| U256::from_be_bytes(topic.0)),
            Argument::Body(place) => self.body.get(place)?.as_uint().map(|(number, _)| number),
        }
    }
}

impl By {
    /// The place of the event's group among [`Watch::groups`], of which `other` is the last.
    fn group(&self, event: &Event<'_>) -> usize {
        self.values.iter().position(|(_, value)| event.is(self.argument, value)).unwrap_or(self.values.len())
    }
}

/// Whether a topic holds the value itself and not its hash.
fn is_word(of_type: &DynSolType) -> bool {
    !of_type.is_dynamic() && !matches!(of_type, DynSolType::FixedArray(..) | DynSolType::Tuple(_))
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "events counted: {}", self.events)
    }
}
