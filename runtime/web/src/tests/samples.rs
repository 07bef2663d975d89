//! One of everything that a house can show, with every field filled; `text` stands wherever others have a say.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_model::{AccountName, Digest, JobName, LogLevel, Outcome, PaymentState, PluginName, RunId, SkipReason};

use crate::api::{
    AccountInfo, Acted, Action, ActionPage, Amount, BlackoutInfo, Bucket, BudgetInfo, ChainInfo, Due, EndpointInfo,
    EndpointState, FileProblem, InclusionInfo, JobDetail, JobOverview, JobState, LogEntry, LogField, LogLine, LogPage,
    Overview, Pause, PaymentDetail, PaymentPage, PaymentSummary, PaymentsStop, Phase, PluginInfo, PluginJob,
    PolicyInfo, Power, Preview, ProgressInfo, ProgressUnit, RecentRun, Reload, ReservedInfo, RunDetail, RunPage,
    RunSummary, RunTrigger, ScheduleInfo, SelfWatch, SkipInfo, StoreInfo, Text, TransactionInfo, Treasury,
    UnapprovedInfo, Undecided,
};

/// Seconds after a fixed time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn job_name() -> JobName {
    JobName::new("main-chain").unwrap()
}

pub(crate) fn run_id(number: u128) -> RunId {
    RunId::new(at(0), number)
}

pub(crate) fn run(text: &str) -> RunSummary {
    RunSummary {
        id: run_id(2),
        job: job_name(),
        generation: 3,
        plugin: PluginName::new("evm-chain").unwrap(),
        digest: Digest::new([0xab; 32]),
        trigger: RunTrigger::Manual { by: text.into() },
        attempt: 2,
        first: run_id(1),
        claimed: at(-100),
        started: Some(at(-99)),
        finished: Some(at(-97)),
        outcome: Some(Outcome::Failed),
        message: Some(text.into()),
        start_delay_seconds: Some(1.0),
        duration_seconds: Some(1.5),
        cpu_seconds: Some(0.25),
        peak_memory_bytes: Some(1 << 20),
        retry_at: Some(at(10)),
        progress: None,
    }
}

/// A run that is going.
pub(crate) fn going(text: &str) -> RunSummary {
    RunSummary {
        id: run_id(3),
        trigger: RunTrigger::Schedule { nominal: at(-60) },
        attempt: 1,
        first: run_id(3),
        finished: None,
        outcome: None,
        message: None,
        duration_seconds: None,
        cpu_seconds: None,
        peak_memory_bytes: None,
        retry_at: None,
        progress: Some(progress(text)),
        ..run(text)
    }
}

pub(crate) fn progress(text: &str) -> ProgressInfo {
    ProgressInfo {
        stage: text.into(),
        done: 1_288_490_189,
        total: Some(3_650_722_202),
        unit: Some(ProgressUnit::Bytes),
        rate_per_second: Some(89_128_960.0),
        percent: ProgressInfo::percent(1_288_490_189, Some(3_650_722_202)),
    }
}

pub(crate) fn overview(text: &str) -> Overview {
    Overview {
        version: text.into(),
        host: text.into(),
        started: at(-3_600),
        now: at(0),
        phase: Phase::Ready,
        store: StoreInfo { up: false, away_since: Some(at(-30)), problem: Some(text.into()), size_bytes: Some(4_096) },
        watch: SelfWatch {
            last_tick: Some(at(-1)),
            last_scan: Some(at(-40)),
            violations: BTreeMap::from([(text.into(), 3)]),
        },
        last_reload: Some(Reload { at: at(-300), ok: false }),
        problems: vec![FileProblem { path: text.into(), problem: text.into(), in_force_since: Some(at(-900)) }],
        jobs: vec![job_overview(text)],
        bucket_seconds: 600,
    }
}

pub(crate) fn job_overview(text: &str) -> JobOverview {
    JobOverview {
        name: job_name(),
        plugin: Some(PluginName::new("evm-chain").unwrap()),
        state: JobState::Broken,
        problem: Some(text.into()),
        schedule: Some(schedule(text)),
        next_run: Some(at(60)),
        running: vec![run_id(3)],
        queued: 1,
        last_run: Some(run(text)),
        last_success: Some(at(-500)),
        success_rate: Some(0.5),
        recent: vec![recent(Outcome::Success), recent(Outcome::Failed)],
        consecutive_failures: 1,
        pause: Some(Pause { at: at(-20), by: text.into(), note: Some(text.into()) }),
        skip_next: 2,
        timeline: (0..36).map(bucket).collect(),
    }
}

