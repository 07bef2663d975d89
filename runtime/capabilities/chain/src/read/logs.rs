//! Events of contracts in a range of blocks: one `eth_getLogs`, or as many as the endpoint makes of it. What comes back is
//! checked against what was asked: a node that ignores part of the filter must not have its events counted, and one that
//! hasn't got the last block yet must not pass off the events before it as all.

use alloy_primitives::{Address, B256, Bytes, Log};
use alloy_rpc_types_eth::Filter;
use serde::Deserialize;

use super::{Read, ReadHeader, params, parse};
use crate::{
    At,
    decode::{Account, Data, Hash, Quantity},
    endpoint::Node,
    fault::Fault,
    methods,
};

/// Which events. An empty list matches all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogQuery {
    /// The contracts.
    pub addresses: Vec<Address>,
    /// For each of at most four places, the topics that may stand there.
    pub topics: Vec<Vec<B256>>,
    /// The first block.
    pub from_block: u64,
    /// The last block, included.
    pub to_block: u64,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The contract.
    pub address: Address,
    /// At most four.
    pub topics: Vec<B256>,
    /// What was not indexed.
    pub data: Bytes,
    /// Where it happened.
    pub block_number: u64,
    /// The hash of that block.
    pub block_hash: B256,
    /// The transaction.
    pub transaction_hash: B256,
    /// Its place among the block's events.
    pub log_index: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry {
    address: Account,
    topics: Vec<Hash>,
    data: Data,
    block_number: Quantity,
    block_hash: Hash,
    transaction_hash: Hash,
    log_index: Quantity,
    #[serde(default)]
    removed: bool,
}

/// EIP-1474's "limit exceeded": of events or blocks with some providers, of requests with others.
const LIMIT_EXCEEDED: i64 = -32_005;

pub(crate) struct ReadLogs {
    filter: Filter,
    from_block: u64,
    to_block: u64,
    max_bytes: usize,
}

impl ReadLogs {
    /// Says what is wrong with a query. Events of more than `max_bytes` together are too much for one read.
    pub(crate) fn new(query: LogQuery, max_bytes: usize) -> Result<Self, &'static str> {
        let LogQuery { addresses, topics, from_block, to_block } = query;
        if from_block > to_block {
            return Err("the range of blocks ends before it begins");
        }
        let mut filter = Filter::new().from_block(from_block).to_block(to_block).address(addresses);
        for (place, topics) in topics.into_iter().enumerate() {
            let slot = filter.topics.get_mut(place).ok_or("events have at most four topics")?;
            *slot = topics.into();
        }
        Ok(Self { filter, from_block, to_block, max_bytes })
    }

    /// The events of a part of the range, in their order.
    async fn part(&self, node: Node<'_>, from: u64, to: u64) -> Result<Vec<Entry>, Fault> {
        let filter = self.filter.clone().from_block(from).to_block(to);
        let answer = node.call(methods::GET_LOGS, params(&(&filter,))?).await?;
        let raw: Vec<RawEntry> = parse(&answer)?;
        let entries: Result<Vec<Entry>, Fault> = raw.into_iter().map(|raw| self.entry(raw, from, to)).collect();
        let mut entries = entries?;
        entries.sort_by_key(Entry::place);
        for pair in entries.windows(2) {
            let [one, next] = pair else { continue };
            if one.block_number == next.block_number && one.block_hash != next.block_hash {
                return Err(Fault::Replaced);
            }
            if one.place() == next.place() {
                return Err(Fault::malformed("the same event twice"));
            }
        }
        Ok(entries)
    }

    fn entry(&self, raw: RawEntry, from: u64, to: u64) -> Result<Entry, Fault> {
        let topics = raw.topics.into_iter().map(|Hash(topic)| topic).collect();
        let log = Log::new(raw.address.0, topics, raw.data.0).ok_or_else(|| Fault::malformed("five topics"))?;
        let number = raw.block_number.0;
        if raw.removed || !self.filter.matches(&log) || !(from..=to).contains(&number) {
            return Err(Fault::malformed("an event that was not asked for"));
        }
        let (topics, data) = log.data.split();
        Ok(Entry {
            address: log.address,
            topics,
            data,
            block_number: number,
            block_hash: raw.block_hash.0,
            transaction_hash: raw.transaction_hash.0,
            log_index: u32::try_from(raw.log_index.0).map_err(Fault::malformed)?,
        })
    }
}

