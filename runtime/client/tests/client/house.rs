//! A house with a few jobs, as plain values. It remembers what was wished for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use tokio::sync::broadcast;
use watchkeeper_model::{AccountName, Digest, JobName, LogLevel, Outcome, PaymentState, PluginName, RunId, SkipReason};
use watchkeeper_web::{
    House, ProbeRequest, ScrapeRequest, ScrapeResponse,
    api::{
        AccountInfo, Act, Acted, ActionPage, ActionQuery, Actor, Amount, BlackoutInfo, BudgetInfo, ChainInfo, Deed,
        Event, FileProblem, InclusionInfo, JobDetail, JobOverview, JobState, LogEntry, LogField, LogLine, LogPage,
        LogQuery, Overview, Pause, PaymentDetail, PaymentPage, PaymentQuery, PaymentSummary, PaymentsStop, Phase,
        PluginInfo, PolicyInfo, Power, Preview, PreviewOf, ProgressInfo, ProgressUnit, Refusal, RefusalKind, Reload,
        ReservedInfo, RunDetail, RunPage, RunQuery, RunSummary, RunTrigger, ScheduleInfo, SelfWatch, SkipInfo,
        StoreInfo, TransactionInfo, Treasury, UnapprovedInfo, Undecided,
    },
};

use jiff::{SignedDuration, Timestamp};

/// Seconds after a fixed time, which is now.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn name(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

pub(crate) fn run_id(number: u128) -> RunId {
    RunId::new(at(0), number)
}

/// What a server shows, and what it was asked.
pub(crate) struct Kept {
    pub(crate) overview: Mutex<Overview>,
    pub(crate) jobs: BTreeMap<JobName, JobDetail>,
    pub(crate) runs: Mutex<Vec<RunDetail>>,
    pub(crate) lines: Mutex<Vec<LogEntry>>,
    pub(crate) acts: Mutex<Vec<(String, Act)>>,
    pub(crate) run_queries: Mutex<Vec<RunQuery>>,
    pub(crate) treasury: Mutex<Treasury>,
    pub(crate) payments: Vec<PaymentDetail>,
    pub(crate) payment_queries: Mutex<Vec<PaymentQuery>>,
    /// A run that was asked for has its name at once, or only when somebody looks again.
    pub(crate) names_at_once: bool,
    /// How that run ends, once somebody has looked at it three times.
    pub(crate) ends_with: Outcome,
    pub(crate) looks: AtomicU32,
    pub(crate) events: broadcast::Sender<Arc<Event>>,
}

impl Kept {
    /// Two jobs, one well and one not; the text stands wherever others have a say.
    pub(crate) fn saying(text: &str) -> Self {
        let failing = JobOverview {
            state: JobState::Failing,
            consecutive_failures: 3,
            last_run: Some(run(2, "side-chain", Some(Outcome::Timeout), text)),
            success_rate: Some(0.499),
            next_run: None,
            pause: Some(Pause { at: at(-7200), by: text.into(), note: Some(text.into()) }),
            schedule: Some(ScheduleInfo { written: "0 2 * * SAT".into(), time_zone: Some("Europe/Berlin".into()) }),
            skip_next: 2,
            ..job("side-chain", text)
        };
        let fine = job("main-chain", text);
        let jobs = [&failing, &fine].map(|job| (job.name.clone(), detail(job, text)));
        Self {
            overview: Mutex::new(overview(vec![failing, fine])),
            jobs: BTreeMap::from(jobs),
            runs: Mutex::new(vec![RunDetail {
                run: run(2, "side-chain", Some(Outcome::Timeout), text),
                now: at(0),
                plugin_version: Some(text.into()),
                attempts: vec![
                    run(1, "side-chain", Some(Outcome::Unavailable), text),
                    run(2, "side-chain", Some(Outcome::Timeout), text),
                ],
                payments: vec![payment(17, PaymentState::Confirmed, text).payment],
                logs: vec![
                    line(LogLevel::Info, "began", &[]),
                    line(LogLevel::Warn, text, &[("why", text), ("n", "3")]),
                ],
            }]),
            lines: Mutex::new(vec![
                entry(1, "main-chain", line(LogLevel::Info, "head is 7", &[("head", "7")])),
                entry(2, "side-chain", line(LogLevel::Error, text, &[])),
            ]),
            acts: Mutex::default(),
            run_queries: Mutex::default(),
            treasury: Mutex::new(treasury(text)),
            payments: vec![payment(18, PaymentState::Broadcast, text), payment(17, PaymentState::Confirmed, text)],
            payment_queries: Mutex::default(),
            names_at_once: true,
            ends_with: Outcome::Success,
            looks: AtomicU32::new(0),
            events: broadcast::channel(16).0,
        }
    }

