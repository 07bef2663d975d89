//! Events as the config has them: a filter for the node, and what the node can't filter by.

use std::collections::BTreeMap;

use alloy_dyn_abi::{DynSolType, DynSolValue};
use watchkeeper_sdk::{
    chain::First,
    metrics::ComputedCounter,
    prelude::{Address, B256, Filter},
    serde_json::Value,
};

use super::{
    families::{Computed, Wanted},
    named,
};
use crate::{
    argument,
    config::{self, Config, EventSignature, Events},
};

/// The most values that `where` takes for one argument.
const MOST_VALUES: usize = 100;
/// What the label of `by` says of every other argument.
const OTHER: &str = "other";

/// One event of one or more contracts, and its counters.
pub(crate) struct Watch {
    /// What the label `event` says; the cursor is kept under it.
    pub(crate) name: String,
    pub(crate) filter: Filter,
    pub(crate) first: First,
    /// What the label `contract` says of each address.
    pub(crate) contracts: BTreeMap<Address, String>,
    /// The types of the indexed arguments.
    pub(crate) indexed: Vec<DynSolType>,
    /// The types of the other arguments.
    pub(crate) body: Vec<DynSolType>,
    /// What arguments that are not indexed must be one of.
    pub(crate) wanted: Vec<(Argument, Vec<DynSolValue>)>,
    pub(crate) count: ComputedCounter,
    pub(crate) by: Option<By>,
    pub(crate) sum: Option<Sum>,
    /// The operator's label values, which come last.
    pub(crate) labels: Vec<String>,
}

/// Where an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Among the topics, of which the first is the signature's.
    Topic(usize),
    /// Among the others.
    Body(usize),
}

/// The label from an argument: the values that it has, and what each says.
pub(crate) struct By {
    pub(crate) argument: Argument,
    pub(crate) values: Vec<(String, DynSolValue)>,
}

/// The sum of an argument.
pub(crate) struct Sum {
    pub(crate) argument: Argument,
    pub(crate) counter: ComputedCounter,
    pub(crate) decimals: u8,
}

/// All events.
pub(super) fn watches(config: &Config, computed: &mut Computed<'_>) -> Result<Vec<Watch>, String> {
    let mut watches: Vec<Watch> = Vec::new();
    for (place, events) in config.events.iter().enumerate() {
        let key = format!("events[{place}]");
        let watch = of_entry(&key, events, &config.chain, computed)?;
        if watches.iter().any(|other| other.name == watch.name) {
            return Err(format!("key `{key}.name`: `{}` is there already: give each event another name", watch.name));
        }
        watches.push(watch);
    }
    Ok(watches)
}

fn of_entry(key: &str, events: &Events, chain: &str, computed: &mut Computed<'_>) -> Result<Watch, String> {
    let signature = &events.event;
    let name = named(key, events.name.as_deref(), &signature.event.name)?.to_owned();
    let contracts: BTreeMap<Address, String> =
        events.contracts.iter().map(|(name, address)| (address, name.to_owned())).collect();
    if contracts.is_empty() {
        return Err(format!("key `{key}.contracts`: names no contract"));
    }
    let (topics, wanted) = conditions(key, events)?;
    let by = events.by.as_ref().map(|by| by_argument(&format!("{key}.by"), by, signature)).transpose()?;
    let types = |indexed: bool| {
        let those = signature.arguments.iter().filter(move |argument| argument.indexed == indexed);
        those.map(|argument| argument.of_type.clone()).collect()
    };
    let (count, sum) = counters(key, events, computed)?;
    let watch = Watch {
        filter: Filter { addresses: contracts.keys().copied().collect(), topics, ..Filter::default() },
        first: events.first_block.map_or(First::Ago(0), First::Block),
        indexed: types(true),
        body: types(false),
        labels: events.labels.values().cloned().collect(),
        name,
        contracts,
        wanted,
        count,
        by,
        sum,
    };
    for labels in watch.series(chain) {
        computed.series(key, &events.metric, &labels)?;
        if let Some(sum) = &events.sum {
            computed.series(&format!("{key}.sum"), &sum.metric, &labels)?;
        }
    }
    Ok(watch)
}

impl Watch {
    /// The label values of every series that its counters can have.
    pub(crate) fn series(&self, chain: &str) -> Vec<Vec<String>> {
        let groups = self.groups();
        let contracts = self.contracts.values();
        contracts.flat_map(|contract| groups.iter().map(|group| self.label_values(chain, contract, *group))).collect()
    }

    /// The values of `by`'s label; one that is none if there is no `by`.
    pub(crate) fn groups(&self) -> Vec<Option<&str>> {
        let Some(by) = &self.by else { return vec![None] };
        by.values.iter().map(|(label, _)| Some(label.as_str())).chain([Some(OTHER)]).collect()
    }

    /// The label values of one series.
    pub(crate) fn label_values(&self, chain: &str, contract: &str, group: Option<&str>) -> Vec<String> {
        [chain, contract].into_iter().chain(group).map(str::to_owned).chain(self.labels.iter().cloned()).collect()
    }
}

