//! How far a backup is shows while it runs: in the API, on its page and on the command line.

use std::time::Duration;

use super::stage::{WRITE, artifacts, folder_store, loaded, mover, nothing, script};
use crate::support::{Deployment, Watchkeeper, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_running_backup_shows_bytes_and_stage() {
    let deployment = Deployment::new("");
    let gate = deployment.path("gate");
    let slow = script(
        &deployment,
        "slow",
        &format!("head -c 5000000 /dev/urandom; while ! test -e {}; do sleep 0.1; done; echo end", gate.display()),
        "",
    );
    deployment.configure(&format!("{}\n{slow}{}", folder_store(&deployment), nothing(&deployment)));
    deployment.plugin("mover");
    let step = "{ hand-on = { command = \"slow\", read = 0, name = \"slow\" } }";
    deployment.job("mover", &mover(&[step], &["slow"], &[], WRITE));
    let watchkeeper = Watchkeeper::start(&deployment);
    loaded(&watchkeeper, "mover");
    assert_eq!(watchkeeper.post("jobs/mover/run", &serde_json::json!({})).status / 100, 2);
    let run = eventually("progress in the API", PATIENCE, || {
        let runs = watchkeeper.api("runs?job=mover&limit=1");
        let run = runs["runs"][0].clone();
        (run["progress"]["done"].as_u64()? >= 5_000_000).then_some(run)
    });
    assert_eq!(run["progress"]["stage"], "storing slow", "{run}");
    let page = watchkeeper.get(&format!("/runs/{}", run["id"].as_str().unwrap()), &[]);
    assert!(page.text().contains("storing slow") && page.text().contains("MiB"), "{}", page.text());
    let shown = watchkeeper.ask(&["job", "show", "mover"]);
    assert!(shown.stdout.contains("storing slow"), "{shown:?}");
    std::fs::write(&gate, "").unwrap();
    eventually("the run to end", PATIENCE, || (watchkeeper.runs("mover", "success") >= 1.0).then_some(()));
    assert_eq!(artifacts(&deployment).len(), 1);
    let ended = watchkeeper.api("runs?job=mover&limit=1");
    assert!(ended["runs"][0]["progress"].is_null(), "{ended}");
}