    /// A run of `main-chain` ends, having said something.
    pub(crate) fn says(&self, number: u64, text: &str) {
        self.lines.lock().unwrap().push(entry(number, "main-chain", line(LogLevel::Info, text, &[])));
        let run = run(u128::from(number), "main-chain", Some(Outcome::Success), "done");
        // Nobody has to listen.
        let _ = self.events.send(Arc::new(Event::RunFinished { run }));
    }

    /// A run of `main-chain` goes, in a stage of this name.
    pub(crate) fn goes(&self, stage: &str) -> RunId {
        self.add(run(100, "main-chain", None, stage))
    }

    fn begin(&self, job: &JobName, by: &Actor) -> RunId {
        self.add(RunSummary { trigger: RunTrigger::Manual { by: by.name.clone() }, ..run(100, job.as_str(), None, "") })
    }

    fn add(&self, run: RunSummary) -> RunId {
        let id = run.id;
        self.runs.lock().unwrap().push(RunDetail {
            run,
            now: at(0),
            plugin_version: None,
            attempts: Vec::new(),
            payments: Vec::new(),
            logs: Vec::new(),
        });
        id
    }

    /// One look at a run that is going brings its end nearer.
    fn look(&self, detail: &mut RunDetail) {
        if detail.run.outcome.is_none() && self.looks.fetch_add(1, Ordering::SeqCst) >= 2 {
            detail.run.outcome = Some(self.ends_with);
            detail.run.message = Some("that was it".into());
            detail.run.finished = Some(at(1));
            detail.run.progress = None;
        }
    }
}

#[async_trait]
impl House for Kept {
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn reload(&self, _by: Actor) -> Result<(), String> {
        Ok(())
    }

    async fn scrape(&self, _request: ScrapeRequest) -> ScrapeResponse {
        ScrapeResponse { content_type: "text/plain", content_encoding: None, body: Vec::new() }
    }

    async fn probe(&self, _request: ProbeRequest) -> Result<ScrapeResponse, Refusal> {
        Err(Refusal::new(RefusalKind::NotFound, "no probes here"))
    }

    async fn overview(&self) -> Overview {
        self.overview.lock().unwrap().clone()
    }

    async fn job(&self, name: &JobName) -> Result<Option<JobDetail>, Refusal> {
        let mut detail = self.jobs.get(name).cloned();
        if let Some(detail) = &mut detail {
            let runs = self.runs.lock().unwrap();
            detail.recent_runs.extend(runs.iter().map(|run| run.run.clone()).filter(|run| run.job == *name));
        }
        Ok(detail)
    }

    async fn runs(&self, query: RunQuery) -> Result<RunPage, Refusal> {
        self.run_queries.lock().unwrap().push(query);
        let runs: Vec<RunSummary> = self.runs.lock().unwrap().iter().map(|detail| detail.run.clone()).collect();
        Ok(RunPage { next: runs.last().map(|run| run.id), runs })
    }

    async fn run(&self, id: RunId) -> Result<Option<RunDetail>, Refusal> {
        let mut runs = self.runs.lock().unwrap();
        let Some(detail) = runs.iter_mut().find(|detail| detail.run.id == id) else { return Ok(None) };
        self.look(detail);
        Ok(Some(detail.clone()))
    }

