//! Which chains and which methods: checked at each call, before anything leaves the machine.

use super::{job, last_run};
use crate::support::{Anvil, Deployment, FaultProxy, Watchkeeper};

/// A job that asks the chain `dev` for a method through the plugin `asker`.
fn asks(method: &str, grants: &str) -> String {
    let config = format!("[config]\nchain = \"dev\"\nmethod = \"{method}\"\n\n[grants]");
    job("asker", grants).replace("config.chain = \"dev\"\n\n[grants]", &config)
}

#[test]
fn a_chain_that_is_not_granted_is_not_asked() {
    let anvil = Anvil::start(&["--no-mining"]);
    let other = FaultProxy::start(anvil.url());
    let deployment = Deployment::new(&format!(
        "[chains.dev]\nchain_id = 31337\nendpoints = [{:?}]\n[chains.other]\nchain_id = 31337\nendpoints = [{:?}]\n",
        anvil.url(),
        other.url()
    ));
    deployment.plugin("minimal");
    deployment.job("probe", &job("minimal", "chain = [\"dev\"]").replace("chain = \"dev\"", "chain = \"other\""));
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("probe", "denied");
    let (outcome, message) = last_run(&watchkeeper, "probe").unwrap();
    assert_eq!(outcome, "denied");
    for words in ["job \"probe\"", "chain \"other\" is not granted", "hint: add it to `grants.chain`"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    assert_eq!(other.requests(), 0);
    assert_eq!(watchkeeper.metrics().all("head_block_number", &[]).len(), 0);
}

#[test]
fn a_method_that_is_not_granted_is_not_asked() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = Deployment::on_chain(&[&proxy.url()]);
    deployment.plugin("asker");
    deployment.plugin("minimal");
    let some = "chain.dev.methods = [\"eth_chainId\", \"net_*\"]";
    deployment.job("header", &job("minimal", some));
    deployment.job("price", &asks("eth_gasPrice", some));
    deployment.job("dump", &asks("txpool_content", "chain.dev.methods = [\"eth_*\", \"txpool_*\"]"));
    let watchkeeper = Watchkeeper::start(&deployment);
    for (job, method) in [("header", "eth_getBlockByNumber"), ("price", "eth_gasPrice"), ("dump", "txpool_content")] {
        watchkeeper.after_run(job, "denied");
        let (_, message) = last_run(&watchkeeper, job).unwrap();
        let what = format!("chain \"dev\": method \"{method}\" is not granted");
        for words in [&*format!("job \"{job}\""), &*what, "hint: add it to `grants.chain.dev.methods`"] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
    assert_eq!(proxy.requests(), 0);

    deployment.job("price", &asks("eth_gasPrice", "chain.dev.methods = [\"eth_gasPrice\"]"));
    watchkeeper.after_run("price", "success");
}

#[test]
fn nothing_that_writes_is_sent_whatever_is_granted() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = Deployment::on_chain(&[&proxy.url()]);
    deployment.plugin("asker");
    for (place, method) in ["eth_sendRawTransaction", "eth_accounts", "anvil_mine", "evm_mine"].into_iter().enumerate()
    {
        deployment.job(&format!("plain-{place}"), &asks(method, "chain = [\"dev\"]"));
        let patterns = "chain.dev.methods = [\"eth_*\", \"txpool_content\", \"*\"]";
        deployment.job(&format!("wide-{place}"), &asks(method, patterns));
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    for place in 0..4 {
        for job in [format!("plain-{place}"), format!("wide-{place}")] {
            watchkeeper.after_run(&job, "denied");
            let (_, message) = last_run(&watchkeeper, &job).unwrap();
            for words in [&*format!("job \"{job}\""), "is not a known read", "chains are read-only", "grants.chain"] {
                assert!(message.contains(words), "{words}: {message}");
            }
        }
    }
    assert_eq!(proxy.requests(), 0);
}

#[test]
fn a_probe_with_fewer_methods_shows_less_and_asks_no_more() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("evm-chain");
    let methods = "chain.dev.methods = [\"eth_getBlockByNumber\", \"eth_gasPrice\"]\nstate = true";
    deployment.job("probe", &job("evm-chain", methods));
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = watchkeeper.after_run("probe", "success");
    assert_eq!(scrape.all("chain_gas_price_wei", &[]).len(), 1);
    for absent in ["chain_client_info", "chain_syncing", "chain_txpool_transactions", "chain_priority_fee_wei"] {
        assert!(scrape.all(absent, &[]).is_empty(), "{absent}");
    }
    let asked = scrape.all("watchkeeper_chain_requests_total", &[]);
    let own = ["eth_getBlockByNumber", "eth_gasPrice", "eth_chainId"];
    assert!(asked.iter().all(|sample| own.contains(&&*sample.labels["method"])), "{asked:?}");
    let hint = "grants.chain.dev.methods";
    assert!(watchkeeper.log().contains(hint), "the log names the key: {}", watchkeeper.log());
}

#[test]
fn what_one_job_remembers_no_other_job_sees() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("evm-chain");
    for name in ["one", "two"] {
        deployment.job(name, &job("evm-chain", "chain = [\"dev\"]\nstate = true"));
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    for name in ["one", "two"] {
        watchkeeper.after_run(name, "success");
    }
    anvil.mine(5);
    for name in ["one", "two"] {
        let scrape = watchkeeper.after_run(name, "success");
        let counted = scrape.value("chain_blocks_total", &[("job_name", name)]);
        assert_eq!(counted, Some(6.0), "{name} counts every block by its own memory");
    }
}