pub(crate) fn recent(outcome: Outcome) -> RecentRun {
    RecentRun { id: run_id(2), outcome, finished: at(-97), duration_seconds: Some(1.5) }
}

fn bucket(number: i64) -> Bucket {
    Bucket {
        successes: 2,
        failures: 1,
        cancelled: 1,
        lost: 1,
        skips: BTreeMap::from([(SkipReason::Overlap, 1), (SkipReason::TooLate, 2)]),
        running: 1,
        ..Bucket::empty(at((number - 36) * 600))
    }
}

fn schedule(text: &str) -> ScheduleInfo {
    ScheduleInfo { written: text.into(), time_zone: Some(text.into()) }
}

fn power(text: &str) -> Power {
    Power { capability: text.into(), words: text.into() }
}

pub(crate) fn job(text: &str) -> JobDetail {
    JobDetail {
        job: job_overview(text),
        now: at(0),
        bucket_seconds: 600,
        file: text.into(),
        digest: Some(Digest::new([0xab; 32])),
        plugin_version: Some(text.into()),
        generation: Some(3),
        generation_began: Some(at(-9_000)),
        cursor: Some(at(-60)),
        runs: Some(120),
        skips: Some(3),
        policy: Some(policy(text)),
        powers: vec![power(text)],
        probe_targets: vec![text.into()],
        next_runs: vec![at(60), at(120)],
        recent_runs: vec![going(text), run(text)],
        recent_skips: vec![SkipInfo {
            generation: 3,
            reason: SkipReason::TooLate,
            first: at(-600),
            last: at(-300),
            count: 6,
        }],
    }
}

fn policy(text: &str) -> PolicyInfo {
    PolicyInfo {
        catch_up: "latest".into(),
        catch_up_window_seconds: 60.0,
        overlap: "skip".into(),
        retry_attempts: 3,
        retry_backoff_seconds: 5.0,
        retry_max_backoff_seconds: 300.0,
        idempotent: true,
        pause_after_failures: Some(5),
        blackouts: vec![BlackoutInfo { start: text.into(), length_seconds: 7_200.0 }],
        history: "all".into(),
        timeout_seconds: 30.0,
    }
}

fn line(text: &str) -> LogLine {
    let field = LogField { name: text.into(), value: text.into() };
    LogLine { level: LogLevel::Warn, message: text.into(), fields: vec![field] }
}

pub(crate) fn run_detail(text: &str) -> RunDetail {
    let first = RunSummary { id: run_id(1), attempt: 1, retry_at: None, ..run(text) };
    RunDetail {
        run: run(text),
        now: at(0),
        plugin_version: Some(text.into()),
        attempts: vec![first, run(text)],
        payments: vec![payment_summary(text)],
        logs: vec![line(text)],
    }
}

pub(crate) fn runs(text: &str) -> RunPage {
    RunPage { runs: vec![going(text), run(text)], next: Some(run_id(2)) }
}

pub(crate) fn plugin(text: &str) -> PluginInfo {
    PluginInfo {
        name: PluginName::new("evm-chain").unwrap(),
        version: Some(text.into()),
        summary: Some(text.into()),
        digest: Some(Digest::new([0xab; 32])),
        file: text.into(),
        problem: Some(text.into()),
        imports: vec![text.into()],
        powers: vec![power(text)],
        jobs: vec![PluginJob { name: job_name(), powers: vec![power(text)] }],
    }
}

pub(crate) fn chain(text: &str) -> ChainInfo {
    let endpoint = |state| EndpointInfo {
        name: text.into(),
        state,
        lag_blocks: Some(2),
        last_answer: Some(at(-5)),
        out_since: Some(at(-7)),
        problem: Some(text.into()),
    };
    ChainInfo {
        name: text.into(),
        chain_id: 42_766,
        head: Some(21_000_000),
        head_seen: Some(at(-2)),
        problem: Some(text.into()),
        endpoints: [
            EndpointState::Unknown,
            EndpointState::Ok,
            EndpointState::Failing,
            EndpointState::Throttled,
            EndpointState::Stale,
            EndpointState::WrongChain,
        ]
        .map(endpoint)
        .to_vec(),
        jobs: vec![job_name()],
    }
}

