//! The grant `http`, through the whole process: what it doesn't name is denied with the key that would allow it, and nothing
//! of it reaches the service; the operator's token reaches the service and nobody else.

mod bounds;
mod calls;
mod requests;
mod service;

use std::time::Duration;

use crate::support::{Deployment, Watchkeeper, eventually};

pub(crate) use service::Service;

const PATIENCE: Duration = Duration::from_secs(60);

/// What the service is to hear and nobody else.
const TOKEN: &str = "t0kenOfTheService";

/// A deployment whose service `node` is this one, in a private network; `further` goes on in its table.
fn deployment(service: &Service, further: &str) -> Deployment {
    let deployment = Deployment::new(&format!(
        "[http.node]\norigin = {:?}\nprivate = true\nheaders = {{ authorization = \"Bearer {TOKEN}\" }}\n{further}\n",
        service.origin()
    ));
    deployment.plugin("fetcher");
    deployment
}

/// A job that sends one request often.
fn job(url: &str, config: &str, grants: &str) -> String {
    format!(
        "plugin = \"fetcher\"\nevery = \"250ms\"\ntimeout = \"2m\"\n\n[config]\nurl = {url:?}\n{config}\n\n[grants]\n{grants}\n"
    )
}

/// Waits until a job's last run ended so, and returns what it said.
#[track_caller]
fn ended(watchkeeper: &Watchkeeper, job: &str, outcome: &str) -> String {
    eventually(&format!("a run of {job} to end with {outcome}"), PATIENCE, || {
        let overview = watchkeeper.overview();
        let (last, message) = overview.last_run(job)?;
        assert_eq!(last, outcome, "{job}: {message}");
        Some(message.to_owned())
    })
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}
