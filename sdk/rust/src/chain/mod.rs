//! Reads of the EVM chains that the operator named. Amounts, hashes and addresses are alloy's types; nothing here signs or
//! sends.

mod error;
mod quantity;
mod scan;
mod times;
mod types;

use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    error::Error,
    quantity::{Amount, Number},
    scan::{Chunk, First, Scan, ScanBuilder},
    times::{Begin, Moment},
    types::{Block, Call, Filter, Header, Log, Reply},
};
use crate::host;

/// A chain by the name that it has in `watchkeeper.toml`. Whether the job may read it shows at the first read.
pub fn chain(name: &str) -> Chain {
    Chain { name: name.to_owned() }
}

/// A chain that can be read.
#[derive(Debug, Clone)]
pub struct Chain {
    name: String,
}

impl Chain {
    /// The operator's name for the chain.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The header of a block.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn header(&self, at: Block) -> Result<Header, Error> {
        host::header(self.name.clone(), at).await
    }

    /// The answer to any read-only JSON-RPC method. `params` is a tuple or a list; `()` stands for none.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the answer isn't a `T`; else see [`Error`].
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        let malformed =
            |error: serde_json::Error| Error::Malformed(format!("`{method}` on chain `{}`: {error}", self.name));
        let params = match serde_json::to_string(&params).map_err(malformed)? {
            none if none == "null" => "[]".to_owned(),
            some => some,
        };
        let answer = host::request(self.name.clone(), method.to_owned(), params).await?;
        serde_json::from_str(&answer).map_err(malformed)
    }

    /// Runs `eth_call`s, all at the one block whose header comes back. The host gathers the calls of all running jobs into as
    /// few requests as it can.
    ///
    /// # Errors
    /// See [`Error`]. A call that reverts is a [`Reply`], not an error.
    pub async fn call(&self, at: Block, calls: impl IntoIterator<Item = Call>) -> Result<(Header, Vec<Reply>), Error> {
        host::call(self.name.clone(), at, calls.into_iter().collect()).await
    }

    /// The events that match a filter.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn logs(&self, filter: Filter) -> Result<Vec<Log>, Error> {
        host::logs(self.name.clone(), filter).await
    }
}
