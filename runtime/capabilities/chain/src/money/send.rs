//! Hands a signed transaction to every endpoint at once. What they answer decides nothing: a node may refuse what another took
//! long ago, take what it then drops, or answer an error and hand it on all the same. Only a block says what became of it.
//! The bytes are in no error and no log, also where a node sends them back.

use std::fmt;

use alloy_json_rpc::ErrorPayload;
use alloy_primitives::{B256, hex, keccak256};
use futures_util::future::join_all;
use serde_json::value::RawValue;
use tokio::time::Instant;
use watchkeeper_contract::clean;

use super::Money;
use crate::{
    decode::Hash,
    endpoint::Endpoint,
    fault::{Fault, RPC_MESSAGE, without_long_runs},
    methods,
    named::NamedChain,
    read::params,
};

/// What nodes say of a transaction that they have, in lower case.
const KNOWN: [&str; 9] = [
    "already known",
    "already_known",
    "alreadyknown",
    "already imported",
    "already_exists",
    "already exists in",
    "transaction already exists",
    "already in mempool",
    "already in the mempool",
];

/// What one endpoint answered to a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The endpoint, as the operator named it.
    pub endpoint: String,
    /// Its answer.
    pub answer: SendAnswer,
}

/// An endpoint's answer to a transaction. Nothing may be concluded from it but what to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendAnswer {
    /// It took it, and said its hash.
    Accepted(B256),
    /// It says that it has it already.
    Known,
    /// It answered with an error. The transaction may be on its way all the same.
    Refused {
        /// JSON-RPC's code.
        code: i64,
        /// The node's words, cleaned, at most 500 characters, and without long runs of hexadecimal digits.
        message: String,
    },
    /// It didn't answer, or wasn't asked: why.
    NoAnswer(String),
}

impl fmt::Display for SendAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(hash) => write!(f, "accepted as {hash}"),
            Self::Known => f.write_str("known already"),
            Self::Refused { code, message } => write!(f, "refused with error {code}: {message}"),
            Self::NoAnswer(why) => write!(f, "no answer: {why}"),
        }
    }
}

impl Money {
    /// Sends a signed transaction to all endpoints that are in use, at once; to those that rest only if there is no other.
    /// Returns what each of the chain's endpoints answered, in the operator's order.
    ///
    /// **Nothing may be concluded from a refusal**, nor from an acceptance: it may be in a block before or after. Sending the
    /// same bytes again is always safe.
    pub async fn broadcast(&self, raw: &[u8]) -> Vec<Sent> {
        let chain = &*self.chain;
        let deadline = Instant::now() + chain.timeout;
        let _turn = match chain.turn(deadline).await {
            Ok(turn) => turn,
            Err(error) => {
                let unasked = |endpoint: &Endpoint| no_answer(endpoint.name(), error.to_string());
                return chain.endpoints.iter().map(unasked).collect();
            }
        };
        let (well, resting, out) = chain.plan().parted();
        let (asked, left) = if well.is_empty() { (resting, well) } else { (well, resting) };
        let sent = asked.into_iter().map(|endpoint| async move {
            Sent { endpoint: endpoint.name().to_owned(), answer: send(chain, endpoint, raw, deadline).await }
        });
        let mut sent = join_all(sent).await;
        sent.extend(left.iter().map(|endpoint| no_answer(endpoint.name(), "not asked: it rests".to_owned())));
        sent.extend(out.iter().map(|(endpoint, fault)| no_answer(endpoint, format!("not asked: {fault}"))));
        sent.sort_by_key(|sent| chain.endpoints.iter().position(|endpoint| endpoint.name() == sent.endpoint));
        sent
    }
}

fn no_answer(endpoint: &str, why: String) -> Sent {
    Sent { endpoint: endpoint.to_owned(), answer: SendAnswer::NoAnswer(why) }
}

async fn send(chain: &NamedChain, endpoint: &Endpoint, raw: &[u8], deadline: Instant) -> SendAnswer {
    let hurried = chain.is_hurried(deadline.saturating_duration_since(Instant::now()));
    let node = endpoint.until(deadline);
    let answer = async {
        node.verify().await?;
        let answer = node.call_untraced(methods::SEND_RAW_TRANSACTION, params(&[hex::encode_prefixed(raw)])?).await?;
        accepted(&answer, keccak256(raw))
    };
    match answer.await {
        Ok(hash) => {
            endpoint.answered(chain.clock.now());
            SendAnswer::Accepted(hash)
        }
        Err(Fault::Rpc(error)) => refusal(&error),
        Err(fault) => {
            if !(hurried && matches!(fault, Fault::Timeout)) {
                endpoint.failed(&fault);
            }
            SendAnswer::NoAnswer(fault.to_string())
        }
    }
}

/// The hash that it was accepted as, which has to be its own.
fn accepted(answer: &RawValue, hash: B256) -> Result<B256, Fault> {
    match serde_json::from_str(answer.get()) {
        Ok(Hash(said)) if said == hash => Ok(hash),
        Ok(Hash(said)) => Err(Fault::malformed(format!("it took transaction {hash} for {said}"))),
        Err(_) => Err(Fault::malformed("no hash of a transaction")),
    }
}

fn refusal(error: &ErrorPayload) -> SendAnswer {
    let lower = error.message.to_lowercase();
    let known = lower.contains("known transaction") && !lower.contains("unknown");
    if known || KNOWN.iter().any(|word| lower.contains(word)) {
        return SendAnswer::Known;
    }
    SendAnswer::Refused { code: error.code, message: clean(&without_long_runs(&error.message), RPC_MESSAGE) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(message: &str) -> ErrorPayload {
        serde_json::from_value(json!({ "code": -32_000, "message": message })).unwrap()
    }

    #[test]
    fn a_refusal_quotes_no_bytes() {
        let far = format!("{} 0x{}", "word ".repeat(90), "ab".repeat(33));
        let SendAnswer::Refused { message, .. } = refusal(&error(&far)) else { panic!("it is refused") };
        assert!(!message.contains("abab"), "cut before the message is shortened: {message}");
    }

    #[test]
    fn nodes_say_in_many_ways_that_they_have_it() {
        for words in [
            "already known",
            "ALREADY_EXISTS: already known",
            "AlreadyKnown",
            "known transaction: 0xabcd",
            "Known transaction",
            "Transaction with the same hash was already imported.",
            "transaction already imported",
            "tx already exists in cache",
            "transaction already in mempool",
        ] {
            assert_eq!(refusal(&error(words)), SendAnswer::Known, "{words}");
        }
        for words in ["nonce too low", "unknown transaction type", "replacement transaction underpriced", "unknown"] {
            let refused = SendAnswer::Refused { code: -32_000, message: words.to_owned() };
            assert_eq!(refusal(&error(words)), refused, "{words}");
        }
    }

    #[test]
    fn only_the_transaction_s_own_hash_is_an_acceptance() {
        let (raw, hash) = ([1_u8; 100], keccak256([1_u8; 100]));
        let answer = |json: serde_json::Value| accepted(&RawValue::from_string(json.to_string()).unwrap(), hash);
        assert_eq!(answer(json!(hash)).unwrap(), hash);
        for bad in [json!(null), json!(true), json!("0x"), json!(B256::ZERO), json!(hex::encode_prefixed(raw))] {
            let Err(Fault::Malformed(words)) = answer(bad.clone()) else { panic!("{bad}") };
            assert!(!words.contains("0101"), "{words}");
        }
    }
}
