//! Reads of many jobs go out together, and no job can tell.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod support;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use support::{
    MULTICALL3, Opened,
    anvil::Anvil,
    fake::{Fake, Say, block},
    open, settings,
};
use watchkeeper_chain::{At, Call, Header, ReadError, Reply};

/// Contracts that answer in all ways, and what is at their addresses.
const CONTRACTS: [(&str, &str); 12] = [
    ("returns nothing of its input", "0x36600060003736600060006000f3"),
    ("returns its input", "0x366000600037366000f3"),
    ("returns the caller", "0x3360005260206000f3"),
    ("returns the block's number", "0x4360005260206000f3"),
    ("returns the parent's hash", "0x600143034060005260206000f3"),
    ("writes, and returns what was there", "0x60005460005260016000540160005560206000f3"),
    ("reverts with a word", "0x60ab60005260206000fd"),
    ("reverts with nothing", "0x60006000fd"),
    ("returns 64 KiB", "0x620100006000f3"),
    ("calls itself with less input", "0x36600e57602a60005260206000f35b60206000600060006000305af15060206000f3"),
    ("returns nothing", "0x00"),
    ("has no code", "0x"),
];
const WRITES: u8 = 5;
const PARENT: u8 = 4;
const ECHO: u8 = 1;
/// Loops until the gas is gone.
const BURNS: u8 = 0xee;

fn address(number: u8) -> String {
    format!("0x{}{number:02x}", "c0".repeat(19))
}

fn call(number: u8, data: &[u8]) -> Call {
    Call { to: address(number).parse().unwrap(), data: data.to_vec().into() }
}

async fn chain(multicall: bool) -> Anvil {
    let anvil = Anvil::start();
    for (number, (_, code)) in CONTRACTS.iter().enumerate() {
        anvil.ask("anvil_setCode", json!([address(u8::try_from(number).unwrap()), code])).await;
    }
    anvil.ask("anvil_setCode", json!([address(BURNS), "0x5b600056"])).await;
    if multicall {
        anvil.install_multicall3().await;
    }
    anvil.ask("anvil_mine", json!(["0x5"])).await;
    anvil
}

fn opened(anvil: &Anvil) -> Opened {
    open(settings(&[("main", anvil.url())]))
}

/// What a job reads at the newest block.
async fn read(opened: &Opened, calls: Vec<Call>) -> Result<(Header, Vec<Reply>), ReadError> {
    opened.reads().call_contracts("local", At::Latest, calls)?.answer().await
}

