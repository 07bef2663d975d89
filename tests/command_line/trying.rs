//! `try`: one job, once, dry, against its real chain.

use serde_json::Value;

use super::snapshot::transcript;
use crate::support::{Anvil, Deployment, Watchkeeper};

const TALLY: &str = "plugin = \"tally\"\nevery = \"30s\"\n[config]\nvalue = 7\nchain = \"dev\"\n\
    [grants]\nstate = true\nchain = [\"dev\"]\n";

#[test]
fn try_shows_samples_logs_powers_and_cost_and_keeps_nothing() {
    let anvil = Anvil::start(&[]);
    let deployment = Deployment::on_chain(&[anvil.url()]);
    deployment.plugin("tally");
    deployment.job("tally", TALLY);
    let folder = deployment.path("");
    let mut transcript = transcript();
    for _ in 0..2 {
        assert_eq!(transcript.call(&folder, &["try", "tally"]).code, Some(0));
    }
    transcript.check("try");
    assert!(!deployment.path("watchkeeper.db").exists(), "nothing is kept");

    let tried = Watchkeeper::call_in(&folder, &["try", "jobs.d/tally.toml", "--format", "json"]);
    let document: Value = serde_json::from_str(&tried.stdout).expect("one JSON document");
    assert_eq!(document["outcome"], "success");
    assert_eq!(document["message"], "run 1", "it remembers no earlier try");
    assert!(document["exposition"].as_str().expect("text").contains("tally_value{"), "{document:#}");
    assert!(document["cpu_seconds"].as_f64().expect("a cost") > 0.0);
    let powers: Vec<&String> = document["powers"].as_object().expect("powers by name").keys().collect();
    assert!(powers.iter().any(|power| power.contains("chain")), "{powers:?}");
    assert!(powers.iter().any(|power| power.contains("state")), "{powers:?}");
}

#[test]
fn a_try_that_fails_exits_with_1_and_one_that_cannot_be_with_78() {
    let deployment = Deployment::on_chain(&["http://127.0.0.1:9"]);
    deployment.plugin("tally");
    deployment.job("tally", TALLY);
    deployment.job("wrong", &TALLY.replace("value = 7", "value = true"));
    let folder = deployment.path("");
    let mut transcript = transcript().replace(folder.display().to_string(), "FOLDER/");
    assert_eq!(transcript.call(&folder, &["try", "tally"]).code, Some(1));
    assert_eq!(transcript.call(&folder, &["try", "wrong"]).code, Some(78));
    assert_eq!(transcript.call(&folder, &["try", "nobody"]).code, Some(78));
    transcript.check("try-fails");
}
