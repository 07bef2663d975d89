//! What the rollup's own node says: the head, and batches by its `zkevm_` methods.
//!
//! A chain without any of them is not what this plugin is for, and the run says so instead of showing nothing. A single
//! method that is missing, or an answer that can't be read, leaves its series absent.

use futures_util::join;
use watchkeeper_sdk::{chain::Number, prelude::*, serde_json::Value};

use crate::{
    notes::Notes,
    stage::{Numbers, Stage},
};

/// Longest client version that is quoted.
const VERSION_LENGTH: usize = 80;

/// What the node said in this run.
pub(crate) struct Answers {
    /// The number of each stage, as it was answered: not believed yet.
    pub(crate) numbers: Numbers,
    pub(crate) consolidated_block: Option<u64>,
    pub(crate) fork_id: Option<u64>,
    pub(crate) chain_id: Option<u64>,
    pub(crate) head: Header,
    /// The hash of block 0, where the node has it: a chain that began anew has another.
    pub(crate) genesis: Option<B256>,
}

/// Asks the node.
///
/// # Errors
/// No stage can be read, or the head can't.
pub(crate) async fn read(chain: &Chain, notes: &mut Notes) -> Result<Answers> {
    let numbers = batches(chain, notes).await?;
    let (consolidated, fork, id, head, genesis) = join!(
        chain.request("zkevm_consolidatedBlockNumber", ()),
        chain.request("zkevm_getForkId", ()),
        chain.request("eth_chainId", ()),
        chain.header(Block::Latest),
        chain.header(Block::Number(0)),
    );
    Ok(Answers {
        numbers,
        consolidated_block: number(chain, notes, "consolidated block", consolidated),
        fork_id: number(chain, notes, "fork id", fork),
        chain_id: number(chain, notes, "chain id", id),
        head: head?,
        genesis: genesis.ok().map(|block| block.hash),
    })
}

async fn batches(chain: &Chain, notes: &mut Notes) -> Result<Numbers> {
    let mut numbers = Numbers::new();
    let mut failures = Vec::new();
    for stage in Stage::ALL {
        let answer: Result<Number, chain::Error> = chain.request(method(stage), ()).await;
        if let Err(error) = &answer {
            failures.push(error.clone());
        }
        if let Some(number) = number(chain, notes, &format!("{} batch", stage.label()), answer) {
            numbers.insert(stage, number);
        }
    }
    if !numbers.is_empty() {
        return Ok(numbers);
    }
    if failures.iter().all(chain::Error::is_method_not_found) {
        return Err(without_batches(chain).await);
    }
    let kind = failures.into_iter().find(|error| !error.is_method_not_found());
    Err(kind.map_or_else(|| Error::failed("no stage was read"), Error::from))
}

/// The number, or none: a missing method is said once, and what can't be read each time.
fn number(chain: &Chain, notes: &mut Notes, what: &str, answer: Result<Number, chain::Error>) -> Option<u64> {
    match answer {
        Ok(Number(number)) => {
            notes.found(chain.name(), what);
            return Some(number);
        }
        Err(error) if error.is_method_not_found() => notes.missing(chain.name(), what, &error.to_string()),
        Err(error) => warn!(chain = chain.name(), "no {what}: {error}"),
    }
    None
}

async fn without_batches(chain: &Chain) -> Error {
    let client = match chain.request::<Value>("web3_clientVersion", ()).await {
        Ok(Value::String(version)) => format!(" (client {})", version.chars().take(VERSION_LENGTH).collect::<String>()),
        _ => String::new(),
    };
    Error::invalid_config(format!(
        "chain `{}` has no zkevm_* methods{client}: this plugin is for Polygon zkEVM and CDK chains\n\
         hint: use evm-chain for any other chain; on cdk-erigon, `http.api` has to list `zkevm`",
        chain.name()
    ))
}

fn method(stage: Stage) -> &'static str {
    match stage {
        Stage::Trusted => "zkevm_batchNumber",
        Stage::Virtual => "zkevm_virtualBatchNumber",
        Stage::Verified => "zkevm_verifiedBatchNumber",
    }
}
