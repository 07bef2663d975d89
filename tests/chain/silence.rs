//! What a node doesn't say is absent, and said once; what it says in a wrong way is absent too, and never a zero.

use serde_json::json;

use super::{value, watch};
use crate::support::{Anvil, Fault, FaultProxy, Watchkeeper};

const SAID: &str = "no peer count from this node";

#[test]
fn a_method_that_the_node_lacks_is_absent_and_said_once_also_across_a_restart() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = watch(&[&proxy.url()]);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    let scrape = watchkeeper.after_run("dev", "success");
    assert_eq!(value(&scrape, "chain_peers"), None);
    assert_eq!(value(&scrape, "chain_syncing"), Some(0.0), "the rest is there");
    assert_eq!(watchkeeper.log().matches(SAID).count(), 1, "{}", watchkeeper.log());
    assert_eq!(watchkeeper.runs("dev", "failed"), 0.0);
    assert_eq!(watchkeeper.end(), Some(0));

    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    assert_eq!(watchkeeper.log().matches(SAID).count(), 0, "{}", watchkeeper.log());

    proxy.set(Fault::Replace("net_peerCount", json!({"result": "0x3"})));
    assert_eq!(value(&watchkeeper.after_run("dev", "success"), "chain_peers"), Some(3.0));
    proxy.set(Fault::Pass);
    assert_eq!(value(&watchkeeper.after_run("dev", "success"), "chain_peers"), None, "gone with the method");
    assert_eq!(watchkeeper.log().matches(SAID).count(), 1, "said anew: {}", watchkeeper.log());
}

#[test]
fn an_optional_answer_that_makes_no_sense_is_absent_and_costs_nothing_else() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = watch(&[&proxy.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    for (method, answer, series) in [
        ("eth_gasPrice", json!("many"), "chain_gas_price_wei"),
        ("eth_gasPrice", json!("0x"), "chain_gas_price_wei"),
        ("eth_gasPrice", json!(0), "chain_gas_price_wei"),
        ("eth_syncing", json!("no"), "chain_syncing"),
        ("web3_clientVersion", json!({}), "chain_client_info"),
    ] {
        proxy.set(Fault::Replace(method, json!({"result": answer})));
        let scrape = watchkeeper.after_run("dev", "success");
        assert_eq!(value(&scrape, series), None, "{method} {answer}");
        assert_eq!(value(&scrape, "chain_head_block_number"), Some(0.0), "{method} {answer}");
        proxy.set(Fault::Pass);
        assert!(value(&watchkeeper.after_run("dev", "success"), series).is_some(), "{series} is back");
    }
    proxy.set(Fault::lacks("eth_feeHistory"));
    let scrape = watchkeeper.after_run("dev", "success");
    assert!(scrape.all("chain_priority_fee_wei", &[]).is_empty());
    assert_eq!(watchkeeper.runs("dev", "failed"), 0.0);
}
