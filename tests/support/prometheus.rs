//! A real Prometheus that scrapes a test's targets, and promtool as the judge of an exposition.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{eventually, http, process::Process, programs};

const START: Duration = Duration::from_secs(30);

/// A running Prometheus on a free port; scrapes each second. Its first scrape comes about five seconds after its start.
pub(crate) struct Prometheus {
    _process: Process,
    folder: TempDir,
    url: String,
}

/// What Prometheus says of one of its targets.
#[derive(Debug)]
pub(crate) struct Target {
    /// `up`, `down`, or `unknown` before the first scrape.
    pub(crate) health: String,
    /// Why the last scrape failed; empty if it didn't.
    pub(crate) last_error: String,
}

impl Prometheus {
    /// Starts it on targets such as `127.0.0.1:9464`, all of one scrape job, `watchkeeper`.
    pub(crate) fn start(targets: &[&str]) -> Self {
        Self::scraping(&json!([{"job_name": "watchkeeper", "static_configs": [{"targets": targets}]}]))
    }

    /// Starts it with these `scrape_configs`, after `promtool` found nothing wrong with them.
    pub(crate) fn scraping(scrape_configs: &Value) -> Self {
        Self::start_in(TempDir::new().expect("a temporary folder"), scrape_configs)
    }

    /// Starts it on what lies in `data` of a folder; it scrapes nothing.
    pub(crate) fn restored(folder: TempDir) -> Self {
        Self::start_in(folder, &json!([]))
    }

    fn start_in(folder: TempDir, scrape_configs: &Value) -> Self {
        let configuration = json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": scrape_configs,
        });
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, configuration.to_string()).expect("space on the disk");
        let mut promtool = Command::new(programs::promtool());
        let checked = promtool.args(["check", "config"]).arg(&file).output().expect("promtool runs");
        assert!(checked.status.success(), "promtool: {}", String::from_utf8_lossy(&checked.stderr));
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.path().join("data").display()),
            "--web.listen-address=127.0.0.1:0".to_owned(),
            "--web.enable-admin-api".to_owned(),
        ];
        let mut process = Process::start("prometheus", programs::prometheus().as_os_str(), &arguments);
        let address = process.wait_for_line(START, |line| {
            let (_, address) = line.contains("\"Listening on\"").then(|| line.split_once("address="))??;
            Some(address.trim().to_owned())
        });
        let url = format!("http://{address}");
        eventually("Prometheus to be ready", START, || {
            let ready = http::send("GET", &format!("{url}/-/ready"), &[], b"");
            ready.is_ok_and(|answer| answer.status == 200).then_some(())
        });
        Self { _process: process, folder, url }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The folder of its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Evaluates an expression now: the labels and value of each series of the result.
    #[track_caller]
    pub(crate) fn query(&self, expression: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        let body = format!("query={}", form_encoded(expression));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let url = format!("{}/api/v1/query", self.url);
        let answer = http::send("POST", &url, &headers, body.as_bytes()).expect("Prometheus answers").json();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        let series = answer["data"]["result"].as_array().expect("an instant vector").iter();
        series.map(|series| (labels(&series["metric"]), value(&series["value"][1]))).collect()
    }

    /// Its targets in no order.
    #[track_caller]
    pub(crate) fn targets(&self) -> Vec<Target> {
        let url = format!("{}/api/v1/targets", self.url);
        let answer = http::send("GET", &url, &[], b"").expect("Prometheus answers").json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let targets = answer["data"]["activeTargets"].as_array().expect("a list of targets").iter();
        targets
            .map(|target| Target { health: text(&target["health"]), last_error: text(&target["lastError"]) })
            .collect()
    }
}

/// Has `promtool check metrics` judge an exposition in text format.
///
/// # Panics
/// With promtool's words if it finds anything at all.
#[track_caller]
pub(crate) fn promtool_check_metrics(text: &str) {
    let mut command = Command::new(programs::promtool());
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool runs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("promtool reads");
    let output = child.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "promtool: {said}");
}

fn labels(metric: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(metric.clone()).expect("labels are texts")
}

fn value(text: &Value) -> f64 {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no value: {text}"))
}

fn form_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
