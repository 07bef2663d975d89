//! The built `watchkeeper`, as an operator runs and asks it.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{
    Deployment, Exposition, Overview, Response, eventually, http,
    process::{Process, Signal},
};

const START: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(60);
const RUN: Duration = Duration::from_secs(60);

/// A running `watchkeeper run`; killed when dropped.
pub(crate) struct Watchkeeper {
    process: Process,
    url: String,
    /// The file of the token that whoever runs it may act by.
    token: PathBuf,
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

    /// Runs a deployment that has its store, and so its token, elsewhere in its folder, and waits until it listens.
    pub(crate) fn start_beside(deployment: &Deployment, token: &str) -> Self {
        Self { token: deployment.path(token), ..Self::start(deployment) }
    }

    /// Runs a deployment with further options, such as `["--log", "debug"]`, and waits until it listens.
    pub(crate) fn start_with(deployment: &Deployment, options: &[&str]) -> Self {
        let configuration = deployment.configuration();
        let mut arguments: Vec<&OsStr> = vec!["run".as_ref(), "--config".as_ref(), configuration.as_ref()];
        arguments.extend(options.iter().map(OsStr::new));
        let process = Process::start("watchkeeper", BINARY.as_ref(), &arguments);
        Self::listening(process, deployment.path("watchkeeper.token"))
    }

    /// Runs a deployment with further variables in its environment, and waits until it listens.
    pub(crate) fn start_knowing(deployment: &Deployment, variables: &[(&str, &str)]) -> Self {
        let process = Self::process(deployment, variables);
        Self::listening(process, deployment.path("watchkeeper.token"))
    }

    fn process(deployment: &Deployment, variables: &[(&str, &str)]) -> Process {
        let configuration = deployment.configuration();
        let arguments: [&OsStr; 3] = ["run".as_ref(), "--config".as_ref(), configuration.as_ref()];
        Process::start_knowing("watchkeeper", BINARY.as_ref(), &arguments, variables)
    }

    /// Runs a deployment whose folder `store` is a small disk that only it sees, and waits until it listens. Returns the
    /// disk as seen from here.
    pub(crate) fn start_on_small_disk(deployment: &Deployment, bytes: u64) -> (Self, PathBuf) {
        let (configuration, folder) = (deployment.configuration(), deployment.path("store"));
        // Who isn't root is so in a namespace of their own.
        let as_root = if rustix::process::geteuid().is_root() { "--mount" } else { "--map-root-user" };
        let mount = format!("mount -t tmpfs -o size={bytes},mode=0700 store \"$0\" && exec \"$@\"");
        let arguments: [&OsStr; 9] = [
            as_root.as_ref(),
            "--mount".as_ref(),
            "sh".as_ref(),
            "-c".as_ref(),
            mount.as_ref(),
            folder.as_ref(),
            BINARY.as_ref(),
            "run".as_ref(),
            "--config".as_ref(),
        ];
        let arguments = [&arguments[..], &[configuration.as_ref()]].concat();
        let process = Process::start("watchkeeper", "unshare".as_ref(), &arguments);
        let inside = folder.strip_prefix("/").expect("an absolute path");
        let disk = PathBuf::from(format!("/proc/{}/root", process.id())).join(inside);
        (Self::listening(process, disk.join("watchkeeper.token")), disk)
    }

    fn listening(mut process: Process, token: PathBuf) -> Self {
        let url = process.wait_for_line(START, |line| {
            let (_, url) = line.split_once("listening on ")?;
            Some(url.split(['"', ' ']).next().unwrap_or(url).to_owned())
        });
        Self { process, url, token }
    }

    /// Starts a deployment and kills it after a while, whatever it is doing then.
    pub(crate) fn start_and_kill(deployment: &Deployment, after: Duration) {
        let mut process = Self::process(deployment, &[]);
        thread::sleep(after);
        process.signal(Signal::KILL);
        process.wait(END);
    }

    /// Starts a deployment, and waits for nothing.
    pub(crate) fn start_unheard(deployment: &Deployment) -> Process {
        Self::process(deployment, &[])
    }

    /// Runs a deployment that it refuses, to its end.
    ///
    /// # Panics
    /// If it goes on.
    #[track_caller]
    pub(crate) fn refuses(deployment: &Deployment) -> Ended {
        let mut process = Self::process(deployment, &[]);
        let code = process.wait(END).code();
        Ended { code, stdout: String::new(), stderr: process.output() }
    }

    /// Runs `watchkeeper` with any arguments to its end.
    pub(crate) fn call<A: AsRef<OsStr>>(arguments: &[A]) -> Ended {
        Self::call_in(Path::new("."), arguments)
    }

