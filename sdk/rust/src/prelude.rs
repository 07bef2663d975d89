//! Everything that most plugins use: `use watchkeeper_sdk::prelude::*;`.

pub use alloy_primitives::{Address, B256, Bytes, U256};

pub use crate::{
    Error, Metrics, Result, artifacts,
    chain::{self, Block, Call, Chain, Filter, First, Header, Log, Reply, Scan, chain},
    clock, command, config, context, debug, error, fail, files, http, info,
    metrics::{Counter, Families, Family, Gauge, Histogram, MetricSet},
    plugin, state,
    wallet::{self, Payment, Wallet, wallet},
    warn,
};
