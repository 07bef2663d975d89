//! The JSON-RPC methods that a plugin may ask for: reads, by their exact names. What is not in these lists is never sent for a
//! plugin, whatever a grant says: nothing that signs, sends, mines, administers, or leaves a filter behind on the node.
//! [`SEND_RAW_TRANSACTION`] stands beside them, and only the host's own `money` sends it.
//!
//! Sources: the Ethereum execution API, ERC-4337's bundler API, cdk-erigon's `zkevm_` and zkSync Era's `zks_`
//! namespaces, Geth's `txpool_` and `debug_`, OpenEthereum's `trace_`.

/// What [`crate::Reading`]s of headers ask.
pub(crate) const GET_BLOCK: &str = "eth_getBlockByNumber";
/// What reads of contracts ask.
pub(crate) const CALL: &str = "eth_call";
/// What reads of events ask.
pub(crate) const GET_LOGS: &str = "eth_getLogs";
/// What an endpoint is asked before its first use.
pub(crate) const CHAIN_ID: &str = "eth_chainId";
/// What reads that decide money ask beside the above.
pub(crate) const ESTIMATE_GAS: &str = "eth_estimateGas";
pub(crate) const GAS_PRICE: &str = "eth_gasPrice";
pub(crate) const GET_BALANCE: &str = "eth_getBalance";
pub(crate) const GET_CODE: &str = "eth_getCode";
pub(crate) const GET_TRANSACTION: &str = "eth_getTransactionByHash";
pub(crate) const GET_TRANSACTION_COUNT: &str = "eth_getTransactionCount";
pub(crate) const GET_TRANSACTION_RECEIPT: &str = "eth_getTransactionReceipt";
pub(crate) const MAX_PRIORITY_FEE_PER_GAS: &str = "eth_maxPriorityFeePerGas";

/// How the host hands out a transaction that it signed. In none of the lists: no grant leads here.
pub(crate) const SEND_RAW_TRANSACTION: &str = "eth_sendRawTransaction";

/// What metrics call a request that asks for several methods; not a method.
pub(crate) const MANY: &str = "batch";

/// Granted with a chain, or by a pattern.
const PLAIN: &[&str] = &[
    "eth_blobBaseFee",
    "eth_blockNumber",
    CALL,
    CHAIN_ID,
    "eth_createAccessList",
    ESTIMATE_GAS,
    "eth_estimateUserOperationGas",
    "eth_feeHistory",
    GAS_PRICE,
    GET_BALANCE,
    "eth_getBlockByHash",
    GET_BLOCK,
    "eth_getBlockReceipts",
    "eth_getBlockTransactionCountByHash",
    "eth_getBlockTransactionCountByNumber",
    GET_CODE,
    GET_LOGS,
    "eth_getProof",
    "eth_getStorageAt",
    "eth_getTransactionByBlockHashAndIndex",
    "eth_getTransactionByBlockNumberAndIndex",
    GET_TRANSACTION,
    GET_TRANSACTION_COUNT,
    GET_TRANSACTION_RECEIPT,
    "eth_getUncleCountByBlockHash",
    "eth_getUncleCountByBlockNumber",
    "eth_getUserOperationByHash",
    "eth_getUserOperationReceipt",
    MAX_PRIORITY_FEE_PER_GAS,
    "eth_protocolVersion",
    "eth_supportedEntryPoints",
    "eth_syncing",
    "net_listening",
    "net_peerCount",
    "net_version",
    "txpool_status",
    "web3_clientVersion",
    "zkevm_batchNumber",
    "zkevm_batchNumberByBlockNumber",
    "zkevm_consolidatedBlockNumber",
    "zkevm_estimateFee",
    "zkevm_estimateGasPrice",
    "zkevm_getBatchByNumber",
    "zkevm_getExitRootTable",
    "zkevm_getExitRootsByGER",
    "zkevm_getForkById",
    "zkevm_getForkId",
    "zkevm_getForkIdByBatchNumber",
    "zkevm_getForks",
    "zkevm_getFullBlockByHash",
    "zkevm_getFullBlockByNumber",
    "zkevm_getL2BlockInfoTree",
    "zkevm_getLatestGlobalExitRoot",
    "zkevm_getNativeBlockHashesInRange",
    "zkevm_getVersionHistory",
    "zkevm_isBlockConsolidated",
    "zkevm_isBlockVirtualized",
    "zkevm_verifiedBatchNumber",
    "zkevm_virtualBatchNumber",
    "zks_L1BatchNumber",
    "zks_getBlockDetails",
    "zks_getL1BatchBlockRange",
    "zks_getL1BatchDetails",
    "zks_getL1GasPrice",
];

