//! What operators can grant, what they are told when they can't, and what plugins are told when they may not.

mod support;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use prometheus::Registry;
use support::{Opened, fake::Fake, open, settings};
use wasmtime::component::Linker;
use watchkeeper_chain::{At, Chain, ChainMetrics, Chains, EndpointSettings, ReadError};
use watchkeeper_contract::{Capability, Run};
use watchkeeper_model::{Clock, SystemClock};

fn opened() -> Opened {
    open(settings(&[("main", "http://127.0.0.1:1/".to_owned())]))
}

#[tokio::test]
async fn a_wrong_grant_names_the_key_and_what_to_write() {
    let names = "watchkeeper.toml names local";
    let shape = "or a table `[grants.chain.NAME]` with `methods`";
    let methods = "nothing that writes can be granted";
    for (written, key, message, hint) in [
        ("chain = ['locl']", "chain", "there is no chain \"locl\"", names),
        ("chain = []", "chain", "it names no chain", names),
        ("chain = {}", "chain", "it names no chain", names),
        ("chain = 'local'", "chain", "not a list of chains, nor a table of them", shape),
        ("chain = true", "chain", "not a list of chains, nor a table of them", shape),
        ("chain = [1]", "chain", "not a list of chains, nor a table of them", shape),
        ("chain.local = true", "chain", "not a list of chains, nor a table of them", shape),
        ("chain.locl = {}", "chain.locl", "there is no chain \"locl\"", names),
        ("chain.local.method = ['eth_*']", "chain.local.method", "unknown key", "the only key is `methods`"),
        ("chain.local.methods = []", "chain.local.methods", "not a list of methods", "read-only methods"),
        ("chain.local.methods = 'eth_*'", "chain.local.methods", "not a list of methods", "read-only methods"),
        ("chain.local.methods = [1]", "chain.local.methods", "not a list of methods", "read-only methods"),
        (
            "chain.local.methods = ['eth_call', 'eth_sendRawTransaction']",
            "chain.local.methods",
            "\"eth_sendRawTransaction\" is no read-only method, and begins none",
            methods,
        ),
        (
            "chain.local.methods = ['debug_*']",
            "chain.local.methods",
            "\"debug_*\" is no read-only method, and begins none",
            "tracing and pool contents need their full names",
        ),
        (
            "chain.local.methods = ['*_call']",
            "chain.local.methods",
            "\"*_call\" is no read-only method, and begins none",
            methods,
        ),
    ] {
        let error = opened().grant(written).err().unwrap_or_else(|| panic!("{written} was granted"));
        assert_eq!((error.key.as_str(), error.message.as_str()), (key, message), "{written}");
        assert!(error.hint.contains(hint), "{written}: {}", error.hint);
    }
}

#[tokio::test]
async fn a_denial_names_job_capability_and_key() {
    let opened = opened();
    let all = opened.reads();
    let few = opened.reads_with("chain.local.methods = ['eth_get*', 'txpool_content']");
    let never = "hint: chains are read-only; no `grants.chain` allows other methods";
    for (denied, text) in [
        (all.header("other", At::Latest).err(), "job \"head\": chain \"other\" is not granted\nhint: add it to `grants.chain`".to_owned()),
        (
            all.request("local", "eth_sendTransaction", "[]".to_owned()).err(),
            format!("job \"head\": chain \"local\": \"eth_sendTransaction\" is not a known read\n{never}"),
        ),
        (
            all.request("local", "ETH_CALL\u{1b}", "[]".to_owned()).err(),
            format!("job \"head\": chain \"local\": \"ETH_CALL\" is not a known read\n{never}"),
        ),
        (
            all.request("local", "debug_traceTransaction", "[]".to_owned()).err(),
            "job \"head\": chain \"local\": method \"debug_traceTransaction\" is not granted\nhint: add it to `grants.chain.local.methods`".to_owned(),
        ),
        (
            few.call_contracts("local", At::Latest, vec![]).err(),
            "job \"head\": chain \"local\": method \"eth_call\" is not granted\nhint: add it to `grants.chain.local.methods`".to_owned(),
        ),
    ] {
        assert_eq!(denied, Some(ReadError::Denied(text)));
    }
    assert!(few.header("local", At::Latest).is_ok());
    assert!(few.request("local", "txpool_content", "[]".to_owned()).is_ok());
}

