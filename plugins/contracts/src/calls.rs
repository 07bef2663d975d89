//! Calls and balances of one block. Each call is told apart: what one contract answers has no bearing on another's values.

use std::{collections::BTreeMap, fmt};

use alloy_dyn_abi::DynSolValue;
use futures_util::{future::join_all, future::try_join_all};
use watchkeeper_sdk::{
    chain::{Amount, Error},
    prelude::*,
    serde_json::{Value, json},
};

use crate::{
    amount::scaled,
    answer::decode,
    plan::{Decimals, Form, Plan, Read, Take},
    revert,
};

/// The most calls that the host takes at once.
const AT_ONCE: usize = 1_000;
/// The most failures of one run that are said in a line of their own.
const SAID: usize = 20;

/// What a run read.
pub(crate) struct Done {
    block: u64,
    calls: usize,
    failed: usize,
}

/// Why a call has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Failure {
    Reverted(String),
    NoCode,
    Empty,
    Malformed,
}

type Answer = Result<Vec<DynSolValue>, Failure>;

/// Reads all calls and balances at one block.
///
/// # Errors
/// The block or a balance can't be read, or the block was replaced meanwhile.
pub(crate) async fn read(chain: &Chain, at: Block, plan: &Plan) -> Result<Done> {
    let (header, replies) = replies(chain, at, &plan.reads).await?;
    let (answers, balances) = (answers(chain, &header, plan, replies).await, balances(chain, &header, plan).await?);
    plan.own.block_number.set([chain.name()], header.number);
    plan.own.block_timestamp_seconds.set([chain.name()], header.timestamp);
    let failed = show(chain, plan, &answers);
    for ((account, _), balance) in plan.accounts.iter().zip(balances) {
        plan.own.native_balance.set([chain.name(), account], scaled(balance, plan.native_decimals));
    }
    Ok(Done { block: header.number, calls: answers.len(), failed })
}

/// The replies to all calls, from one block also where the host takes them in parts only.
async fn replies(chain: &Chain, at: Block, reads: &[Read]) -> Result<(Header, Vec<Reply>)> {
    let mut parts = reads.chunks(AT_ONCE).map(|part| part.iter().map(|read| read.call.clone()));
    let (header, mut replies) = match parts.next() {
        Some(first) => chain.call(at, first).await?,
        None => (chain.header(at).await?, Vec::new()),
    };
    for part in parts {
        let (again, more) = chain.call(Block::Number(header.number), part).await?;
        if again.hash != header.hash {
            let message = format!("block {} of chain `{}` was replaced while it was read", header.number, chain.name());
            return Err(Error::Unavailable(message).into());
        }
        replies.extend(more);
    }
    Ok((header, replies))
}

async fn answers(chain: &Chain, header: &Header, plan: &Plan, replies: Vec<Reply>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = plan.reads.iter().zip(replies).map(|(read, reply)| answer(read, &reply)).collect();
    let silent = plan.reads.iter().zip(&answers).filter(|(_, answer)| **answer == Err(Failure::Empty));
    let silent: BTreeMap<Address, ()> = silent.map(|(read, _)| (read.call.to, ())).collect();
    let asked = silent.into_keys().map(async |address| (address, has_code(chain, header, address).await));
    let has_code: BTreeMap<Address, bool> = join_all(asked).await.into_iter().collect();
    for (read, answer) in plan.reads.iter().zip(&mut answers) {
        if *answer == Err(Failure::Empty) && has_code.get(&read.call.to) == Some(&false) {
            *answer = Err(Failure::NoCode);
        }
    }
    answers
}

