//! A ledger and commands of shell scripts, and a run that has a grant for them.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use prometheus::Registry;
use tokio::runtime::Handle;
use watchkeeper_command::{
    Asker, CommandError, CommandMetrics, Commands, Ended, Exit, OpenError, Parts, Places, Programs, Running,
};
use watchkeeper_config::{Argument, CommandSettings, Hole, Piece};
use watchkeeper_contract::{ByteStream, Open, RunGrant, Settlement, Verdict};
use watchkeeper_ledger::Ledger;
use watchkeeper_model::{Clock, JobName, Outcome, RunId, SystemClock};

/// Longer than anything here takes, also on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct House {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) commands: Commands,
    names: Vec<&'static str>,
    registry: Registry,
}

impl House {
    pub(crate) fn new(settings: impl IntoIterator<Item = (&'static str, CommandSettings)>) -> Self {
        Self::open(settings).unwrap()
    }

    pub(crate) fn open(settings: impl IntoIterator<Item = (&'static str, CommandSettings)>) -> Result<Self, OpenError> {
        Self::open_with(Ledger::in_memory().unwrap(), settings)
    }

    pub(crate) fn open_with(
        ledger: Ledger,
        settings: impl IntoIterator<Item = (&'static str, CommandSettings)>,
    ) -> Result<Self, OpenError> {
        let ledger = Arc::new(ledger);
        let registry = Registry::new();
        let (names, settings): (Vec<_>, Vec<_>) = settings.into_iter().unzip();
        let settings: BTreeMap<_, _> = names.iter().map(|name| (*name).to_owned()).zip(settings).collect();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let commands = Commands::open(&Parts {
            settings: &settings,
            ledger: &ledger,
            launcher: Path::new(launcher()),
            places: &Places::default(),
            metrics: &CommandMetrics::register(&registry).unwrap(),
            runtime: &Handle::current(),
            clock: &clock,
        })?;
        Ok(Self { ledger, commands, names, registry })
    }

    /// A run that may use all commands.
    pub(crate) fn begin(&self) -> Box<Programs> {
        let names = self.names.iter().map(|name| toml::Value::from(*name)).collect();
        let grant = self.commands.grant(&job(), &toml::Value::Array(names)).unwrap();
        let begun: Box<dyn Any> = grant.begin(&job());
        begun.downcast().unwrap()
    }

    /// The sum of a metric's series that have this label.
    pub(crate) fn count(&self, metric: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let of = families.iter().filter(|family| family.name() == metric).flat_map(|family| family.get_metric());
        of.filter(|series| series.get_label().iter().any(|pair| pair.value() == label))
            .map(|series| series.get_counter().get_value() + series.get_gauge().get_value())
            .sum()
    }

    /// How many programs ended so.
    pub(crate) fn ended(&self, exit: &str) -> f64 {
        self.count("watchkeeper_command_runs_total", exit)
    }
}

pub(crate) fn launcher() -> &'static str {
    env!("CARGO_BIN_EXE_launch-command")
}

pub(crate) fn job() -> JobName {
    JobName::new("backup").unwrap()
}

pub(crate) fn program(path: impl Into<PathBuf>, args: &[&str]) -> CommandSettings {
    let text = |text: &&str| Argument(vec![Piece::Text((*text).to_owned())]);
    CommandSettings {
        program: path.into(),
        args: args.iter().map(text).collect(),
        holes: BTreeMap::new(),
        env: BTreeMap::new(),
        folder: "/".into(),
        user: None,
        timeout: None,
        max_output: 1 << 40,
        max_concurrent: 1,
    }
}

/// A script in a shell, with these as `$1`, `$2` …
pub(crate) fn script(script: &str, args: &[&str]) -> CommandSettings {
    let mut settings = program("/bin/sh", &[&["-c", script, "sh"], args].concat());
    settings.env.insert("PATH".to_owned(), watchkeeper_config::Secret::new("/usr/bin:/bin"));
    settings
}

pub(crate) fn choice(values: &[&str]) -> Hole {
    Hole::Choice(values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>())
}

pub(crate) fn asker() -> Asker {
    Asker { run: RunId::from_bits(7), dry_run: false }
}

pub(crate) async fn start(run: &Programs, name: &str, stdin: Option<ByteStream>) -> Result<Running, CommandError> {
    run.run(asker(), name, &[], stdin).await
}

/// Starts a command and lets it run to its end: what it wrote, and how it ended.
pub(crate) async fn run_whole(run: &Programs, name: &str, stdin: Option<ByteStream>) -> (Vec<u8>, Verdict, Ended) {
    let Running { stdout, ended } = start(run, name, stdin).await.unwrap();
    let (bytes, verdict) = read(stdout).await;
    (bytes, verdict, soon(ended).await.unwrap())
}

pub(crate) async fn read(mut stream: ByteStream) -> (Vec<u8>, Verdict) {
    let mut bytes = Vec::new();
    while let Some(piece) = soon(stream.next()).await {
        bytes.extend_from_slice(&piece);
    }
    let verdict = stream.verdict();
    (bytes, verdict)
}

/// Reads until a line is whole.
pub(crate) async fn line(stream: &mut ByteStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\n") {
        bytes.extend_from_slice(&soon(stream.next()).await.unwrap());
    }
    String::from_utf8(bytes).unwrap().trim().to_owned()
}

pub(crate) async fn settle(run: Box<Programs>, outcome: Outcome) -> Settlement {
    let mut settlement = Settlement::default();
    soon(run.settle(outcome, &mut settlement)).await;
    settlement
}

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.unwrap_or_else(|_| panic!("it took longer than {SOON:?}"))
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "not in {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether there is a process of this number that isn't a zombie.
pub(crate) fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

pub(crate) fn cut(ended: &Ended) -> &str {
    match &ended.exit {
        Exit::Cut(why) => why,
        other => panic!("{other:?}"),
    }
}