#[tokio::test]
async fn arguments_are_checked_before_anything_is_sent() {
    let node = Fake::honest().await;
    let opened = open(settings(&[("main", node.url())]));
    let long = format!("[\"{}\"]", "x".repeat(1 << 20));
    for params in ["", "1", "\"a\"", "null", "[", "[] []", "{]", "\u{0}[]", &long] {
        let refused = opened.reads().request("local", "eth_gasPrice", params.to_owned()).err();
        assert!(matches!(refused, Some(ReadError::Malformed(_))), "{}", &params[..params.len().min(20)]);
    }
    for params in ["[]", " [1]", "{}"] {
        assert!(opened.reads().request("local", "eth_gasPrice", params.to_owned()).is_ok(), "{params}");
    }
    assert_eq!(node.asked("eth_gasPrice"), 0);
}

#[tokio::test]
async fn a_narrower_grant_does_not_cover_a_wider_one() {
    let opened = opened();
    let grant = |written: &str| opened.grant(written).unwrap();
    let (all, eth, call) = (
        grant("chain = ['local']"),
        grant("chain.local.methods = ['eth_*']"),
        grant("chain.local.methods = ['eth_call']"),
    );
    assert!(all.covers(&*eth) && eth.covers(&*call) && all.covers(&*all));
    assert!(!eth.covers(&*all) && !call.covers(&*eth));
    assert!(grant("chain.local.methods = ['*']").covers(&*all));
    let costly = grant("chain.local.methods = ['*', 'txpool_content']");
    assert!(costly.covers(&*all) && !all.covers(&*costly));
}

#[tokio::test]
async fn grants_are_described_in_plain_words() {
    let opened = opened();
    let all = opened.grant("chain = ['local']").unwrap().describe();
    assert_eq!(all, ["reads chain local: blocks, contracts, events, state of the node"]);
    let few = opened.grant("chain.local.methods = ['eth_*', 'txpool_status']").unwrap().describe();
    assert_eq!(few, ["reads chain local, only eth_*, txpool_status"]);
}

#[tokio::test]
async fn settings_that_can_t_work_name_their_key_and_show_no_url() {
    let registry = Registry::new();
    let metrics = ChainMetrics::register(&registry).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let good = settings(&[("main", "http://127.0.0.1:1/".to_owned())]);
    let endpoint = |name: &str, url: &str| EndpointSettings {
        name: name.to_owned(),
        url: url.to_owned(),
        websocket: None,
        max_concurrent: 32,
        requests_per_second: None,
    };
    let mut cases = Vec::new();
    for url in ["", "hush", "ftp://hush/", "ws://hush/", "http://", "http://hush:99999/"] {
        let mut bad = good.clone();
        bad.endpoints = vec![endpoint("main", url)];
        cases.push((bad, "chains.local.endpoints.main.url: not an HTTP URL"));
    }
    let mut bad = good.clone();
    bad.endpoints.clear();
    cases.push((bad, "chains.local.endpoints: there is none"));
    let mut bad = good.clone();
    bad.endpoints.push(endpoint("main", "http://127.0.0.1:2/"));
    cases.push((bad, "chains.local.endpoints: two have the same name"));
    let mut bad = good.clone();
    bad.timeout = Duration::ZERO;
    cases.push((bad, "chains.local.timeout: "));
    let mut bad = good.clone();
    bad.max_response = 0;
    cases.push((bad, "chains.local.max_response: "));
    let mut bad = good;
    bad.max_concurrent = 0;
    cases.push((bad, "chains.local.max_concurrent: "));
    for (settings, text) in cases {
        let all = BTreeMap::from([("local".to_owned(), settings)]);
        let runtime = tokio::runtime::Handle::current();
        let error = Chains::open(&all, &metrics, &runtime, &clock).unwrap_err().to_string();
        assert!(error.starts_with(text) && error.contains("\nhint: ") && !error.contains("hush"), "{error}");
    }
}

#[test]
fn the_capability_links_once() {
    let mut config = wasmtime::Config::new();
    config.wasm_component_model_async(true);
    let engine = wasmtime::Engine::new(&config).unwrap();
    let mut linker = Linker::<Run>::new(&engine);
    Chain.link(&mut linker).unwrap();
    assert!(Chain.link(&mut linker).is_err());
}