pub(crate) fn account_name() -> AccountName {
    AccountName::new("funder").unwrap()
}

pub(crate) fn unapproved() -> UnapprovedInfo {
    UnapprovedInfo { job: job_name(), digest: Digest::new([0xcd; 32]) }
}

fn amount(text: &str) -> Amount {
    Amount { text: text.into(), smallest: Some("1250000".into()) }
}

/// Everything is wrong with its account, and all payments are stopped.
pub(crate) fn treasury(text: &str) -> Treasury {
    let account = AccountInfo {
        name: account_name(),
        chain: text.into(),
        chain_id: 42_766,
        address: Some(text.into()),
        signer: text.into(),
        balance: Some(amount(text)),
        balance_block: Some(21_000_000),
        balance_read: Some(at(-4)),
        budgets: vec![BudgetInfo {
            asset: text.into(),
            window: "24h".into(),
            left: amount(text),
            limit: Amount { text: text.into(), smallest: Some("5000000".into()) },
        }],
        in_flight: 1,
        stopped: Some(text.into()),
        unexplained: Some(format!("{text} too").into()),
        unapproved: vec![unapproved()],
        undecided: vec![payment_summary(text)],
    };
    let stopped = PaymentsStop { since: Some(at(-60)), by: text.into(), note: Some(text.into()) };
    Treasury { now: at(0), stopped: Some(stopped), accounts: vec![account] }
}

pub(crate) fn payment_summary(text: &str) -> PaymentSummary {
    PaymentSummary {
        id: 17,
        account: account_name(),
        chain_id: 42_766,
        job: job_name(),
        run: run_id(2),
        key: text.into(),
        state: PaymentState::Broadcast,
        undecided: Some(Undecided { since: at(-30), why: text.into() }),
        reason: Some(text.into()),
        asset: text.into(),
        target: text.into(),
        asked: amount(text),
        amount: Some(amount(text)),
        fee: Some(amount(text)),
        transaction: Some(text.into()),
        block: Some(21_000_000),
        asked_at: at(-99),
        changed: at(-90),
    }
}

pub(crate) fn payment(text: &str) -> PaymentDetail {
    let signed = |signed, included| TransactionInfo {
        hash: text.into(),
        nonce: 7,
        signed: at(signed),
        max_fee_per_gas: "1000000000".into(),
        priority_fee_per_gas: "1000000".into(),
        gas_limit: 60_000,
        included,
    };
    let inclusion = InclusionInfo { block: 21_000_000, block_hash: text.into(), success: true, fee: amount(text) };
    PaymentDetail {
        payment: payment_summary(text),
        now: at(0),
        address: text.into(),
        reserved: Some(ReservedInfo {
            at: at(-98),
            to: text.into(),
            value: amount(text),
            data: text.into(),
            max_fee: amount(text),
            block: 20_999_999,
            reason: text.into(),
        }),
        transactions: vec![signed(-97, None), signed(-50, Some(inclusion))],
    }
}

pub(crate) fn payments(text: &str) -> PaymentPage {
    let refused = PaymentSummary {
        id: 16,
        state: PaymentState::Refused,
        undecided: None,
        amount: None,
        fee: None,
        transaction: None,
        block: None,
        ..payment_summary(text)
    };
    PaymentPage { payments: vec![payment_summary(text), refused], next: Some(16) }
}

pub(crate) fn logs(text: &str) -> LogPage {
    let entry = LogEntry { number: 7, at: at(-97), job: job_name(), run: run_id(2), line: line(text) };
    LogPage { lines: vec![entry], last: Some(7) }
}

pub(crate) fn actions(text: &str) -> ActionPage {
    let action = Action {
        number: 9,
        at: at(-20),
        by: text.into(),
        verb: text.into(),
        job: Some(job_name()),
        run: Some(run_id(2)),
        note: Some(text.into()),
    };
    ActionPage { actions: vec![action], next: Some(9) }
}

pub(crate) fn preview(text: &str) -> Preview {
    Preview { schedule: schedule(text), times: vec![Due { at: at(60), local: text.into() }] }
}

pub(crate) fn acted(text: &str) -> Acted {
    Acted { message: Text::from(text), run: Some(run_id(4)), job: Some(job_overview(text)) }
}
