//! Answers that nodes are known to give and that mustn't become numbers, each with where it comes from.

use serde_json::{Value, json};

use super::Model;

/// What a method answers instead.
#[derive(Debug, Clone)]
pub(crate) enum Wrong {
    Result(Value),
    /// An error that the method returns.
    Error(String),
    /// The node has no such method.
    Lacks,
    /// A status and a body in place of JSON-RPC.
    Http(u16, &'static str),
}

/// A wrong answer, and the series that it costs.
pub(crate) struct Known {
    pub(crate) method: &'static str,
    pub(crate) wrong: Wrong,
    pub(crate) costs: &'static [&'static str],
    /// Whether it says that asking again is in vain.
    pub(crate) for_good: bool,
}

const NETWORK_HEAD: &[&str] =
    &[r#"da_head_block_number{kind="network"}"#, r#"da_head_block_timestamp_seconds{kind="network"}"#];
const TAIL: &[&str] = &["da_tail_block_number"];
const SYNC: &[&str] = &["da_syncing", "da_sync_target_block_number", "da_sync_failed"];
const SAMPLING: &[&str] = &[
    "da_sampled_head",
    "da_sampling_catch_up_head",
    "da_sampling_failed_headers",
    "da_sampling_workers",
    "da_sampling_running",
    "da_sampling_caught_up",
];
const BALANCE: &[&str] = &["da_balance_native"];
const PEERS: &[&str] = &["da_peers"];
const TRAFFIC: &[&str] = &["da_network_receive_bytes_total", "da_network_transmit_bytes_total"];
const READY: &[&str] = &["da_ready"];
const INFO: &[&str] = &["da_node_info"];

/// All that are known of the methods that a run can do without.
pub(crate) fn known(model: &Model) -> Vec<Known> {
    let again = |method, wrong, costs| Known { method, wrong, costs, for_good: false };
    let for_good = |method, wrong, costs| Known { method, wrong, costs, for_good: true };
    let stats = |sampled: Value| {
        Wrong::Result(json!({
            "head_of_sampled_chain": sampled, "head_of_catchup": 1, "network_head_height": 1, "workers": null,
            "concurrency": 0, "catch_up_done": false, "is_running": false,
        }))
    };
    let coin = |denomination: &str, amount: Value| Wrong::Result(json!({ "denom": denomination, "amount": amount }));
    let mut all = vec![
        // `das/state.go`, `unsafeStats`: a height less one, unsigned.
        again("das.SamplingStats", stats(json!(u64::MAX)), SAMPLING),
        again("das.SamplingStats", stats(json!(-1)), SAMPLING),
        again("das.SamplingStats", stats(json!(null)), SAMPLING),
        // `nodebuilder/das/constructors.go`: a bridge node.
        for_good("das.SamplingStats", Wrong::Error("module/das: stubbed: dasing is disabled".into()), SAMPLING),
        // `nodebuilder/state/stub.go`: a light node without `--core.ip`.
        for_good(
            "state.BalanceForAddress",
            Wrong::Error("node is running without state access. run with --core.ip <CORE NODE IP> to resolve".into()),
            BALANCE,
        ),
        // `state/core_access.go`: the core node has no such height yet.
        again(
            "state.BalanceForAddress",
            Wrong::Error(
                "failed to query for balance: <nil>; result log: height must not be in the future; result code: 18"
                    .into(),
            ),
            BALANCE,
        ),
        again("state.BalanceForAddress", coin("utia", json!("")), BALANCE),
        again("state.BalanceForAddress", coin("utia", json!(7)), BALANCE),
        again("state.BalanceForAddress", coin("utia", json!("-7")), BALANCE),
        again("state.BalanceForAddress", coin("tia", json!("7")), BALANCE),
        // A subjective head that is older than what the store holds: go-header, `sync/syncer_head.go`.
        again("header.NetworkHead", Wrong::Result(model.header(model.local_head() - 1)), NETWORK_HEAD),
        again(
            "header.NetworkHead",
            Wrong::Error("header/p2p: failed to get head from trusted peers".into()),
            NETWORK_HEAD,
        ),
        for_good("header.Tail", Wrong::Lacks, TAIL),
        again("header.Tail", Wrong::Result(json!({ "header": {} })), TAIL),
        again("header.SyncState", Wrong::Result(json!({ "height": "ten", "to_height": 10 })), SYNC),
        for_good("p2p.Peers", Wrong::Result(json!(null)), PEERS),
        for_good("p2p.Peers", Wrong::Error("missing permission to invoke 'Peers' (need 'admin')".into()), PEERS),
        again("p2p.Peers", Wrong::Result(json!({ "peers": [] })), PEERS),
        again("p2p.BandwidthStats", Wrong::Result(json!({ "TotalIn": -1, "TotalOut": 0 })), TRAFFIC),
        again("p2p.BandwidthStats", Wrong::Result(json!({})), TRAFFIC),
        again("node.Ready", Wrong::Result(json!("true")), READY),
        again("node.Info", Wrong::Result(json!({ "type": "Light" })), INFO),
    ];
    // `api/rpc/middleware.go`, and a proxy's own page in front of the node.
    let pages =
        [(429, "rate limit exceeded\n"), (503, "server busy, try again later\n"), (200, "<html>welcome</html>")];
    let methods = [
        ("das.SamplingStats", SAMPLING),
        ("state.BalanceForAddress", BALANCE),
        ("header.NetworkHead", NETWORK_HEAD),
        ("header.SyncState", SYNC),
        ("p2p.Peers", PEERS),
        ("p2p.BandwidthStats", TRAFFIC),
        ("node.Ready", READY),
    ];
    all.extend(
        pages
            .into_iter()
            .flat_map(|(status, body)| methods.map(|(method, costs)| again(method, Wrong::Http(status, body), costs))),
    );
    all
}