    async fn plugins(&self) -> Vec<PluginInfo> {
        Vec::new()
    }

    async fn chains(&self) -> Vec<ChainInfo> {
        Vec::new()
    }

    fn has_accounts(&self) -> bool {
        true
    }

    async fn accounts(&self) -> Result<Treasury, Refusal> {
        Ok(self.treasury.lock().unwrap().clone())
    }

    async fn payments(&self, query: PaymentQuery) -> Result<PaymentPage, Refusal> {
        let fits = |detail: &&PaymentDetail| query.job.as_ref().is_none_or(|job| *job == detail.payment.job);
        let payments: Vec<_> = self.payments.iter().filter(fits).map(|detail| detail.payment.clone()).collect();
        self.payment_queries.lock().unwrap().push(query);
        Ok(PaymentPage { next: payments.last().map(|payment| payment.id), payments })
    }

    async fn payment(&self, id: u64) -> Result<Option<PaymentDetail>, Refusal> {
        Ok(self.payments.iter().find(|detail| detail.payment.id == id).cloned())
    }

    async fn logs(&self, query: LogQuery) -> Result<LogPage, Refusal> {
        let lines = self.lines.lock().unwrap();
        let fits = |entry: &&LogEntry| {
            query.job.as_ref().is_none_or(|job| *job == entry.job)
                && query.level.is_none_or(|level| entry.line.level >= level)
                && query.after.is_none_or(|after| entry.number > after)
        };
        let lines: Vec<LogEntry> = lines.iter().filter(fits).cloned().collect();
        Ok(LogPage { last: lines.last().map(|line| line.number), lines })
    }

    async fn actions(&self, _query: ActionQuery) -> Result<ActionPage, Refusal> {
        Ok(ActionPage { actions: Vec::new(), next: None })
    }

    async fn preview(&self, _of: PreviewOf, _count: usize) -> Result<Preview, Refusal> {
        Err(Refusal::new(RefusalKind::NotFound, "no previews here"))
    }

    async fn act(&self, by: Actor, act: Act) -> Result<Acted, Refusal> {
        let job = match &act.deed {
            Deed::Run(job) | Deed::Pause(job) | Deed::Resume(job) | Deed::SkipNext { job, .. } => Some(job.clone()),
            _ => None,
        };
        if job.as_ref().is_some_and(|job| !self.jobs.contains_key(job)) {
            return Err(Refusal::new(RefusalKind::NotFound, "there is no such job"));
        }
        if matches!(act.deed, Deed::Resume(_)) {
            return Err(Refusal::new(RefusalKind::Conflict, "it isn't paused").hint("nothing has to be done"));
        }
        let run = match &act.deed {
            Deed::Run(job) => Some(self.begin(job, &by)).filter(|_| self.names_at_once),
            Deed::Cancel(run) => Some(*run),
            _ => None,
        };
        self.acts.lock().unwrap().push((by.name.to_string(), act));
        Ok(Acted { message: "so be\nit".into(), run, job: None })
    }

    fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }
}

fn overview(jobs: Vec<JobOverview>) -> Overview {
    Overview {
        version: "0.1.0".into(),
        host: "here".into(),
        started: at(-3600),
        now: at(0),
        phase: Phase::Ready,
        store: StoreInfo { up: true, away_since: None, problem: None, size_bytes: Some(4096) },
        watch: SelfWatch { last_tick: Some(at(-1)), last_scan: Some(at(-40)), violations: BTreeMap::new() },
        last_reload: Some(Reload { at: at(-300), ok: true }),
        problems: Vec::new(),
        jobs,
        bucket_seconds: 600,
    }
}

/// A store that is away and a file that is wrong.
pub(crate) fn in_trouble(overview: &mut Overview) {
    overview.phase = Phase::Draining;
    overview.store =
        StoreInfo { up: false, away_since: Some(at(-60)), problem: Some("the disk is full".into()), size_bytes: None };
    overview.problems = vec![FileProblem {
        path: "jobs.d/third.toml".into(),
        problem: "jobs.d/third.toml:2: every: \"5\" is not a duration\nhint: write a number and a unit".into(),
        in_force_since: None,
    }];
}

