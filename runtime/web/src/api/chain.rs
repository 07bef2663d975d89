//! Chains, and how their endpoints are. An endpoint goes by its name: its URL is a secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchkeeper_model::JobName;

use super::{Text, words};

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainInfo {
    /// Its name.
    pub name: Text,
    /// The id that its endpoints have to answer with.
    pub chain_id: u64,
    /// The highest block that an endpoint spoke of; none before the first.
    pub head: Option<u64>,
    /// When that block was first seen.
    pub head_seen: Option<Timestamp>,
    /// What its endpoints don't agree on, if they don't.
    pub problem: Option<Text>,
    /// In the operator's order.
    pub endpoints: Vec<EndpointInfo>,
    /// The jobs that may read it.
    #[schema(value_type = Vec<words::JobName>)]
    pub jobs: Vec<JobName>,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndpointInfo {
    /// Its name.
    pub name: Text,
    /// How it is.
    pub state: EndpointState,
    /// How many blocks it was behind the best head of the chain, if it told of its own lately.
    pub lag_blocks: Option<u64>,
    /// When it answered last.
    pub last_answer: Option<Timestamp>,
    /// Since when it is out, if it is.
    pub out_since: Option<Timestamp>,
    /// What was wrong last; none once it answered again.
    pub problem: Option<Text>,
}

/// How an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// It wasn't asked yet.
    Unknown,
    /// It answered when it was asked last.
    Ok,
    /// It failed when it was asked last, and is asked after the others for a while.
    Failing,
    /// It asked for no requests for a while, and gets none.
    Throttled,
    /// Its newest block is too old, and it is asked for no data.
    Stale,
    /// It serves another chain, and is asked for no data.
    WrongChain,
}
