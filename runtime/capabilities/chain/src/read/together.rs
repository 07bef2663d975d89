//! Calls at one block in company, by Multicall3: in parts that the endpoint takes, each part halved that is too much for it. What
//! fails in company has no answer here; it is asked plainly, and what came of that tells which calls to leave out next time.

use std::{collections::VecDeque, time::Instant};

use serde_json::Value;

use super::{
    Call, Reply,
    multicall::{self, Told},
    pinned::{Answered, Pinned, Together},
};
use crate::{endpoint::Node, fault::Fault, telemetry::Saved};

/// The most bytes of calls in one request, before they are written as digits: nodes and proxies take 1 MiB and more.
const MOST_BYTES: usize = 384 << 10;
/// What is expected of an answer: a call's result and its place, as digits.
const ANSWER: usize = 512;
/// How often parts of one read may be refused as too much before what is left goes plainly.
const REFUSALS: usize = 16;

/// What company was like.
#[derive(Default)]
pub(super) struct Gathered {
    /// There was nobody to ask so.
    missing: bool,
    /// The most calls that went together.
    fitted: usize,
    /// How often a part was too much.
    refusals: usize,
    /// The places of the calls that failed, part by part, in the order in which they were made.
    failed: Vec<Vec<usize>>,
}

impl Pinned<'_> {
    /// Asks for calls together; those that are left have no answer yet.
    pub(super) async fn gather(
        &self,
        node: Node<'_>,
        block: &Value,
        together: Together<'_>,
        most: usize,
        answered: &mut Answered,
    ) -> Result<Gathered, Fault> {
        let now = Instant::now();
        let fits = |call: &Call| multicall::fits(call) && !together.loners.has(call, now);
        let company: Vec<usize> =
            self.calls.iter().enumerate().filter(|(_, call)| fits(call)).map(|(place, _)| place).collect();
        let mut parts = self.parts(&company, most.min((self.max_bytes / ANSWER).max(1)));
        let mut gathered = Gathered::default();
        while let Some(part) = parts.pop_front() {
            // One call gains nothing by it.
            if part.len() < 2 {
                if gathered.refusals > 0 {
                    gathered.failed.push(part.to_vec());
                }
                continue;
            }
            if gathered.refusals > REFUSALS {
                continue;
            }
            let calls: Vec<&Call> = part.iter().filter_map(|place| self.calls.get(*place)).collect();
            match multicall::ask(node, together.contract, block, &calls).await? {
                Told::Results(results) => {
                    gathered.fitted = gathered.fitted.max(part.len());
                    node.saved(Saved::Multicall, part.len() - 1);
                    let mut failed = Vec::new();
                    for (place, result) in part.iter().zip(results) {
                        match (result, answered.get_mut(*place)) {
                            (Some(data), Some(answer)) => *answer = Some(Ok(Reply::Returned(data))),
                            _ => failed.push(*place),
                        }
                    }
                    gathered.failed.push(failed);
                }
                Told::TooMuch(fault) => {
                    // As it may be if there is no such block any more.
                    if gathered.refusals == 0 && matches!(fault, Fault::Rpc(_)) {
                        self.block.check(node).await?;
                    }
                    gathered.refusals += 1;
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push_front(second);
                    parts.push_front(first);
                }
                Told::Nothing => {
                    gathered.missing = gathered.fitted == 0;
                    break;
                }
            }
        }
        Ok(gathered)
    }

    /// Parts of at most so many calls, and of no more bytes than a request may have.
    fn parts<'p>(&self, mut places: &'p [usize], most: usize) -> VecDeque<&'p [usize]> {
        let mut parts = VecDeque::new();
        while !places.is_empty() {
            let mut bytes = 0;
            let fits = places.iter().take(most).take_while(|place| {
                bytes += self.calls.get(**place).map_or(0, multicall::size);
                bytes <= MOST_BYTES
            });
            let (part, rest) = places.split_at(fits.count().max(1));
            parts.push_back(part);
            places = rest;
        }
        parts
    }

    /// Remembers what company was like, once plain calls had their answers: an endpoint that has no answer to them either hasn't
    /// shown that it lacks Multicall3. A call that reverts is a loner. One that failed and plainly returns is one if it was the
    /// first such of its part; those after it may have had no gas left, as a call that tries to write leaves none.
    pub(super) fn learn(&self, node: Node<'_>, together: Together<'_>, gathered: &Gathered, answered: &Answered) {
        let now = Instant::now();
        node.company(|company| {
            // An endpoint may say in its own words that it lends no code: then not even two calls go together.
            if gathered.missing || (gathered.fitted == 0 && gathered.refusals > 0) {
                company.missing(self.block.number, now);
            } else if gathered.fitted > 0 {
                company.answered(self.block.number, gathered.fitted, gathered.refusals > 0);
            }
        });
        for part in &gathered.failed {
            let mut starved = false;
            for place in part {
                let returned = matches!(answered.get(*place), Some(Some(Ok(Reply::Returned(_)))));
                if let (Some(call), false) = (self.calls.get(*place), returned && starved) {
                    together.loners.note(call, now);
                }
                starved |= returned;
            }
        }
    }
}