fn job(job: &str, text: &str) -> JobOverview {
    JobOverview {
        name: name(job),
        plugin: Some(PluginName::new("evm-chain").unwrap()),
        state: JobState::Ok,
        problem: None,
        schedule: Some(ScheduleInfo { written: "every 15s".into(), time_zone: None }),
        next_run: Some(at(12)),
        running: vec![],
        queued: 0,
        last_run: Some(run(3, job, Some(Outcome::Success), text)),
        last_success: Some(at(-3)),
        success_rate: Some(1.0),
        recent: Vec::new(),
        consecutive_failures: 0,
        pause: None,
        skip_next: 0,
        timeline: Vec::new(),
    }
}

fn detail(job: &JobOverview, text: &str) -> JobDetail {
    JobDetail {
        job: JobOverview { running: vec![run_id(8), run_id(9)], ..job.clone() },
        now: at(0),
        bucket_seconds: 600,
        file: format!("jobs.d/{}.toml", job.name).as_str().into(),
        digest: Some(Digest::new([0xab; 32])),
        plugin_version: Some(text.into()),
        generation: Some(3),
        generation_began: Some(at(-9000)),
        cursor: Some(at(-3)),
        runs: Some(120),
        skips: Some(3),
        policy: Some(PolicyInfo {
            catch_up: "latest".into(),
            catch_up_window_seconds: 60.0,
            overlap: "skip".into(),
            retry_attempts: 3,
            retry_backoff_seconds: 5.0,
            retry_max_backoff_seconds: 300.0,
            idempotent: true,
            pause_after_failures: Some(5),
            blackouts: vec![BlackoutInfo { start: "0 2 24 12 *".into(), length_seconds: 7200.0 }],
            history: "all".into(),
            timeout_seconds: 30.0,
        }),
        powers: vec![Power { capability: "chain".into(), words: "reads the chain main".into() }],
        probe_targets: vec![text.into()],
        next_runs: vec![at(12)],
        recent_runs: vec![],
        recent_skips: vec![SkipInfo {
            generation: 3,
            reason: SkipReason::TooLate,
            first: at(-600),
            last: at(-300),
            count: 6,
        }],
    }
}

fn run(number: u128, job: &str, outcome: Option<Outcome>, text: &str) -> RunSummary {
    RunSummary {
        id: run_id(number),
        job: name(job),
        generation: 3,
        plugin: PluginName::new("evm-chain").unwrap(),
        digest: Digest::new([0xab; 32]),
        trigger: RunTrigger::Schedule { nominal: at(-6) },
        attempt: u32::try_from(number).unwrap(),
        first: run_id(1),
        claimed: at(-5),
        started: Some(at(-4)),
        finished: outcome.map(|_| at(-3)),
        outcome,
        message: outcome.map(|_| text.into()),
        start_delay_seconds: Some(2.0),
        duration_seconds: outcome.map(|_| 1.25),
        cpu_seconds: outcome.map(|_| 0.0031),
        peak_memory_bytes: outcome.map(|_| 1 << 20),
        retry_at: (outcome == Some(Outcome::Timeout)).then(|| at(10)),
        progress: outcome.is_none().then(|| ProgressInfo {
            stage: text.into(),
            done: 1_288_490_189,
            total: Some(3_650_722_202),
            unit: Some(ProgressUnit::Bytes),
            rate_per_second: Some(89_128_960.0),
            percent: ProgressInfo::percent(1_288_490_189, Some(3_650_722_202)),
        }),
    }
}

pub(crate) fn account() -> AccountName {
    AccountName::new("funder").unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::written(text, Some(18))
}

