//! What a run can do with its grant: the host's implementation of the contract, in plain functions that any binding can
//! call. A read is checked here, then runs as a task of the host; whoever asked only waits.

use std::sync::Arc;

use serde_json::value::RawValue;
use tokio_util::task::AbortOnDropHandle;
use watchkeeper_contract::clean;
use watchkeeper_model::JobName;

use crate::{
    At, Call, Entry, Header, LogQuery, ReadError, Reply,
    grant::{Granted, GrantedChain},
    methods,
    named::NamedChain,
    read::{MAX_CALLS, ReadLogs},
};

/// The longest `params` that a plugin may send, in bytes.
const MAX_PARAMS: usize = 1 << 20;

/// One run's grant of chains. Clones are the same grant.
#[derive(Clone)]
pub struct ChainReads {
    job: JobName,
    granted: Arc<Granted>,
}

/// A read that was allowed and has begun. Dropping it ends it.
#[must_use = "dropping a read ends it"]
pub struct Reading<T> {
    power: String,
    task: AbortOnDropHandle<Result<T, ReadError>>,
}

impl<T> Reading<T> {
    /// What is used, as `chain zkfair eth_call`.
    pub fn power(&self) -> &str {
        &self.power
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`.
    pub async fn answer(self) -> Result<T, ReadError> {
        let ended = |_error| Err(ReadError::Unavailable("the host ended the read".to_owned()));
        self.task.await.unwrap_or_else(ended)
    }
}

impl ChainReads {
    pub(crate) fn new(job: JobName, granted: Arc<Granted>) -> Self {
        Self { job, granted }
    }

    /// The header of a block. Needs the method `eth_getBlockByNumber`.
    ///
    /// # Errors
    /// [`ReadError::Denied`], which names job, capability and key.
    pub fn header(&self, chain: &str, at: At) -> Result<Reading<Header>, ReadError> {
        let (chain, method) = self.allowed(chain, methods::GET_BLOCK)?;
        Ok(begin(chain, method, |chain| async move { chain.header(at).await.map(|header| chain.stamped(header)) }))
    }

    /// A read-only method with its parameters as JSON; the result is JSON as the node wrote it.
    ///
    /// # Errors
    /// [`ReadError::Denied`]; [`ReadError::Malformed`] if `params` is no JSON array or object, or over 1 MiB.
    pub fn request(&self, chain: &str, method: &str, params: String) -> Result<Reading<Box<RawValue>>, ReadError> {
        let (chain, method) = self.allowed(chain, method)?;
        if params.len() > MAX_PARAMS {
            return Err(self.malformed(&format!("params of more than {MAX_PARAMS} bytes")));
        }
        let params = RawValue::from_string(params).ok();
        let params = params
            .filter(|params| params.get().starts_with(['[', '{']))
            .ok_or_else(|| self.malformed("params must be a JSON array or object"))?;
        Ok(begin(chain, method, |chain| async move {
            chain.request(method, params).await.map(|result| RawValue::to_owned(&result))
        }))
    }

    /// Calls of contracts, all at the one block whose header comes with the replies. Needs the method `eth_call`.
    ///
    /// # Errors
    /// [`ReadError::Denied`]; [`ReadError::Malformed`] for more than 1,000 calls.
    pub fn call_contracts(
        &self,
        chain: &str,
        at: At,
        calls: Vec<Call>,
    ) -> Result<Reading<(Header, Vec<Reply>)>, ReadError> {
        let (chain, method) = self.allowed(chain, methods::CALL)?;
        if calls.len() > MAX_CALLS {
            return Err(self.malformed(&format!("more than {MAX_CALLS} calls at once")));
        }
        Ok(begin(chain, method, |chain| async move {
            chain.contracts(at, calls).await.map(|(header, replies)| (chain.stamped(header), replies))
        }))
    }

    /// Events in a range of blocks. Needs the method `eth_getLogs`.
    ///
    /// # Errors
    /// [`ReadError::Denied`]; [`ReadError::Malformed`] for a range that ends before it begins or more than four topics.
    pub fn logs(&self, chain: &str, query: LogQuery) -> Result<Reading<Vec<Entry>>, ReadError> {
        let (chain, method) = self.allowed(chain, methods::GET_LOGS)?;
        let read = ReadLogs::new(query.clone(), chain.max_response).map_err(|problem| self.malformed(problem))?;
        Ok(begin(chain, method, |chain| async move { chain.logs(query, read).await }))
    }

    fn allowed(&self, chain: &str, method: &str) -> Result<(&Arc<NamedChain>, &'static str), ReadError> {
        let deny =
            |what: String, hint: String| ReadError::Denied(format!("job \"{}\": {what}\nhint: {hint}", self.job));
        let Some(GrantedChain { chain, methods, .. }) = self.granted.get(chain) else {
            let what = format!("chain \"{}\" is not granted", clean(chain, 64));
            return Err(deny(what, "add it to `grants.chain`".to_owned()));
        };
        let Some(known) = methods::find(method) else {
            let what = format!("chain \"{}\": \"{}\" is not a known read", chain.name, clean(method, 64));
            return Err(deny(what, "chains are read-only; no `grants.chain` allows other methods".to_owned()));
        };
        if !methods.contains(known) {
            let what = format!("chain \"{}\": method \"{known}\" is not granted", chain.name);
            return Err(deny(what, format!("add it to `grants.chain.{}.methods`", chain.name)));
        }
        Ok((chain, known))
    }

    fn malformed(&self, problem: &str) -> ReadError {
        ReadError::Malformed(format!("job \"{}\": {problem}", self.job))
    }
}

fn begin<T: Send + 'static, F: Future<Output = Result<T, ReadError>> + Send + 'static>(
    chain: &Arc<NamedChain>,
    method: &str,
    read: impl FnOnce(Arc<NamedChain>) -> F,
) -> Reading<T> {
    let power = format!("chain {} {method}", chain.name);
    let task = chain.runtime.spawn(read(Arc::clone(chain)));
    Reading { power, task: AbortOnDropHandle::new(task) }
}