/// Reads that cost a node much: granted only by their exact names.
const COSTLY: &[&str] = &[
    "debug_traceBlockByHash",
    "debug_traceBlockByNumber",
    "debug_traceCall",
    "debug_traceTransaction",
    "trace_block",
    "trace_call",
    "trace_filter",
    "trace_get",
    "trace_replayBlockTransactions",
    "trace_replayTransaction",
    "trace_transaction",
    "txpool_content",
    "txpool_contentFrom",
    "txpool_inspect",
    "zkevm_estimateCounters",
    "zkevm_getBatchCountersByNumber",
    "zkevm_getBatchWitness",
    "zkevm_getBlockRangeWitness",
    "zkevm_getProverInput",
    "zkevm_getWitness",
];

/// Plain reads whose answers may be large, or may take long: others shouldn't wait for them.
const HEAVY: &[&str] = &[
    CALL,
    "eth_createAccessList",
    ESTIMATE_GAS,
    "eth_estimateUserOperationGas",
    "eth_feeHistory",
    "eth_getBlockByHash",
    GET_BLOCK,
    "eth_getBlockReceipts",
    GET_LOGS,
    "eth_getProof",
    "zkevm_estimateFee",
    "zkevm_getBatchByNumber",
    "zkevm_getExitRootTable",
    "zkevm_getFullBlockByHash",
    "zkevm_getFullBlockByNumber",
    "zkevm_getL2BlockInfoTree",
    "zkevm_getNativeBlockHashesInRange",
];

/// Whether a read is small and quick, so that it can share a request with others.
pub(crate) fn is_light(method: &str) -> bool {
    PLAIN.contains(&method) && !HEAVY.contains(&method)
}

/// The method of exactly this name, if it is a read.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    PLAIN.iter().chain(COSTLY).copied().find(|known| *known == name)
}

/// What a grant without a list of methods allows.
pub(crate) fn plain() -> impl Iterator<Item = &'static str> {
    PLAIN.iter().copied()
}

/// What a pattern of a grant allows: a method's name, or a beginning followed by `*`, which never reaches the costly
/// reads. Empty where it allows nothing.
pub(crate) fn matching(pattern: &str) -> Vec<&'static str> {
    match pattern.strip_suffix('*') {
        Some(beginning) => plain().filter(|name| name.starts_with(beginning)).collect(),
        None => find(pattern).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_changes_anything_is_a_read() {
        let verbs = ["send", "sign", "account", "filter", "subscribe", "mine", "set", "submit", "import"];
        for name in PLAIN.iter().chain(COSTLY).filter(|name| **name != "trace_filter") {
            let lower = name.to_lowercase();
            assert!(verbs.iter().all(|verb| !lower.contains(verb)), "{name}");
        }
        for never in ["eth_sendRawTransaction", "eth_sign", "personal_unlockAccount", "admin_peers", "anvil_mine"] {
            assert_eq!(matching(never), [""; 0]);
        }
        assert_eq!(find(SEND_RAW_TRANSACTION), None);
        assert!(!is_light(SEND_RAW_TRANSACTION));
    }

    #[test]
    fn heavy_reads_share_no_request() {
        assert!(HEAVY.iter().all(|name| PLAIN.contains(name) && !is_light(name)));
        assert!(COSTLY.iter().all(|name| !is_light(name)));
        assert!(is_light("eth_gasPrice") && is_light("txpool_status") && !is_light("batch"));
    }

    #[test]
    fn names_are_compared_as_they_are() {
        for almost in ["ETH_CALL", "eth_call ", " eth_call", "eth_call\0", "eth_Call", "eth*call", ""] {
            assert_eq!(find(almost), None, "{almost:?}");
        }
    }

    #[test]
    fn patterns_reach_plain_reads_only() {
        assert!(matching("*").contains(&CALL));
        assert!(!matching("*").contains(&"debug_traceTransaction"));
        assert_eq!(matching("txpool_*"), ["txpool_status"]);
        assert_eq!(matching("txpool_content"), ["txpool_content"]);
        assert!(matching("debug_*").is_empty());
        assert!(matching("e*h_call").is_empty());
    }
}