/// What the node says of one call, asked by itself.
async fn alone(anvil: &Anvil, call: &Call, header: &Header) -> Reply {
    let params = json!([{ "to": call.to, "input": call.data }, { "blockHash": header.hash }]);
    let answer = anvil.answer(&json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": params })).await;
    let bytes = |value: &Value| value.as_str().unwrap_or("0x").parse().unwrap();
    match answer.get("result") {
        Some(result) => Reply::Returned(bytes(result)),
        None => Reply::Reverted(bytes(&answer["error"]["data"])),
    }
}

fn any_call() -> impl Strategy<Value = Call> {
    let contract = 0..u8::try_from(CONTRACTS.len()).unwrap();
    let known = (contract, prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(number, data)| call(number, &data));
    let special = prop::sample::select(vec![
        // The zero address, which lends its place, the front, Multicall3 itself (`getBlockNumber()`, and nonsense), a precompile.
        (format!("0x{}", "00".repeat(20)), vec![]),
        ("0x7761746368 6b65657065723a6761746865726572".replace(' ', ""), vec![1]),
        (MULTICALL3.to_owned(), vec![0x42, 0xcb, 0xb1, 0x5c]),
        (MULTICALL3.to_owned(), vec![1, 2, 3, 4]),
        (format!("0x{}04", "00".repeat(19)), vec![7; 40]),
    ]);
    let special = special.prop_map(|(to, data)| Call { to: to.parse().unwrap(), data: data.into() });
    prop_oneof![8 => known, 1 => special]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gathered_is_what_is_asked_alone() {
    for multicall in [true, false] {
        let anvil = chain(multicall).await;
        let (mut random, mut gathered) = (TestRunner::deterministic(), 0);
        for _ in 0..6 {
            let opened = opened(&anvil);
            let jobs = prop::collection::vec(prop::collection::vec(any_call(), 1..25), 1..8);
            let jobs = jobs.new_tree(&mut random).unwrap().current();
            let answers = join_all(jobs.iter().map(|calls| read(&opened, calls.clone()))).await;
            for (calls, answer) in jobs.iter().zip(answers) {
                let (header, replies) = answer.unwrap();
                for (call, reply) in calls.iter().zip(replies) {
                    let said = alone(&anvil, call, &header).await;
                    assert_eq!(reply, said, "{call:?}, with Multicall3: {multicall}");
                }
            }
            gathered += opened.saved("multicall");
            anvil.ask("anvil_mine", json!(["0x1"])).await;
        }
        assert_eq!(gathered > 0, multicall);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_writes_is_seen_by_nobody() {
    let anvil = chain(true).await;
    let opened = opened(&anvil);
    let zero = Reply::Returned(vec![0; 32].into());
    // The same call with other data, so that it isn't the same call; each would count up for those after it.
    let jobs = (0..10_u8).map(|job| vec![call(WRITES, &[job]), call(ECHO, &[job]), call(WRITES, &[job, job])]);
    for answer in join_all(jobs.map(|calls| read(&opened, calls))).await {
        let (_, replies) = answer.unwrap();
        assert_eq!((&replies[0], &replies[2]), (&zero, &zero));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_jobs_with_a_thousand_calls_at_one_head_are_two_requests() {
    let anvil = chain(true).await;
    let node = anvil.counted().await;
    let opened = open(settings(&[("main", node.url())]));
    opened.head().await.unwrap();
    // A machine that holds tasks up for longer than others are waited for makes more of it, once.
    let mut least = usize::MAX;
    for round in 0..5_u8 {
        anvil.ask("anvil_mine", json!(["0x1"])).await;
        let before = node.exchanges();
        let jobs = (0..50_u8).map(|job| (0..20_u8).map(|n| call(ECHO, &[round, job, n])).collect::<Vec<_>>());
        let runs: Vec<_> = jobs.clone().map(|calls| (opened.reads(), calls)).collect();
        let begun: Vec<_> =
            runs.into_iter().map(|(run, calls)| run.call_contracts("local", At::Latest, calls).unwrap()).collect();
        for (calls, answer) in jobs.zip(join_all(begun.into_iter().map(|read| read.answer())).await) {
            let wanted: Vec<Reply> = calls.into_iter().map(|call| Reply::Returned(call.data)).collect();
            assert_eq!(answer.unwrap().1, wanted);
        }
        least = least.min(node.exchanges() - before);
    }
    assert_eq!(least, 2, "the header, and all calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_burns_all_gas_fails_alone() {
    let anvil = chain(true).await;
    let opened = opened(&anvil);
    for round in 0..2_u8 {
        anvil.ask("anvil_mine", json!(["0x1"])).await;
        let bad = read(&opened, vec![call(BURNS, &[]), call(ECHO, &[round])]);
        let good =
            join_all((0..8_u8).map(|job| read(&opened, (0..20).map(|n| call(ECHO, &[round, job, n])).collect())));
        let (bad, good) = futures_util::future::join(bad, good).await;
        assert!(matches!(bad, Err(ReadError::Rpc { .. })), "{bad:?}");
        for (job, answer) in (0_u8..).zip(good) {
            let wanted: Vec<_> = (0..20).map(|n| Reply::Returned(vec![round, job, n].into())).collect();
            assert_eq!(answer.unwrap().1, wanted);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_belong_to_the_block_that_they_come_with_whatever_the_chain_does() {
    let anvil = chain(true).await;
    anvil.ask("anvil_mine", json!(["0x14"])).await;
    // Anvil mixes states itself if it is asked while it reorganises: through this, it is asked one thing after the other.
    let node = anvil.counted().await;
    let opened = open(settings(&[("main", node.url())]));
    let parent = |header: &Header| Reply::Returned(header.parent_hash.to_vec().into());
    let done = AtomicBool::new(false);
    let churn = async {
        while !done.load(Ordering::SeqCst) {
            anvil.ask("anvil_reorg", json!([3, []])).await;
            anvil.ask("anvil_mine", json!(["0x1"])).await;
        }
    };
    let reads = async {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut hashes = BTreeSet::new();
        while hashes.len() < 10 {
            assert!(Instant::now() < deadline, "only {} different blocks were read", hashes.len());
            let jobs =
                (0..4_u8).map(|job| read(&opened, vec![call(PARENT, &[]), call(PARENT, &[job]), call(ECHO, &[job])]));
            for answer in join_all(jobs).await {
                // A block may be gone before it is read, twice; that is said, and nothing is mixed.
                let Ok((header, replies)) = answer else { continue };
                assert_eq!((&replies[0], &replies[1]), (&parent(&header), &parent(&header)));
                hashes.insert(header.hash);
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    futures_util::future::join(churn, reads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_block_s_hash_names_is_asked_once_and_never_taken_for_another_s() {
    let anvil = chain(true).await;
    anvil.ask("anvil_mine", json!(["0xa"])).await;
    let node = anvil.counted().await;
    let opened = open(settings(&[("main", node.url())]));
    let calls = || vec![call(PARENT, &[]), call(ECHO, &[1])];
    let (before, _) = read(&opened, calls()).await.unwrap();
    let (_, replies) = read(&opened, calls()).await.unwrap();
    assert_eq!(replies[0], Reply::Returned(before.parent_hash.to_vec().into()));
    assert_eq!((node.asked("eth_call"), opened.saved("cache")), (1, 2));
    anvil.ask("anvil_reorg", json!([3, []])).await;
    let (after, replies) = read(&opened, calls()).await.unwrap();
    assert_eq!(after.number, before.number);
    assert_ne!(after.hash, before.hash);
    assert_eq!(replies[0], Reply::Returned(after.parent_hash.to_vec().into()));
    let number = At::Number(before.number);
    let header = opened.reads().header("local", number).unwrap().answer().await.unwrap();
    assert_eq!(header.hash, after.hash, "a number is not kept before it is final");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_at_once_is_one_request_and_different_ones_are_one_batch() {
    let anvil = chain(false).await;
    let node = anvil.counted().await;
    let opened = open(settings(&[("main", node.url())]));
    opened.head().await.unwrap();
    let before = node.exchanges();
    let ask = |method: &str, params: Value| opened.reads().request("local", method, params.to_string()).unwrap();
    let same: Vec<_> = (0..20).map(|_| ask("eth_getBalance", json!([address(0), "latest"]))).collect();
    let (gas, peers, pool) =
        (ask("eth_gasPrice", json!([])), ask("net_peerCount", json!([])), ask("txpool_status", json!([])));
    for answer in join_all(same.into_iter().map(|read| read.answer())).await {
        assert_eq!(answer.unwrap().get(), "\"0x0\"");
    }
    let said = anvil.ask("eth_gasPrice", json!([])).await;
    assert_eq!(serde_json::from_str::<Value>(gas.answer().await.unwrap().get()).unwrap(), said);
    assert!(pool.answer().await.is_ok());
    let lacking = peers.answer().await.unwrap_err();
    assert!(matches!(lacking, ReadError::Rpc { code: -32_601, .. }), "{lacking}");
    assert_eq!((node.exchanges() - before, node.batches(), node.asked("eth_getBalance")), (1, 1, 1));
    assert_eq!((opened.saved("in_flight"), opened.saved("batch")), (19, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_kept_from_those_without_a_grant() {
    let anvil = chain(false).await;
    let opened = opened(&anvil);
    let header = opened.head().await.unwrap();
    let params = json!([address(0), { "blockHash": header.hash }]).to_string();
    let granted = opened.reads();
    for _ in 0..2 {
        granted.request("local", "eth_getCode", params.clone()).unwrap().answer().await.unwrap();
    }
    assert_eq!(opened.saved("cache"), 1);
    let other = opened.reads_with("chain.local.methods = ['eth_getBalance']");
    assert!(matches!(other.request("local", "eth_getCode", params).err(), Some(ReadError::Denied(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lends_no_code_is_asked_in_batches_and_not_again_so() {
    // In JSON-RPC's words, and in a node's own.
    for (code, message, tries) in
        [(-32_602, "too many arguments, want at most 2", 1), (-32_000, "no state overrides", 4)]
    {
        let one = move |request: &Value| match request["params"].as_array().map(Vec::len) {
            Some(3) => json!({ "id": request["id"], "error": { "code": code, "message": message } }),
            _ => json!({ "id": request["id"], "result": request["params"][0]["input"] }),
        };
        let node = Fake::node(move |request| match (request.as_array(), request["method"].as_str()) {
            (Some(batch), _) => Say::json(&batch.iter().map(one).collect()),
            (_, Some("eth_call")) => Say::json(&one(request)),
            _ => Say::result(request, block(16, "ab")),
        })
        .await;
        let opened = open(settings(&[("main", node.url())]));
        for round in 0..2_u8 {
            let (_, replies) = read(&opened, (0..5).map(|n| call(0, &[round, n])).collect()).await.unwrap();
            let wanted: Vec<_> = (0..5).map(|n| Reply::Returned(vec![round, n].into())).collect();
            assert_eq!(replies, wanted);
        }
        assert_eq!((node.asked("eth_call"), node.batches()), (tries + 10, 2), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_for_the_node_are_split_until_they_fit() {
    let anvil = chain(true).await;
    let mut settings = settings(&[("main", anvil.url())]);
    settings.max_response = 200 << 10;
    let opened = open(settings);
    // Each answer is 64 KiB of bytes, so that two together are too much.
    let huge = |n: u8| call(8, &[n]);
    let jobs = (0..4).map(|n| read(&opened, vec![huge(n), call(ECHO, &[n])]));
    for (n, answer) in (0_u8..).zip(join_all(jobs).await) {
        let (_, replies) = answer.unwrap();
        assert_eq!(replies, [Reply::Returned(vec![0; 65_536].into()), Reply::Returned(vec![n].into())]);
    }
}
