//! The asynchronous binding of `watchkeeper:chain`: waits for its turn, begins the read, charges the run for the answer,
//! and translates types. Everything else is in `reads`, for another binding to call.

use alloy_primitives::{Address, B256};
use wasmtime::component::{Accessor, HasData, Linker};
use watchkeeper_contract::{Run, bindings::watchkeeper::chain::chain, enter, hold};

use crate::{At, Call, ChainReads, Entry, Header, LogQuery, ReadError, Reading, Reply};

pub(crate) fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    chain::add_to_linker::<Run, Binding>(linker, |_run| Binding)
}

struct Binding;

impl HasData for Binding {
    type Data<'a> = Self;
}

impl chain::Host for Binding {}

/// What a host function answers: the outer error ends the run, the inner one is the plugin's to handle.
type Answer<T> = wasmtime::Result<Result<T, chain::Error>>;

impl chain::HostWithStore<Run> for Binding {
    async fn get_header(store: &Accessor<Run, Self>, chain: String, block: chain::Block) -> Answer<chain::Header> {
        let arguments = chain.len();
        let begin = |reads: &ChainReads| reads.header(&chain, at(block));
        serve(store, arguments, begin, |_| size_of::<Header>() + 64, Into::into).await
    }

    async fn request(store: &Accessor<Run, Self>, chain: String, method: String, params: String) -> Answer<String> {
        let arguments = chain.len() + method.len() + params.len();
        let begin = |reads: &ChainReads| reads.request(&chain, &method, params);
        serve(store, arguments, begin, |result| result.get().len(), |result| String::from(Box::<str>::from(result)))
            .await
    }

    async fn call_contracts(
        store: &Accessor<Run, Self>,
        chain: String,
        block: chain::Block,
        calls: Vec<chain::Call>,
    ) -> Answer<(chain::Header, Vec<chain::Reply>)> {
        let arguments = chain.len() + calls.iter().map(call_size).sum::<usize>();
        let begin = |reads: &ChainReads| {
            let calls: Result<_, _> = calls.into_iter().map(Call::try_from).collect();
            reads.call_contracts(&chain, at(block), calls?)
        };
        let size = |(_, replies): &(Header, Vec<Reply>)| replies.iter().map(reply_size).sum();
        let give =
            |(header, replies): (Header, Vec<Reply>)| (header.into(), replies.into_iter().map(Into::into).collect());
        serve(store, arguments, begin, size, give).await
    }

    async fn get_logs(store: &Accessor<Run, Self>, chain: String, filter: chain::Filter) -> Answer<Vec<chain::Entry>> {
        let arguments = chain.len() + filter_size(&filter);
        let begin = |reads: &ChainReads| reads.logs(&chain, filter.try_into()?);
        let size = |entries: &Vec<Entry>| entries.iter().map(Entry::size).sum();
        serve(store, arguments, begin, size, |entries| entries.into_iter().map(Into::into).collect()).await
    }
}

async fn serve<T, W>(
    store: &Accessor<Run, Binding>,
    arguments: usize,
    begin: impl FnOnce(&ChainReads) -> Result<Reading<T>, ReadError>,
    size: impl FnOnce(&T) -> usize,
    give: impl FnOnce(T) -> W,
) -> Answer<W> {
    let _turn = enter(store, arguments).await?;
    let begun = store.with(|mut access| -> wasmtime::Result<_> {
        let run = access.data_mut();
        let reads = run.grant::<ChainReads>()?.clone();
        let begun = begin(&reads);
        if let Ok(reading) = &begun {
            run.used(reading.power().to_owned());
        }
        Ok(begun)
    })?;
    let answer = match begun {
        Ok(reading) => reading.answer().await,
        Err(refused) => Err(refused),
    };
    match answer {
        Ok(answer) => {
            hold(store, size(&answer))?;
            Ok(Ok(give(answer)))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

fn call_size(call: &chain::Call) -> usize {
    size_of::<chain::Call>() + call.to.len() + call.data.len()
}

fn filter_size(filter: &chain::Filter) -> usize {
    let bytes = |list: &Vec<Vec<u8>>| list.iter().map(|bytes| size_of::<Vec<u8>>() + bytes.len()).sum::<usize>();
    bytes(&filter.addresses) + filter.topics.iter().map(|place| size_of::<Vec<u8>>() + bytes(place)).sum::<usize>()
}

fn reply_size(reply: &Reply) -> usize {
    let (Reply::Returned(data) | Reply::Reverted(data)) = reply;
    size_of::<chain::Reply>() + data.len()
}

fn address(bytes: &[u8]) -> Result<Address, ReadError> {
    Address::try_from(bytes).map_err(|_| ReadError::Malformed(format!("an address has 20 bytes, not {}", bytes.len())))
}

fn topic(bytes: &Vec<u8>) -> Result<B256, ReadError> {
    B256::try_from(bytes.as_slice())
        .map_err(|_| ReadError::Malformed(format!("a topic has 32 bytes, not {}", bytes.len())))
}

fn at(block: chain::Block) -> At {
    match block {
        chain::Block::Latest => At::Latest,
        chain::Block::Safe => At::Safe,
        chain::Block::Finalized => At::Finalized,
        chain::Block::Number(number) => At::Number(number),
    }
}

impl TryFrom<chain::Call> for Call {
    type Error = ReadError;

    fn try_from(call: chain::Call) -> Result<Self, ReadError> {
        Ok(Self { to: address(&call.to)?, data: call.data.into() })
    }
}

impl TryFrom<chain::Filter> for LogQuery {
    type Error = ReadError;

    fn try_from(filter: chain::Filter) -> Result<Self, ReadError> {
        let addresses: Result<_, _> = filter.addresses.iter().map(|bytes| address(bytes)).collect();
        let topics: Result<_, _> =
            filter.topics.iter().map(|place| place.iter().map(topic).collect::<Result<Vec<_>, _>>()).collect();
        Ok(Self { addresses: addresses?, topics: topics?, from_block: filter.from_block, to_block: filter.to_block })
    }
}

impl From<Header> for chain::Header {
    fn from(header: Header) -> Self {
        Self {
            number: header.number,
            hash: header.hash.to_vec(),
            parent_hash: header.parent_hash.to_vec(),
            timestamp: header.timestamp,
            seen: header.seen,
        }
    }
}

impl From<Reply> for chain::Reply {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Returned(data) => Self::Returned(data.into()),
            Reply::Reverted(data) => Self::Reverted(data.into()),
        }
    }
}

impl From<Entry> for chain::Entry {
    fn from(entry: Entry) -> Self {
        Self {
            address: entry.address.to_vec(),
            topics: entry.topics.iter().map(|topic| topic.to_vec()).collect(),
            data: entry.data.into(),
            block_number: entry.block_number,
            block_hash: entry.block_hash.to_vec(),
            transaction_hash: entry.transaction_hash.to_vec(),
            log_index: entry.log_index,
        }
    }
}

impl From<ReadError> for chain::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Denied(message) => Self::Denied(message),
            ReadError::Unavailable(message) => Self::Unavailable(message),
            ReadError::Rpc { code, message } => Self::Rpc((code, message)),
            ReadError::Malformed(message) => Self::Malformed(message),
            ReadError::NoBlock(message) => Self::Other(("no-block".to_owned(), message)),
        }
    }
}
