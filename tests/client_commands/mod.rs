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

/// A running instance whose jobs run when they are asked to, and have each run once: `good` and `bad`.
fn started() -> (Deployment, Watchkeeper) {
    let deployment = teller_deployment();
    let good = "message = \"all is well\"\nlines = [\"looked\"]";
    deployment.job("good", &teller_job("schedule = \"0 0 1 1 *\"\ntime_zone = \"Europe/Berlin\"", good, ""));
    let bad = "message = \"nothing is\"\nfails = \"failed\"";
    deployment.job("bad", &teller_job("", bad, "probe = [\"a\"]"));
    let watchkeeper = Watchkeeper::start(&deployment);
    for (job, outcome) in [("good", "success"), ("bad", "failed")] {
        eventually("the job to be asked to run", PATIENCE, || {
            (watchkeeper.post(&format!("jobs/{job}/run"), &json!({})).status == 202).then_some(())
        });
        eventually("its run", PATIENCE, || (watchkeeper.runs(job, outcome) == 1.0).then_some(()));
    }
    (deployment, watchkeeper)
}
