//! What a plugin's exports answer, as the host reads them.

use serde_json::{Value, from_str, json};
use watchkeeper_sdk::{
    bindings::exports::watchkeeper::plugin::job::Guest,
    plugin::{Exports, Plugin},
    prelude::*,
    testing::Host,
};

/// What to watch.
#[config]
struct Config {
    /// The chain to ask.
    chain: String,
    /// Accounts to ask for.
    #[serde(default)]
    accounts: Vec<Address>,
}

#[derive(Metrics)]
#[metric(prefix = "probe", labels("chain"))]
struct Metrics {
    /// Height of the newest block,
    /// by the node.
    height: Gauge<1>,
    /// Requests sent.
    #[metric(labels("method"))]
    requests_total: Counter<2>,
    #[metric(flatten)]
    latency: Latency,
}

#[derive(Metrics)]
struct Latency {
    /// Seconds to the answer.
    #[metric(name = "probe_answer_seconds", unit = "seconds", buckets(0.1, 1, 10))]
    answer: Histogram,
}

struct Probe;

impl Plugin for Probe {
    type Config = Config;
    type Metrics = Metrics;
    const NAME: &'static str = "probe";
    const VERSION: &'static str = "1.2.3";
    const DESCRIPTION: &'static str = "Probes.";

    async fn run(config: Config, metrics: &Metrics) -> Result<String> {
        run(config, metrics).await
    }
}

async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let chain = chain(&config.chain);
    state::set("seen", &(state::get::<u64>("seen").await?.unwrap_or(0) + 1)).await?;
    let head = chain.header(Block::Latest).await?;
    metrics.height.set([chain.name()], head.number);
    metrics.requests_total.add([chain.name(), "eth_getBlockByNumber"], 1.0);
    metrics.latency.answer.observe([], 0.5);
    let seen: u64 = state::get("seen").await?.unwrap_or(0);
    Ok(format!("head {}, seen {seen}, {} accounts", head.number, config.accounts.len()))
}

fn block() -> Value {
    json!({ "number": "0x7", "hash": B256::ZERO, "parentHash": B256::ZERO, "timestamp": "0x1" })
}

#[test]
fn schema_is_name_version_description_and_the_configs_json_schema() {
    let schema: Value = from_str(&<Exports<Probe> as Guest>::schema()).unwrap();
    assert_eq!((&schema["name"], &schema["version"]), (&json!("probe"), &json!("1.2.3")));
    assert_eq!(schema["description"], "Probes.");
    let config = &schema["config"];
    assert_eq!(config["description"], "What to watch.");
    assert_eq!(config["properties"]["chain"], json!({ "type": "string", "description": "The chain to ask." }));
    assert_eq!(config["required"], json!(["chain"]));
    assert_eq!(config["additionalProperties"], false);
}

#[test]
fn describe_is_the_list_of_families_in_the_order_of_the_fields() {
    let families = <Exports<Probe> as Guest>::describe(r#"{"chain": "dev"}"#.into()).unwrap();
    assert_eq!(
        from_str::<Value>(&families).unwrap(),
        json!([
            {
                "name": "probe_height", "type": "gauge", "help": "Height of the newest block, by the node.",
                "labels": ["chain"],
            },
            {
                "name": "probe_requests_total", "type": "counter", "help": "Requests sent.",
                "labels": ["chain", "method"],
            },
            {
                "name": "probe_answer_seconds", "type": "histogram", "help": "Seconds to the answer.",
                "unit": "seconds", "labels": [], "buckets": [0.1, 1.0, 10.0],
            },
        ])
    );
}

#[test]
fn describe_names_the_key_that_is_wrong() {
    let problem = |config: &str| <Exports<Probe> as Guest>::describe(config.into()).unwrap_err();
    assert_eq!(problem("{}"), "missing field `chain`");
    assert!(problem(r#"{"chain": "dev", "accounts": ["0x12"]}"#).starts_with("key `accounts[0]`: "));
    assert!(problem(r#"{"chain": "dev", "acounts": []}"#).starts_with("key `acounts`: unknown field"));
}

#[test]
fn a_run_that_succeeds_leaves_samples_and_state() {
    let host = Host::new(|_, _, _| Ok(block()));
    let config = || json!({ "chain": "dev" });
    assert_eq!(host.run(run, config()).outcome, Ok("head 7, seen 1, 0 accounts".into()));
    let second = host.run(run, config());
    assert_eq!(second.outcome, Ok("head 7, seen 2, 0 accounts".into()));
    assert_eq!(second.samples("probe_height", &["dev"]), [7.0]);
    assert_eq!(second.samples("probe_requests_total", &["dev", "eth_getBlockByNumber"]), [1.0]);
    assert_eq!(second.samples("probe_answer_seconds", &[]), [0.5]);
}

#[test]
fn a_run_that_fails_leaves_neither_and_keeps_the_errors_kind() {
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("late".into())));
    for _ in 0..2 {
        let run = host.run(run, json!({ "chain": "dev" }));
        assert_eq!(run.outcome, Err(Error::Unavailable("late".into())));
        assert_eq!(run.samples("probe_height", &["dev"]), [0.0; 0]);
    }
    let healthy = Host::new(|_, _, _| Ok(block()));
    assert_eq!(healthy.run(run, json!({ "chain": "dev" })).outcome, Ok("head 7, seen 1, 0 accounts".into()));
}

#[test]
fn a_wrong_config_is_an_invalid_config() {
    let host = Host::new(|_, _, _| Ok(block()));
    let outcome = host.run(run, json!({ "chain": 7 })).outcome;
    let expected = "key `chain`: invalid type: integer `7`, expected a string";
    assert_eq!(outcome, Err(Error::InvalidConfig(expected.into())));
}

#[test]
fn a_value_that_is_not_what_the_plugin_reads_is_an_error_and_not_absent() {
    let host = Host::new(|_, _, _| Ok(json!("0x1")));
    async fn keep(_: Config, _: &Metrics) -> Result<String> {
        state::set("seen", "a text").await?;
        Ok(String::new())
    }
    assert!(host.run(keep, json!({ "chain": "dev" })).outcome.is_ok());
    let outcome = host.run(run, json!({ "chain": "dev" })).outcome;
    assert!(matches!(&outcome, Err(Error::Failed(message)) if message.contains("`seen`")), "{outcome:?}");
}

#[test]
fn an_answer_of_another_shape_is_malformed_and_names_method_and_chain() {
    async fn ask(_: Config, _: &Metrics) -> Result<String> {
        let answer: U256 = chain("dev").request("eth_gasPrice", ()).await?;
        Ok(answer.to_string())
    }
    let host = Host::new(|_, _, params| {
        assert_eq!(params, &json!([]));
        Ok(json!({}))
    });
    let outcome = host.run(ask, json!({ "chain": "dev" })).outcome;
    let expected = "malformed: `eth_gasPrice` on chain `dev`: ";
    assert!(matches!(&outcome, Err(Error::Failed(message)) if message.starts_with(expected)), "{outcome:?}");
}

#[test]
fn samples_keep_their_order_however_many_there_are() {
    async fn many(_: Config, metrics: &Metrics) -> Result<String> {
        for height in 0..2_500_u32 {
            metrics.height.set(["dev"], height);
        }
        Ok(String::new())
    }
    let run = Host::new(|_, _, _| Ok(json!("0x1"))).run(many, json!({ "chain": "dev" }));
    assert_eq!(run.samples("probe_height", &["dev"]), (0..2_500).map(f64::from).collect::<Vec<_>>());
}