impl Read for ReadLogs {
    type Answer = Vec<Entry>;

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &Vec<Entry>, other: &Vec<Entry>) -> bool {
        one == other
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Vec<Entry>, Fault> {
        ReadHeader { at: At::Number(self.to_block) }.attempt(node).await?;
        let (mut entries, mut bytes, mut from) = (Vec::new(), 0_usize, self.from_block);
        loop {
            let to = node.span(|span| span.end(from, self.to_block));
            let blocks = (to - from).saturating_add(1);
            match self.part(node, from, to).await {
                Ok(part) => {
                    node.span(|span| span.fitted(blocks));
                    bytes = part.iter().map(Entry::size).fold(bytes, usize::saturating_add);
                    if bytes > self.max_bytes {
                        return Err(Fault::TooLarge(self.max_bytes));
                    }
                    entries.extend(part);
                    if to == self.to_block {
                        return Ok(entries);
                    }
                    from = to + 1;
                }
                Err(fault) if from < to && is_too_much(&fault) => node.span(|span| span.refused(blocks)),
                Err(fault) => return Err(fault),
            }
        }
    }
}

impl Entry {
    /// Where it stands among all events of the chain.
    fn place(&self) -> (u64, u32) {
        (self.block_number, self.log_index)
    }

    /// The bytes that it takes, about.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + 32 * self.topics.len() + self.data.len()
    }
}

/// Whether an endpoint says that the range has too many blocks or events. Providers agree on no code, and only their words tell
/// it from too many requests.
fn is_too_much(fault: &Fault) -> bool {
    match fault {
        Fault::TooLarge(_) | Fault::Status(413) => true,
        Fault::Rpc(error) => {
            let words = error.message.to_lowercase();
            let has = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
            let of_requests = [
                "rate limit",
                "rate exceeded",
                "request rate",
                "per second",
                "too many requests",
                "request count",
                "throttle",
                "quota",
                "credits",
            ];
            let of_range = [
                "range",
                "too many",
                "more than",
                "limit",
                "exceed",
                "too large",
                "too big",
                "response size",
                "timeout",
                "timed out",
            ];
            !has(&of_requests) && (error.code == LIMIT_EXCEEDED || has(&of_range))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use alloy_json_rpc::ErrorPayload;
    use serde_json::json;

    use super::*;

    fn error(code: i64, message: &str) -> Fault {
        let payload = json!({ "code": code, "message": message }).to_string();
        Fault::Rpc(serde_json::from_str::<ErrorPayload>(&payload).unwrap())
    }

    #[test]
    fn a_range_that_is_too_long_is_told_from_too_many_requests() {
        for too_much in [
            error(-32_005, "query returned more than 10000 results"),
            error(-32_602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
            error(-32_600, "You can make eth_getLogs with up to a 10 block range"),
            error(-32_000, "exceed maximum block range: 5000"),
            error(-32_614, "eth_getLogs is limited to a 10,000 range"),
            error(-32_000, "query timeout exceeded"),
            Fault::TooLarge(1),
            Fault::Status(413),
        ] {
            assert!(is_too_much(&too_much), "{too_much}");
        }
        for other in [
            error(-32_005, "daily request count exceeded, request rate limited"),
            error(429, "Too Many Requests"),
            error(-32_000, "header not found"),
            error(-32_601, "the method eth_getLogs does not exist"),
            Fault::Timeout,
            Fault::Status(503),
        ] {
            assert!(!is_too_much(&other), "{other}");
        }
    }
}
