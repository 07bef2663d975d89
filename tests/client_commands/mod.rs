//! `watchkeeper jobs`, `job …`, `runs`, `run show`, `logs` and `token new` against a running instance: what people see,
//! what programs get, and what helps where it fails.

mod failing;
mod following;
mod shown;
mod transcript;

use std::time::Duration;

use serde_json::json;

use crate::support::{Deployment, Watchkeeper, eventually, teller_deployment, teller_job};

const PATIENCE: Duration = Duration::from_secs(60);
/// Of each job: longer than anything here is old, so that no age reads like it.
const TIMEOUT: &str = "45m";

/// A running instance whose jobs run when they are asked to, and have each run once: `good` and `bad`.
fn started() -> (Deployment, Watchkeeper) {
    let deployment = teller_deployment();
    let timeout = format!("timeout = \"{TIMEOUT}\"");
    let good = "message = \"all is well\"\nlines = [\"looked\"]";
    deployment.job(
        "good",
        &teller_job(&format!("schedule = \"0 0 1 1 *\"\ntime_zone = \"Europe/Berlin\"\n{timeout}"), good, ""),
    );
    let bad = "message = \"nothing is\"\nfails = \"failed\"";
    deployment.job("bad", &teller_job(&timeout, bad, "probe = [\"a\"]"));
    let watchkeeper = Watchkeeper::start(&deployment);
    for (job, outcome) in [("good", "success"), ("bad", "failed")] {
        eventually("the job to be asked to run", PATIENCE, || {
            (watchkeeper.post(&format!("jobs/{job}/run"), &json!({})).status == 202).then_some(())
        });
        eventually("its run", PATIENCE, || (watchkeeper.runs(job, outcome) == 1.0).then_some(()));
    }
    (deployment, watchkeeper)
}
