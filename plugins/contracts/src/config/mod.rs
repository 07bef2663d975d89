//! The job's `[config]` as an operator writes it. What a text means is checked where it is read: [`address`] and [`signature`] here,
//! what takes several keys together in `plan`.

mod address;
mod defaults;
mod signature;

use std::collections::BTreeMap;

use watchkeeper_sdk::{
    prelude::{Block, config},
    serde::Serialize,
    serde_json::Value,
};

pub(crate) use self::{
    address::{Named, address},
    signature::{EventSignature, FunctionSignature, Path},
};

/// What to read of which contracts.
#[config]
pub(crate) struct Config {
    /// The chain, by its name in `watchkeeper.toml`.
    pub(crate) chain: String,
    /// The block at which calls and balances are read. A run that a new head started reads at that head, where this is `latest`.
    #[serde(default)]
    pub(crate) block: Tag,
    /// Functions that are called; what they return becomes gauges.
    #[serde(default)]
    pub(crate) calls: Vec<Calls>,
    /// Events that are counted.
    #[serde(default)]
    pub(crate) events: Vec<Events>,
    /// ERC-20 tokens: balances of holders, and supplies.
    #[serde(default)]
    pub(crate) erc20: Vec<Erc20>,
    /// Balances in the chain's own currency.
    pub(crate) balances: Option<Balances>,
    /// Events are counted from blocks so far behind the head: a reorganisation that is deeper is not made up for.
    #[serde(default = "defaults::depth")]
    pub(crate) depth: u64,
    /// The most blocks whose events one run counts, for each of `events`; what is left is counted by the next runs.
    #[serde(default = "defaults::max_blocks_per_run")]
    #[schemars(range(min = 1))]
    pub(crate) max_blocks_per_run: u64,
}

/// One function of one or more contracts.
#[config]
pub(crate) struct Calls {
    /// What the label `call` says; the function's name if left out.
    pub(crate) name: Option<String>,
    /// The contracts.
    pub(crate) contracts: Named,
    /// The function as Solidity has it, with all that it returns: `getReserves() returns (uint112 r0, uint112 r1, uint32)`.
    #[schemars(with = "String")]
    pub(crate) function: FunctionSignature,
    /// Its arguments, in order: numbers, `true` and `false`, texts, and lists for arrays and tuples. A number that TOML can't hold
    /// is written as a text.
    #[serde(default)]
    pub(crate) arguments: Vec<Value>,
    /// What becomes a metric.
    #[schemars(length(min = 1))]
    pub(crate) outputs: Vec<Output>,
}

/// One value that a function returns, as a metric.
#[config]
pub(crate) struct Output {
    /// Which value: the name of a returned value or its place, from 0; then places in tuples and arrays, as `prices.2`. At the end
    /// `length` is the number of an array's elements.
    #[schemars(with = "NameOrPlace")]
    pub(crate) output: Path,
    /// The gauge's name. Numbers and truths (1 or 0) are its value; an address, a text or bytes of fixed length are the label `value` of
    /// a gauge that is 1 and whose name ends in `_info`. Several outputs may share a name, with other labels.
    pub(crate) metric: String,
    /// What the metric means, in one line.
    pub(crate) help: Option<String>,
    /// The unit, which also ends the metric's name.
    pub(crate) unit: Option<String>,
    /// The value is divided by 10 to this power.
    #[serde(default)]
    #[schemars(range(max = 77))]
    pub(crate) decimals: u8,
    /// Further labels.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
}

/// One event of one or more contracts.
#[config]
pub(crate) struct Events {
    /// What the label `event` says; the event's name if left out. How far it is counted is remembered under it: under another name,
    /// counting begins anew.
    pub(crate) name: Option<String>,
    /// The contracts.
    pub(crate) contracts: Named,
    /// The event as Solidity has it: `Transfer(address indexed from, address indexed to, uint256 value)`.
    #[schemars(with = "String")]
    pub(crate) event: EventSignature,
    /// Counts only events whose arguments have these values; a list accepts any in it. Arguments go by name, or place from 0.
    #[serde(default)]
    pub(crate) r#where: BTreeMap<String, Value>,
    /// The counter's name, which ends in `_total`.
    pub(crate) metric: String,
    /// What the metric means, in one line.
    pub(crate) help: Option<String>,
    /// Further labels.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// Splits the counts by an argument.
    pub(crate) by: Option<By>,
    /// Sums an argument up.
    pub(crate) sum: Option<Sum>,
    /// The first block that is counted; if left out, the one that settles after the first run.
    pub(crate) first_block: Option<u64>,
}

/// A label from an argument.
#[config]
pub(crate) struct By {
    /// The argument, by name or place.
    pub(crate) argument: String,
    /// The label.
    pub(crate) label: String,
    /// The label's values, each with the argument's. Every other argument counts as `other`.
    #[schemars(length(min = 1, max = 100))]
    pub(crate) values: BTreeMap<String, Value>,
}

/// A sum of an argument.
#[config]
pub(crate) struct Sum {
    /// The argument, by name or place: an unsigned number.
    pub(crate) argument: String,
    /// The counter's name, which ends in `_total`.
    pub(crate) metric: String,
    /// What the metric means, in one line.
    pub(crate) help: Option<String>,
    /// The unit, which also ends the metric's name, before `_total`.
    pub(crate) unit: Option<String>,
    /// The sum is divided by 10 to this power.
    #[serde(default)]
    #[schemars(range(max = 77))]
    pub(crate) decimals: u8,
}

/// ERC-20 tokens.
#[config]
pub(crate) struct Erc20 {
    /// The tokens' contracts.
    pub(crate) tokens: Named,
    /// Whose balances are read, of each of the tokens.
    #[serde(default)]
    pub(crate) holders: Named,
    /// Whether each token's supply is read.
    #[serde(default)]
    pub(crate) supply: bool,
    /// The tokens' decimals; asked of each token if left out.
    #[schemars(range(max = 77))]
    pub(crate) decimals: Option<u8>,
}

/// Accounts that hold the chain's own currency.
#[config]
pub(crate) struct Balances {
    /// The accounts.
    pub(crate) accounts: Named,
    /// The decimals of the chain's currency.
    #[schemars(range(max = 77))]
    pub(crate) decimals: u8,
}

/// A block by its tag.
#[config]
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tag {
    /// The newest.
    #[default]
    Latest,
    /// The newest that a majority attested.
    Safe,
    /// The newest that can't be reorganised.
    Finalized,
}

/// What `output` takes.
#[derive(watchkeeper_sdk::schemars::JsonSchema)]
#[schemars(crate = "watchkeeper_sdk::schemars", untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum NameOrPlace {
    Name(String),
    Place(u32),
}

impl From<Tag> for Block {
    fn from(tag: Tag) -> Self {
        match tag {
            Tag::Latest => Self::Latest,
            Tag::Safe => Self::Safe,
            Tag::Finalized => Self::Finalized,
        }
    }
}