    /// The same in a folder.
    pub(crate) fn call_in<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Ended {
        let mut command = Command::new(BINARY);
        let output = command.args(arguments).current_dir(folder).output().expect("watchkeeper is built");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// `http://127.0.0.1:PORT`, or `https://…` where it is configured so.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:PORT`, as Prometheus names a target.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_start_matches("https://")
    }

    /// Asks with the given headers; every status is an answer.
    #[track_caller]
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", path, headers)
    }

    /// Sends an empty request by any method.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send_body(method, path, headers, b"")
    }

    /// Sends a request with a body.
    #[track_caller]
    pub(crate) fn send_body(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let url = format!("{}{path}", self.url);
        http::send(method, &url, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Posts JSON to the API as whoever runs it: `jobs/good/pause`, `{"note": "…"}`.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        let authorization = format!("Bearer {}", self.token());
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        self.send_body("POST", &format!("/api/v1/{path}"), &headers, body.to_string().as_bytes())
    }

    /// Runs a command that asks this instance, as whoever runs it, to its end.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Ended {
        let configuration = self.token.with_file_name("watchkeeper.toml");
        let server = ["--url".as_ref(), self.url.as_ref(), "--config".as_ref(), configuration.as_os_str()];
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).chain(server).collect();
        Self::call(&arguments)
    }

    /// Posts an empty request with further headers, as whoever runs it: by the token in the file beside the store.
    #[track_caller]
    pub(crate) fn act(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let authorization = format!("Bearer {}", self.token());
        self.send("POST", path, &[headers, &[("authorization", &authorization)]].concat())
    }

    /// Posts a JSON text as whoever runs it; none where no whole answer comes, as from one that was killed.
    pub(crate) fn try_act(&self, path: &str, body: &Value) -> Option<Response> {
        let authorization = format!("Bearer {}", self.token());
        let headers = [("authorization", &*authorization), ("content-type", "application/json")];
        http::send("POST", &format!("{}{path}", self.url), &headers, body.to_string().as_bytes()).ok()
    }

    /// Asks; none where no whole answer comes.
    pub(crate) fn try_get(&self, path: &str) -> Option<Response> {
        http::send("GET", &format!("{}{path}", self.url), &[], b"").ok()
    }

    /// The token in the file beside the store.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        fs::read_to_string(&self.token).expect("it is there before anything is served").trim_end().to_owned()
    }

    /// A document of the API: `jobs`, `runs?limit=500`.
    #[track_caller]
    pub(crate) fn api(&self, path: &str) -> Value {
        let response = self.get(&format!("/api/v1/{path}"), &[]);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()
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

    /// How many runs of a job have ended, by outcome; outcomes without any are left out.
    #[track_caller]
    pub(crate) fn runs_by_outcome(&self, job: &str) -> BTreeMap<String, f64> {
        let metrics = self.metrics();
        let runs = metrics.all("watchkeeper_job_runs_total", &[("job_name", job)]).into_iter();
        runs.filter(|runs| runs.value > 0.0).map(|runs| (runs.labels["outcome"].clone(), runs.value)).collect()
    }

    /// The process, all jobs, and what is wrong.
    #[track_caller]
    pub(crate) fn overview(&self) -> Overview {
        Overview(self.api("jobs"))
    }

    /// The last runs of all jobs that have ended, the newest first.
    #[track_caller]
    pub(crate) fn ended_runs(&self) -> Vec<Value> {
        let page = self.api("runs?limit=500");
        let runs = page["runs"].as_array().expect("a list of runs").iter();
        runs.filter(|run| !run["outcome"].is_null()).cloned().collect()
    }

    /// The digest of the plugin that the next run of each job uses.
    #[track_caller]
    pub(crate) fn digests(&self) -> BTreeMap<String, String> {
        let plugins = self.api("plugins");
        let plugins = plugins.as_array().expect("a list of plugins").iter();
        let of_plugin = |plugin: &Value| {
            let jobs = plugin["jobs"].as_array().expect("a list of jobs").iter();
            jobs.map(|job| (text(&job["name"]), text(&plugin["digest"]))).collect::<Vec<_>>()
        };
        plugins.flat_map(of_plugin).collect()
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

    /// Whether something else killed it.
    ///
    /// # Panics
    /// If it ended in another way.
    #[track_caller]
    pub(crate) fn was_killed(&mut self) -> bool {
        let Some(ended) = self.process.ended() else { return false };
        assert_eq!(ended.signal(), Some(Signal::KILL.as_raw()), "{ended}:\n{}", self.log());
        true
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        self.process.output()
    }
}

const BINARY: &str = env!("CARGO_BIN_EXE_watchkeeper");

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