fn answer(read: &Read, reply: &Reply) -> Answer {
    match reply {
        Reply::Reverted(data) => Err(Failure::Reverted(revert::reason(data))),
        Reply::Returned(data) if data.is_empty() => Err(Failure::Empty),
        Reply::Returned(data) => {
            let answer = decode(&read.returns, data).ok_or(Failure::Malformed)?;
            let there = |take: &Take| match take.form {
                Form::Number(_) => take.place.number(&answer).is_some(),
                Form::Text => take.place.text(&answer).is_some(),
            };
            if read.takes.iter().all(there) { Ok(answer) } else { Err(Failure::Malformed) }
        }
    }
}

/// Whether there is a contract; taken for granted where the node doesn't say.
async fn has_code(chain: &Chain, header: &Header, address: Address) -> bool {
    let code: Result<Bytes, Error> = chain.request("eth_getCode", (address, pinned(header))).await;
    match code {
        Ok(code) => !code.is_empty(),
        Err(error) => {
            debug!(chain = chain.name(), "whether {address} has code isn't known: {error}");
            true
        }
    }
}

async fn balances(chain: &Chain, header: &Header, plan: &Plan) -> Result<Vec<U256>, Error> {
    try_join_all(plan.accounts.iter().map(|(_, address)| balance(chain, header, *address))).await
}

async fn balance(chain: &Chain, header: &Header, address: Address) -> Result<U256, Error> {
    let Amount(balance) = chain.request("eth_getBalance", (address, pinned(header))).await?;
    Ok(balance)
}

/// The block by its hash (EIP-1898): another block of the same number is an error then, and never a mixture.
fn pinned(header: &Header) -> Value {
    json!({ "blockHash": header.hash })
}

/// Makes samples of answers; returns how many calls failed.
fn show(chain: &Chain, plan: &Plan, answers: &[Answer]) -> usize {
    let mut failed = 0;
    for (read, answer) in plan.reads.iter().zip(answers) {
        let labels = [chain.name(), &read.contract, &read.name];
        plan.own.call_up.set(labels, answer.is_ok());
        plan.own.call_failures_total.add(labels, answer.is_err());
        match answer {
            Ok(answer) => read.takes.iter().for_each(|take| take.sample(answer, answers)),
            Err(failure) => {
                failed += 1;
                plan.own.call_failure.set([chain.name(), &read.contract, &read.name, failure.reason()], 1.0);
                if failed <= SAID {
                    warn!(chain = chain.name(), contract = read.contract, call = read.name, "{failure}");
                }
            }
        }
    }
    if failed > SAID {
        warn!(chain = chain.name(), "{} more calls failed", failed - SAID);
    }
    failed
}

impl Take {
    /// A number whose decimals aren't known is no value.
    fn sample(&self, answer: &[DynSolValue], answers: &[Answer]) {
        let mut labels: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        match self.form {
            Form::Text => {
                let Some(text) = self.place.text(answer) else { return };
                labels.push(&text);
                self.gauge.set(&labels, 1.0);
            }
            Form::Number(decimals) => {
                let Some((number, decimals)) = self.place.number(answer).zip(decimals.of(answers)) else { return };
                self.gauge.set(&labels, scaled(number, decimals));
            }
        }
    }
}

impl Decimals {
    fn of(self, answers: &[Answer]) -> Option<u8> {
        match self {
            Self::Known(decimals) => Some(decimals),
            Self::Answered(place) => match answers.get(place)?.as_deref() {
                Ok([DynSolValue::Uint(decimals, _)]) => u8::try_from(*decimals).ok(),
                _ => None,
            },
        }
    }
}

impl Failure {
    /// What the label `reason` says.
    fn reason(&self) -> &'static str {
        match self {
            Self::Reverted(_) => "reverted",
            Self::NoCode => "no_code",
            Self::Empty => "empty",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reverted(why) => write!(f, "the call reverted: {why}"),
            Self::NoCode => f.write_str("there is no contract at this address"),
            Self::Empty => f.write_str("the contract answers nothing"),
            Self::Malformed => f.write_str("the answer is not what the signature promises"),
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {}, calls: {}, failed: {}", self.block, self.calls, self.failed)
    }
}
