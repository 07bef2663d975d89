//! Faults that take a request apart: each call of it by its method, whether it came alone or in a batch.

use std::{io, thread, time::Duration};

use serde_json::{Value, json};

use super::{Shared, forward};
use crate::support::{quantity, wire};

const SEND: &str = "eth_sendRawTransaction";
const HEAD: &str = "eth_blockNumber";
/// What means the newest block, or one near it.
const TAGS: [&str; 4] = ["latest", "pending", "safe", "finalized"];

/// What a node does with signed transactions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sending {
    /// Takes it, and answers that it didn't.
    TakesAndFails,
    /// Answers its hash, and forgets it.
    Forgets,
    /// Has it sent twice, and answers as the second time.
    Twice,
    /// Takes it after so long.
    Late(Duration),
    /// Answers this error, and forgets it.
    Refuses(&'static str),
    /// Answers an error that holds all of it, and forgets it.
    Echoes,
}

/// The signed transactions of a request.
pub(super) fn signed(request: &[u8]) -> Vec<String> {
    let request = serde_json::from_slice(request).unwrap_or_default();
    let sent = calls(&request).into_iter().filter(|call| call["method"] == SEND);
    sent.filter_map(|call| call["params"][0].as_str().map(str::to_owned)).collect()
}

/// The answer of a node that deals with signed transactions in its own way.
pub(super) fn sending(shared: &Shared, request: &[u8], how: Sending) -> io::Result<Vec<u8>> {
    each(request, |call| {
        if call["method"] != SEND {
            return ask(shared, call);
        }
        Ok(match how {
            Sending::TakesAndFails => {
                ask(shared, call)?;
                failure(call, "internal error")
            }
            Sending::Forgets => {
                let raw = call["params"][0].as_str().unwrap_or_default();
                json!({"jsonrpc": "2.0", "id": call["id"], "result": wire::hash(raw)})
            }
            Sending::Twice => {
                ask(shared, call)?;
                ask(shared, call)?
            }
            Sending::Late(pause) => {
                thread::sleep(pause);
                ask(shared, call)?
            }
            Sending::Refuses(message) => failure(call, message),
            Sending::Echoes => failure(call, &format!("can't take {}", call["params"])),
        })
    })
}

/// The answer of a node whose newest block is an old one.
pub(super) fn behind(shared: &Shared, request: &[u8], blocks: u64) -> io::Result<Vec<u8>> {
    let question = json!({"jsonrpc": "2.0", "id": 1, "method": HEAD, "params": []});
    let head = quantity(&ask(shared, &question)?["result"]).saturating_sub(blocks);
    each(request, |call| {
        let mut call = call.clone();
        if let Some(params) = call["params"].as_array_mut() {
            let tags = params.iter_mut().filter(|value| value.as_str().is_some_and(|text| TAGS.contains(&text)));
            tags.for_each(|tag| *tag = json!(format!("{head:#x}")));
        }
        let mut answer = ask(shared, &call)?;
        if call["method"] == HEAD {
            answer["result"] = json!(format!("{head:#x}"));
        }
        Ok(answer)
    })
}

/// Answers each call by itself.
fn each(request: &[u8], answer: impl Fn(&Value) -> io::Result<Value>) -> io::Result<Vec<u8>> {
    let request: Value = serde_json::from_slice(request)?;
    let answers = calls(&request).into_iter().map(answer).collect::<io::Result<Vec<Value>>>()?;
    let whole = if request.is_array() { Value::Array(answers) } else { answers.into_iter().next().unwrap_or_default() };
    Ok(whole.to_string().into_bytes())
}

fn calls(request: &Value) -> Vec<&Value> {
    match request {
        Value::Array(calls) => calls.iter().collect(),
        call => vec![call],
    }
}

fn ask(shared: &Shared, call: &Value) -> io::Result<Value> {
    Ok(serde_json::from_slice(&forward(shared, call.to_string().as_bytes())?)?)
}

fn failure(call: &Value, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": message}})
}
