//! Requests by their method: the same one asked by several at once is asked once, and small ones go out in batches.

use std::sync::{Arc, atomic::AtomicBool};

use futures_util::future::try_join_all;
use serde_json::value::RawValue;
use watchkeeper_contract::clean;

use super::{
    Id,
    basket::Kind,
    cache::Kept,
    digest,
    fixed::{Fixed, fixed},
};
use crate::{
    ReadError,
    fault::{Fault, RPC_MESSAGE},
    methods,
    named::NamedChain,
    read::{ReadRequest, ReadRequests},
    telemetry::Saved,
};

/// A method with its parameters, as the job wrote them.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) params: Arc<RawValue>,
}

/// The kind of basket that small requests go into.
pub(crate) struct Requests;

impl Kind for Requests {
    type Group = ();
    type Item = Request;
    /// None for a request that has to be asked alone.
    type Answer = Option<Result<Arc<RawValue>, ReadError>>;
    /// What providers allow in a batch.
    const FULL: usize = 100;

    async fn ask(chain: &Arc<NamedChain>, _all: (), requests: Vec<Request>) -> Result<Vec<Self::Answer>, ReadError> {
        let alone = vec![None; requests.len()];
        if requests.len() < 2 {
            return Ok(alone);
        }
        let requests = requests.into_iter().map(|request| (request.method, request.params)).collect();
        let read = ReadRequests { requests, suspicious: AtomicBool::new(false) };
        match chain.read(&read).await {
            Ok(answers) => Ok(answers.into_iter().map(answer).collect()),
            Err(_) if read.suspicious.into_inner() => Ok(alone),
            Err(error) => Err(error),
        }
    }
}

/// What an answer in a batch is worth to who asked.
fn answer(answer: Result<Box<RawValue>, Fault>) -> <Requests as Kind>::Answer {
    match answer {
        Ok(result) => Some(Ok(result.into())),
        Err(fault @ Fault::Rpc(_)) if !fault.is_final() => None,
        Err(Fault::Rpc(error)) => {
            Some(Err(ReadError::Rpc { code: error.code, message: clean(&error.message, RPC_MESSAGE) }))
        }
        Err(_) => None,
    }
}

/// Reads one request.
pub(crate) async fn read(chain: &Arc<NamedChain>, request: Request) -> Result<Arc<RawValue>, ReadError> {
    let gather = &chain.gather;
    let id = digest(&[b"request", request.method.as_bytes(), request.params.get().as_bytes()]);
    let kept = match fixed(request.method, &request.params) {
        Some(Fixed::Hash) => Some(digest(&[b"fixed", id.as_slice()])),
        Some(Fixed::Number(number)) => {
            gather.finality.settled(number).map(|era| digest(&[b"final", &era, id.as_slice()]))
        }
        None => None,
    };
    if let Some(Kept::Json(result)) = kept.and_then(|kept| gather.cache.get(&kept)) {
        gather.saved(Saved::Cache, 1);
        return Ok(result);
    }
    let agreed = chain.quorum > 1 && fixed(request.method, &request.params).is_some();
    let result = match methods::is_light(request.method) && !agreed {
        true => in_batch(chain, id, request).await?,
        false => alone(chain, id, request).await?,
    };
    if let Some(kept) = kept
        && result.get() != "null"
    {
        gather.cache.keep(kept, Kept::Json(Arc::clone(&result)));
    }
    Ok(result)
}

async fn in_batch(chain: &Arc<NamedChain>, id: Id, request: Request) -> Result<Arc<RawValue>, ReadError> {
    let put = chain.gather.requests.put(chain, &(), vec![(id, request.clone())]);
    chain.gather.saved(Saved::InFlight, put.joined);
    let answers = try_join_all(put.flights).await?;
    match answers.iter().find_map(|answers| answers.get(&id)?.clone()) {
        Some(result) => result,
        None => alone(chain, id, request).await,
    }
}

async fn alone(chain: &Arc<NamedChain>, id: Id, request: Request) -> Result<Arc<RawValue>, ReadError> {
    let (flight, joined) = chain.gather.alone.join(&chain.runtime, id, |_arrivals| {
        let chain = Arc::clone(chain);
        let Request { method, params } = request;
        let is_of_a_block = fixed(method, &params).is_some();
        let read = ReadRequest { method, params: RawValue::to_owned(&params), is_of_a_block };
        async move { chain.read(&read).await.map(Arc::from) }
    });
    chain.gather.saved(Saved::InFlight, usize::from(joined));
    flight.await
}
