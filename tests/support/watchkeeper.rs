//! The built `watchkeeper`, as an operator runs and asks it.

use std::{ffi::OsStr, process::Command, time::Duration};

use serde_json::Value;

use super::{
    Deployment, Exposition, Response, eventually, http,
    process::{Process, Signal},
};

const START: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(60);
const RUN: Duration = Duration::from_secs(60);

/// A running `watchkeeper run`; killed when dropped.
pub(crate) struct Watchkeeper {
    process: Process,
    url: String,
}

/// A `watchkeeper` that has run to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to stdout.
    pub(crate) stdout: String,
    /// What it wrote to stderr.
    pub(crate) stderr: String,
}

impl Watchkeeper {
    /// Runs a deployment and waits until it listens.
    pub(crate) fn start(deployment: &Deployment) -> Self {
        Self::start_with(deployment, &[])
    }

    /// Runs a deployment with further options, such as `["--log", "debug"]`, and waits until it listens.
    pub(crate) fn start_with(deployment: &Deployment, options: &[&str]) -> Self {
        let configuration = deployment.configuration();
        let mut arguments: Vec<&OsStr> = vec!["run".as_ref(), "--config".as_ref(), configuration.as_ref()];
        arguments.extend(options.iter().map(OsStr::new));
        let mut process = Process::start("watchkeeper", BINARY.as_ref(), &arguments);
        let url = process.wait_for_line(START, |line| {
            let (_, url) = line.split_once("listening on ")?;
            Some(url.split(['"', ' ']).next().unwrap_or(url).to_owned())
        });
        Self { process, url }
    }

    /// Runs `watchkeeper` with any arguments to its end.
    pub(crate) fn call<A: AsRef<OsStr>>(arguments: &[A]) -> Ended {
        let output = Command::new(BINARY).args(arguments).output().expect("watchkeeper is built");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:PORT`, as Prometheus names a target.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Asks with the given headers; every status is an answer.
    #[track_caller]
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", path, headers)
    }

    /// Sends an empty request by any method.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = format!("{}{path}", self.url);
        http::send(method, &url, headers, b"").unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The body of `/metrics` in text format 0.0.4.
    #[track_caller]
    pub(crate) fn metrics_text(&self) -> String {
        let response = self.get("/metrics", &[]);
        assert_eq!(response.status, 200, "{}", response.text());
        response.text().to_owned()
    }

    /// The samples of `/metrics`.
    #[track_caller]
    pub(crate) fn metrics(&self) -> Exposition {
        Exposition::parse(&self.metrics_text())
    }

    /// How many runs of a job have ended with an outcome; 0 before the job is there.
    #[track_caller]
    pub(crate) fn runs(&self, job: &str, outcome: &str) -> f64 {
        let labels = [("job_name", job), ("outcome", outcome)];
        self.metrics().value("watchkeeper_job_runs_total", &labels).unwrap_or(0.0)
    }

    /// Waits until a run of a job that began after this call has ended with an outcome; returns the samples then.
    #[track_caller]
    pub(crate) fn after_run(&self, job: &str, outcome: &str) -> Exposition {
        // One may be going now, and a job has never two.
        let wanted = self.runs(job, outcome) + 2.0;
        eventually(&format!("a run of {job} that ends as {outcome}"), RUN, || {
            (self.runs(job, outcome) >= wanted).then(|| self.metrics())
        })
    }

    /// The document at `/status`.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        let response = self.get("/status", &[]);
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Asks it to end as a service manager does, waits for the drain, and returns its exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.process.signal(Signal::TERM);
        self.wait()
    }

    /// Waits for its end; the exit code is none if a signal ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.process.wait(END).code()
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        self.process.output()
    }
}

const BINARY: &str = env!("CARGO_BIN_EXE_watchkeeper");
