//! The JSON of each answer, and where its shape comes from.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Block, Model, encoding::Square, encoding::Submission};

/// `ExtendedHeader`: celestia-node, `api/docgen/exampledata/extendedHeader.json`. CometBFT writes 64-bit numbers as texts
/// (`libs/json`), hashes as upper-case hexadecimal digits, and roots in base64.
pub(super) fn header(model: &Model, block: &Block) -> Value {
    let height = block.height.to_string();
    let previous = match block.height {
        1 => String::new(),
        height => hash(block.history, height - 1),
    };
    let any = hash(9, block.height);
    let roots: Vec<String> = Square::of(&block.submissions).row_roots().iter().map(|root| base64(root)).collect();
    let validator = json!({
        "address": "57DC09D28388DBF977CFC30EF50BE8B644CCC1FA",
        "pub_key": { "type": "tendermint/PubKeyEd25519", "value": "aoB4xU9//HAqOP9ciyp0+PTdZxt/UGKgZOabU6JxW8o=" },
        "voting_power": "5000000000",
        "proposer_priority": "0",
    });
    json!({
        "header": {
            "version": { "block": "11", "app": "9" },
            "chain_id": model.network,
            "height": height,
            "time": time(block.time),
            "last_block_id": { "hash": previous, "parts": { "total": 1, "hash": any } },
            "last_commit_hash": any, "data_hash": any, "validators_hash": VALIDATORS, "next_validators_hash": VALIDATORS,
            "consensus_hash": any, "app_hash": any, "last_results_hash": any, "evidence_hash": any,
            "proposer_address": "57DC09D28388DBF977CFC30EF50BE8B644CCC1FA",
        },
        "validator_set": { "validators": [validator], "proposer": validator },
        "commit": {
            "height": height,
            "round": 0,
            "block_id": { "hash": hash(block.history, block.height), "parts": { "total": 1, "hash": any } },
            "signatures": [{
                "block_id_flag": 2,
                "validator_address": "57DC09D28388DBF977CFC30EF50BE8B644CCC1FA",
                "timestamp": time(block.time + 1),
                "signature": base64(&[5; 64]),
            }],
        },
        "dah": { "row_roots": roots, "column_roots": roots },
    })
}

/// The hash of the one validator: by the same example.
const VALIDATORS: &str = "883A0C92B8D976312B249C1397E73CF2981A9EB715717CBEE3800B8380C22C1D";

/// `sync.State`: go-header, `sync/syncer.go`. `error` is left out where there is none; before its end, `end` is Go's zero.
pub(super) fn sync_state(model: &Model) -> Value {
    let end = match model.behind {
        0 => "2026-01-01T00:00:02.5Z",
        _ => "0001-01-01T00:00:00Z",
    };
    let mut state = json!({
        "id": 3,
        "height": model.local_head(),
        "from_height": model.tail,
        "to_height": model.network_head(),
        "from_hash": hash(0, model.tail),
        "to_hash": hash(0, model.network_head()),
        "start": "2026-01-01T01:00:00.25+01:00",
        "end": end,
    });
    if let Some(error) = &model.sync_error {
        state["error"] = json!(error);
    }
    state
}

/// `das.SamplingStats`: celestia-node, `das/stats.go`; `failed` and `workers` are left out where they are empty.
pub(super) fn sampling_stats(model: &Model) -> Value {
    let sampling = &model.sampling;
    let worker = |kind: &&str| json!({ "job_type": kind, "current": 3, "from": 2, "to": 9 });
    let mut stats = json!({
        "head_of_sampled_chain": sampling.sampled,
        "head_of_catchup": sampling.handed_out,
        "network_head_height": model.network_head(),
        "concurrency": sampling.workers.len(),
        "catch_up_done": sampling.caught_up,
        "is_running": sampling.running,
    });
    if !sampling.failed.is_empty() {
        stats["failed"] = sampling.failed.iter().map(|(height, tries)| (height.to_string(), json!(tries))).collect();
    }
    if !sampling.workers.is_empty() {
        stats["workers"] = sampling.workers.iter().map(worker).collect();
    }
    stats
}

/// `sdk.Coin`: cosmos-sdk, `types/coin.pb.go`; the amount is a text.
pub(super) fn coin(amount: u128) -> Value {
    json!({ "denom": "utia", "amount": amount.to_string() })
}

/// `shwap.NamespaceData`: celestia-node, `share/shwap/row_namespace_data.go`: an element for each row whose range covers the
/// namespace; a row without any has null for shares and a proof of absence.
pub(super) fn namespace_data(submissions: &[Submission]) -> Value {
    let square = Square::of(submissions);
    let row = |shares: Vec<&[u8]>| match shares.is_empty() {
        true => json!({ "shares": null, "proof": { "start": 0, "end": 1, "nodes": [base64(&[6; 90])],
            "leaf_hash": base64(&[6; 90]), "is_max_namespace_ignored": true } }),
        false => json!({ "shares": shares.iter().map(|share| base64(share)).collect::<Vec<_>>(), "proof": {
            "start": 0, "end": shares.len(), "nodes": [base64(&[6; 90])], "is_max_namespace_ignored": true } }),
    };
    square.payments().into_iter().map(row).collect()
}

/// `metrics.Stats`: go-libp2p, `core/metrics/bandwidth.go`.
pub(super) fn bandwidth(model: &Model) -> Value {
    let (received, sent) = model.bandwidth;
    json!({ "TotalIn": received, "TotalOut": sent, "RateIn": 12.5, "RateOut": 3.25 })
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn hash(history: u8, height: u64) -> String {
    format!("{history:02X}{height:062X}")
}

/// RFC 3339; a block's time has nanoseconds.
fn time(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // 2026-01-01 is day 20454; the stand-in's blocks stay within that year's first month.
    let day = days - 20_454 + 1;
    assert!(day <= 31, "the stand-in's time ran out of January 2026");
    format!("2026-01-{day:02}T{:02}:{:02}:{:02}.125Z", second / 3_600, second / 60 % 60, second % 60)
}