fn counters(key: &str, events: &Events, computed: &mut Computed<'_>) -> Result<(ComputedCounter, Option<Sum>), String> {
    let mut labels = vec!["chain", "contract"];
    labels.extend(events.by.as_ref().map(|by| by.label.as_str()));
    labels.extend(events.labels.keys().map(String::as_str));
    let event = events.event.event.signature();
    let count = computed.counter(&Wanted {
        key: key.to_owned(),
        metric: &events.metric,
        help: events.help.as_deref(),
        usual_help: format!("Events `{event}`."),
        unit: None,
        labels: labels.clone(),
    })?;
    let Some(sum) = &events.sum else { return Ok((count, None)) };
    let key = format!("{key}.sum");
    let (argument, of_type) =
        find(&events.event, &sum.argument).map_err(|why| format!("key `{key}.argument`: {why}"))?;
    if !matches!(of_type, DynSolType::Uint(_)) {
        let what =
            format!("`{}` is a `{of_type}`, and only unsigned numbers can be summed up in a counter", sum.argument);
        return Err(format!("key `{key}.argument`: {what}"));
    }
    let counter = computed.counter(&Wanted {
        key,
        metric: &sum.metric,
        help: sum.help.as_deref(),
        usual_help: format!("Sum of `{}` over events `{event}`.", sum.argument),
        unit: sum.unit.as_deref(),
        labels,
    })?;
    Ok((count, Some(Sum { argument, counter, decimals: sum.decimals })))
}

type Conditions = (Vec<Vec<B256>>, Vec<(Argument, Vec<DynSolValue>)>);

/// What the node filters by, and what is left to do here.
fn conditions(key: &str, events: &Events) -> Result<Conditions, String> {
    let mut topics = vec![Vec::new(); 4];
    let mut wanted = Vec::new();
    for (name, written) in &events.r#where {
        let wrong = |why: String| format!("key `{key}.where.{name}`: {why}");
        let (argument, of_type) = find(&events.event, name).map_err(wrong)?;
        let values = values(written, of_type).map_err(wrong)?;
        match argument {
            Argument::Topic(place) => {
                let place = topics
                    .get_mut(place)
                    .ok_or_else(|| wrong("an event has at most 3 indexed arguments".to_owned()))?;
                place.extend(values.iter().map(DynSolValue::encode_topic));
            }
            Argument::Body(_) => wanted.push((argument, values)),
        }
    }
    if let Some(first) = topics.first_mut() {
        first.push(events.event.event.selector());
    }
    let used = topics.iter().rposition(|place| !place.is_empty()).map_or(0, |last| last + 1);
    topics.truncate(used);
    Ok((topics, wanted))
}

/// One value, or a list of which any will do; of an array a value is a list itself, so several are a list of lists.
fn values(written: &Value, of_type: &DynSolType) -> Result<Vec<DynSolValue>, String> {
    if let Ok(value) = argument::read(written, of_type) {
        return Ok(vec![value]);
    }
    let Value::Array(list) = written else { return argument::read(written, of_type).map(|value| vec![value]) };
    if list.is_empty() || list.len() > MOST_VALUES {
        return Err(format!("takes 1 to {MOST_VALUES} values"));
    }
    list.iter().map(|written| argument::read(written, of_type)).collect()
}

fn by_argument(key: &str, by: &config::By, signature: &EventSignature) -> Result<By, String> {
    let (argument, of_type) = find(signature, &by.argument).map_err(|why| format!("key `{key}.argument`: {why}"))?;
    let values = by.values.iter().map(|(label, written)| {
        let wrong = |why: String| format!("key `{key}.values.{label}`: {why}");
        if label == OTHER {
            return Err(wrong("`other` is what every other argument counts as: choose another name".to_owned()));
        }
        named(key, Some(label), "")?;
        argument::read(written, of_type).map(|value| (label.clone(), value)).map_err(wrong)
    });
    Ok(By { argument, values: values.collect::<Result<_, String>>()? })
}

/// Finds an argument by its name or place.
fn find<'a>(signature: &'a EventSignature, name: &str) -> Result<(Argument, &'a DynSolType), String> {
    let arguments = &signature.arguments;
    let named = arguments.iter().position(|argument| !argument.name.is_empty() && argument.name == name);
    let place = named.or_else(|| name.parse().ok()).filter(|place| *place < arguments.len());
    let (place, argument) = place.and_then(|place| Some((place, arguments.get(place)?))).ok_or_else(|| {
        let there: Vec<_> = arguments.iter().map(|argument| format!("`{}`", argument.name)).collect();
        format!("the event has no argument `{name}`; there are {}", there.join(", "))
    })?;
    let before = arguments.iter().take(place).filter(|other| other.indexed == argument.indexed).count();
    let found = if argument.indexed { Argument::Topic(before + 1) } else { Argument::Body(before) };
    Ok((found, &argument.of_type))
}
