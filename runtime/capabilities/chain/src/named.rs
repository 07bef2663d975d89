//! A chain by its name: its endpoints by how well they serve and the operator's order, and the way from one that fails to the next.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};
use watchkeeper_contract::ChainHealth;
use watchkeeper_model::Clock;

use crate::{
    ReadError,
    endpoint::Endpoint,
    fault::{Fault, RPC_MESSAGE},
    forks::Forks,
    gather::Gather,
    money::Floor,
    read::{Header, Read},
    seen::Seen,
    standing::Turn,
    telemetry::ChainTelemetry,
};

pub(crate) struct NamedChain {
    pub(crate) name: Arc<str>,
    pub(crate) chain_id: u64,
    pub(crate) endpoints: Vec<Endpoint>,
    /// How many have to agree on a read of a block.
    pub(crate) quorum: usize,
    pub(crate) timeout: Duration,
    pub(crate) max_response: usize,
    pub(crate) turns: Semaphore,
    pub(crate) seen: Seen,
    pub(crate) forks: Mutex<Forks>,
    /// A read was begun.
    pub(crate) used: Arc<Notify>,
    pub(crate) telemetry: ChainTelemetry,
    pub(crate) gather: Gather,
    /// The newest block that reads of money saw.
    pub(crate) floor: Arc<Floor>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
}

/// Endpoints by name, and why each gave no answer.
pub(crate) type Refusals<'a> = Vec<(&'a str, Fault)>;

/// Whom to ask, each with the number of healthy endpoints from it on, 0 for those that rest; and who is out.
pub(crate) struct Plan<'a> {
    pub(crate) ask: Vec<(&'a Endpoint, usize)>,
    pub(crate) refusals: Refusals<'a>,
}

impl NamedChain {
    /// Asks endpoint after endpoint until one answers. The chain's timeout bounds the whole; an endpoint that is silent
    /// may use its share of what is left, so that the next has time too, and is blamed only if that share was fair: it is
    /// not to blame for time spent waiting for a turn.
    pub(crate) async fn read<R: Read>(&self, read: &R) -> Result<R::Answer, ReadError> {
        if self.quorum > 1 && read.is_of_a_block() {
            return self.agreed(read, self.quorum).await;
        }
        let deadline = Instant::now() + self.timeout;
        let _turn = self.turn(deadline).await?;
        let Plan { ask, mut refusals } = self.plan();
        let mut waiting = ask.len();
        for (endpoint, healthy) in ask {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / share_of(if healthy > 0 { healthy } else { waiting });
            waiting -= 1;
            let node = endpoint.until(Instant::now() + share);
            let answer = async {
                node.verify().await?;
                read.attempt(node).await
            };
            match answer.await {
                Ok(answer) => {
                    endpoint.answered(self.clock.now());
                    return Ok(answer);
                }
                Err(fault) => {
                    if !(self.is_hurried(share) && matches!(fault, Fault::Timeout)) {
                        endpoint.failed(&fault);
                    }
                    let done = fault.is_final();
                    refusals.push((endpoint.name(), fault));
                    if done {
                        break;
                    }
                }
            }
        }
        Err(self.no_answer(refusals))
    }

    /// Waits for a place among the chain's reads.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, ReadError> {
        let Ok(Ok(turn)) = timeout_at(deadline, self.turns.acquire()).await else {
            let problem = "too many reads at once\nhint: raise its `max_concurrent`";
            return Err(ReadError::Unavailable(format!("chain \"{}\": {problem}", self.name)));
        };
        self.used.notify_one();
        Ok(turn)
    }

    /// Whether so little time is no fair share for an endpoint.
    pub(crate) fn is_hurried(&self, share: Duration) -> bool {
        share < self.timeout / share_of(2 * self.endpoints.len())
    }

    /// How it is, for people.
    pub(crate) fn health(&self) -> ChainHealth {
        let highest = self.seen.highest();
        ChainHealth {
            name: self.name.to_string(),
            chain_id: self.chain_id,
            head: highest.map(|(number, _)| number),
            head_seen: highest.and_then(|(_, seen)| Timestamp::from_nanosecond(i128::from(seen)).ok()),
            problem: self.fork(),
            endpoints: self.endpoints.iter().map(Endpoint::health).collect(),
        }
    }

    /// Who differs at which height, if two endpoints did when they were last compared.
    fn fork(&self) -> Option<String> {
        let (height, one, other) = self.forks.lock().unwrap_or_else(PoisonError::into_inner).present()?;
        let name = |place: usize| self.endpoints.get(place).map_or("", Endpoint::name);
        Some(format!("{} and {} have different blocks at height {height}", name(one), name(other)))
    }

    /// Whom to ask now.
    pub(crate) fn plan(&self) -> Plan<'_> {
        let (mut now, mut last, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let time = std::time::Instant::now();
        for endpoint in &self.endpoints {
            match endpoint.turn(time) {
                Turn::Now => now.push(endpoint),
                Turn::Last => last.push((endpoint, 0)),
                Turn::Never(why) => refusals.push((endpoint.name(), endpoint.refusal(why))),
            }
        }
        let fastest = now.iter().filter_map(|endpoint: &&Endpoint| endpoint.latency()).min_by(f64::total_cmp);
        now.sort_by_key(|endpoint| endpoint.grade(fastest));
        let healthy = now.len();
        let now = now.into_iter().enumerate().map(|(place, endpoint)| (endpoint, healthy - place));
        Plan { ask: now.chain(last).collect(), refusals }
    }

    pub(crate) fn no_answer(&self, refusals: Refusals<'_>) -> ReadError {
        let said: Vec<String> = refusals.iter().map(|(name, fault)| format!("{name}: {fault}")).collect();
        let said = format!("chain \"{}\": no endpoint answered: {}", self.name, said.join("; "));
        let no_sense = |(_, fault): &(&str, Fault)| matches!(fault, Fault::Malformed(_) | Fault::TooLarge(_));
        if refusals.iter().all(no_sense) {
            return ReadError::Malformed(said);
        }
        for (_, fault) in refusals.into_iter().rev() {
            match fault {
                Fault::Rpc(error) => {
                    let message = watchkeeper_contract::clean(&error.message, RPC_MESSAGE);
                    return ReadError::Rpc { code: error.code, message };
                }
                Fault::NoBlock => {
                    return ReadError::NoBlock(format!("chain \"{}\" has no such block", self.name));
                }
                _ => {}
            }
        }
        ReadError::Unavailable(said)
    }

    /// The time now, in nanoseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.clock.now().as_nanosecond()).unwrap_or(0)
    }

    /// A header with the time when its block was first seen.
    pub(crate) fn stamped(&self, header: Header) -> Header {
        Header { seen: self.seen.first(header.number, header.hash, self.now()), ..header }
    }
}

impl<'a> Plan<'a> {
    /// Those that are well, those that rest, and who is out.
    pub(crate) fn parted(self) -> (Vec<&'a Endpoint>, Vec<&'a Endpoint>, Refusals<'a>) {
        let (well, resting): (Vec<_>, Vec<_>) = self.ask.into_iter().partition(|(_, healthy)| *healthy > 0);
        let endpoints = |ask: Vec<(&'a Endpoint, usize)>| ask.into_iter().map(|(endpoint, _)| endpoint).collect();
        (endpoints(well), endpoints(resting), self.refusals)
    }
}

fn share_of(sharers: usize) -> u32 {
    u32::try_from(sharers).unwrap_or(u32::MAX).max(1)
}
