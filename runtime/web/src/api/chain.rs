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
    /// In the order in which they are asked.
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
    /// When it answered last.
    pub last_answer: Option<Timestamp>,
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
    /// It serves another chain, and is asked for no data.
    WrongChain,
}
