//! A real Prometheus reads it, in both formats, and promtool finds nothing to say.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::json;

use super::{PATIENCE, caught_up, watch};
use crate::support::{Anvil, Prometheus, Target, Watchkeeper, eventually, promtool_check_metrics};

const TEXT: &str = "text/plain;version=0.0.4";

#[test]
fn prometheus_reads_both_formats_and_its_series_answer_queries() {
    let anvil = Anvil::start(&["--no-mining"]);
    anvil.mine(6);
    let deployment = watch(&[anvil.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    let text_only = serve_text(&watchkeeper);
    let prometheus = Prometheus::start(&[watchkeeper.address(), &text_only]);
    eventually("both targets to be up", PATIENCE, || {
        let targets = prometheus.targets();
        let is_up = |target: &Target| target.health == "up" && target.last_error.is_empty();
        (targets.len() == 2 && targets.iter().all(is_up)).then_some(())
    });
    anvil.mine(3);
    caught_up(&watchkeeper, &anvil);

    for instance in [watchkeeper.address(), &text_only] {
        let series = |name: &str| format!(r#"{name}{{instance="{instance}",job="watchkeeper",job_name="dev"}}"#);
        let head = eventually("the new head", PATIENCE, || {
            let head = prometheus.query(&series("chain_head_block_number"));
            head.first().is_some_and(|(_, value)| *value == 9.0).then_some(head)
        });
        let [(labels, _)] = &head[..] else { panic!("not one series: {head:?}") };
        assert_eq!((&*labels["plugin"], &*labels["chain"]), ("evm-chain", "dev"));
        let one = |query: &str| prometheus.query(query).first().map(|(_, value)| *value);
        assert_eq!(one(&series("chain_blocks_total")), Some(4.0));
        let median = format!("histogram_quantile(0.5, {})", series("chain_block_transactions_bucket"));
        assert_eq!(one(&median), Some(0.0), "all blocks are empty");
        let successes = format!(r#"watchkeeper_job_runs_total{{instance="{instance}",outcome="success"}}"#);
        assert!(one(&successes).is_some_and(|runs| runs >= 2.0));
        assert_eq!(one(&format!(r#"watchkeeper_config_last_reload_successful{{instance="{instance}"}}"#)), Some(1.0));
    }
    let head = anvil.rpc("eth_getBlockByNumber", json!(["latest", false]));
    let age = "time() - chain_head_block_timestamp_seconds";
    let first = prometheus.query(age)[0].1;
    eventually("the head to grow old", PATIENCE, || (prometheus.query(age)[0].1 > first).then_some(()));
    assert_eq!(anvil.rpc("eth_getBlockByNumber", json!(["latest", false])), head);
}

#[test]
fn promtool_finds_nothing_wrong_while_the_job_works_and_while_it_fails() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = watch(&[anvil.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    promtool_check_metrics(&watchkeeper.metrics_text());
    watchkeeper.after_run("dev", "success");
    promtool_check_metrics(&watchkeeper.metrics_text());
    anvil.kill();
    watchkeeper.after_run("dev", "unavailable");
    promtool_check_metrics(&watchkeeper.metrics_text());
}

/// Serves the metrics in text format only, as to a scraper that knows no other. Ends with the test.
fn serve_text(watchkeeper: &Watchkeeper) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound address").to_string();
    let upstream = watchkeeper.address().to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A scraper that goes away is no concern of this test.
            let _ = answer_in_text(&client, &upstream);
        }
    });
    address
}

fn answer_in_text(mut client: &TcpStream, upstream: &str) -> std::io::Result<()> {
    let head = BufReader::new(client).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    assert!(head.count() > 0);
    let mut server = TcpStream::connect(upstream)?;
    write!(server, "GET /metrics HTTP/1.1\r\nHost: {upstream}\r\nAccept: {TEXT}\r\nConnection: close\r\n\r\n")?;
    std::io::copy(&mut server, &mut client)?;
    client.flush()
}