/// Two accounts, one well and one with all that can be wrong.
fn treasury(text: &str) -> Treasury {
    let budget = |window: &str, left: &str, limit: &str| BudgetInfo {
        asset: "USDC".into(),
        window: window.into(),
        left: amount(left),
        limit: amount(limit),
    };
    let well = AccountInfo {
        name: AccountName::new("spare").unwrap(),
        chain: "main".into(),
        chain_id: 42_766,
        address: Some("0x7099797051812dc3A010C7d01b50e0d17dc79c8".into()),
        signer: "aws_kms".into(),
        balance: None,
        balance_block: None,
        balance_read: None,
        budgets: vec![budget("24h", "5 USDC", "5 USDC")],
        in_flight: 0,
        stopped: None,
        unexplained: None,
        unapproved: Vec::new(),
        undecided: Vec::new(),
    };
    let wrong = AccountInfo {
        name: account(),
        address: Some("0x5FbDB2315678afecb367f032d93F642f64180aa3".into()),
        signer: "keystore".into(),
        balance: Some(amount("7.25 USDC")),
        balance_block: Some(21_000_000),
        balance_read: Some(at(-4)),
        budgets: vec![budget("payment", "2 USDC", "2 USDC"), budget("24h", "1.5 USDC", "5 USDC")],
        in_flight: 1,
        stopped: Some(format!("{text}\nhint: look at it").into()),
        unexplained: Some(text.into()),
        unapproved: vec![UnapprovedInfo { job: name("main-chain"), digest: Digest::new([0xcd; 32]) }],
        undecided: vec![payment(18, PaymentState::Broadcast, text).payment],
        ..well.clone()
    };
    let stopped = PaymentsStop { since: Some(at(-60)), by: text.into(), note: Some(text.into()) };
    Treasury { now: at(0), stopped: Some(stopped), accounts: vec![wrong, well] }
}

/// A payment of `main-chain`: undecided while a node has it, and in a block after.
fn payment(id: u64, state: PaymentState, text: &str) -> PaymentDetail {
    let confirmed = state == PaymentState::Confirmed;
    let hash = format!("0x{}", "ab".repeat(32));
    let included = InclusionInfo {
        block: 21_000_000,
        block_hash: format!("0x{}", "cd".repeat(32)).into(),
        success: true,
        fee: amount("0.0021 USDC"),
    };
    PaymentDetail {
        payment: PaymentSummary {
            id,
            account: account(),
            chain_id: 42_766,
            job: name("main-chain"),
            run: run_id(2),
            key: text.into(),
            state,
            undecided: (!confirmed).then(|| Undecided { since: at(-30), why: text.into() }),
            reason: None,
            asset: "USDC".into(),
            target: text.into(),
            asked: amount("2 USDC"),
            amount: Some(amount("1.25 USDC")),
            fee: confirmed.then(|| amount("0.0021 USDC")),
            transaction: Some(hash.as_str().into()),
            block: confirmed.then_some(21_000_000),
            asked_at: at(-99),
            changed: at(-90),
        },
        now: at(0),
        address: "0x5FbDB2315678afecb367f032d93F642f64180aa3".into(),
        reserved: Some(ReservedInfo {
            at: at(-98),
            to: "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789".into(),
            value: amount("1.25 USDC"),
            data: "0xb760faf9".into(),
            max_fee: amount("0.05 USDC"),
            block: 20_999_999,
            reason: text.into(),
        }),
        transactions: vec![TransactionInfo {
            hash: hash.into(),
            nonce: 7,
            signed: at(-97),
            max_fee_per_gas: "1000000000".into(),
            priority_fee_per_gas: "1000000".into(),
            gas_limit: 60_000,
            included: confirmed.then_some(included),
        }],
    }
}

fn line(level: LogLevel, text: &str, fields: &[(&str, &str)]) -> LogLine {
    let field = |(name, value): &(&str, &str)| LogField { name: (*name).into(), value: (*value).into() };
    LogLine { level, message: text.into(), fields: fields.iter().map(field).collect() }
}

fn entry(number: u64, job: &str, line: LogLine) -> LogEntry {
    LogEntry { number, at: at(i64::try_from(number).unwrap()), job: name(job), run: run_id(u128::from(number)), line }
}
