//! What people and programs see: tables as snapshots, JSON as the API's own words.

use watchkeeper_client::{Request, Since};
use watchkeeper_model::{LogLevel, Outcome, PaymentState};
use watchkeeper_web::api::{
    JobDetail, Limit, LogEntry, Overview, PaymentDetail, PaymentPage, RunDetail, RunPage, Treasury,
};

use crate::{
    house::{Kept, account, at, in_trouble, name, run_id},
    server::{Server, check},
};

/// What a plugin, a chain or a stranger would like a terminal to obey.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m line\nerror: not ours\r\t\u{202e}drawkcab\u{2066} \u{200f}end";

fn runs() -> Request {
    Request::Runs { job: None, outcome: None, since: None, limit: Limit::default() }
}

fn logs() -> Request {
    Request::Logs { job: None, level: None, limit: Limit::default(), follow: false }
}

fn payments() -> Request {
    Request::Payments { account: None, job: None, state: None, limit: Limit::default() }
}

fn all() -> [(&'static str, Request); 9] {
    [
        ("jobs", Request::Jobs),
        ("job", Request::Job(name("side-chain"))),
        ("runs", runs()),
        ("run", Request::Run(run_id(2))),
        ("logs", logs()),
        ("accounts", Request::Accounts),
        ("payments", payments()),
        ("payment", Request::Payment(17)),
        ("payment_undecided", Request::Payment(18)),
    ]
}

#[test]
fn every_answer_has_its_table() {
    let server = Server::new(Kept::saying("head 7 is seen"));
    for (snapshot, request) in all() {
        let printed = server.ask(request).unwrap();
        check(snapshot, &format!("{}--- notes\n{}", printed.out, printed.notes));
    }
}

#[test]
fn nothing_that_a_terminal_obeys_gets_there_and_no_line_is_forged() {
    let server = Server::new(Kept::saying(HOSTILE));
    for (snapshot, request) in all() {
        let printed = server.ask(request.clone()).unwrap();
        let obeyed = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200f}".contains(c);
        assert!(!printed.out.contains(obeyed) && !printed.notes.contains(obeyed), "{snapshot}: {printed:?}");
        let forged = |line: &str| line.starts_with("error:");
        assert!(!printed.out.lines().any(forged) && !printed.notes.lines().any(forged), "{snapshot}: {printed:?}");
        let json = server.ask_json(request);
        assert!(!json.contains(obeyed), "{snapshot}: {json}");
    }
}

#[test]
fn programs_read_what_the_api_says_one_document_a_line() {
    let server = Server::new(Kept::saying("head 7 is seen"));
    let overview: Overview = serde_json::from_str(&server.ask_json(Request::Jobs)).unwrap();
    assert_eq!(overview, *server.house.overview.lock().unwrap());
    let job: JobDetail = serde_json::from_str(&server.ask_json(Request::Job(name("main-chain")))).unwrap();
    assert_eq!(job.job.name, name("main-chain"));
    let run: RunDetail = serde_json::from_str(&server.ask_json(Request::Run(run_id(2)))).unwrap();
    assert_eq!(run, server.house.runs.lock().unwrap()[0]);
    let page: RunPage = serde_json::from_str(&server.ask_json(runs())).unwrap();
    assert_eq!(page.runs.len(), 1);
    let lines = server.ask_json(logs());
    let lines: Vec<LogEntry> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, *server.house.lines.lock().unwrap());
    let treasury: Treasury = serde_json::from_str(&server.ask_json(Request::Accounts)).unwrap();
    assert_eq!(treasury, *server.house.treasury.lock().unwrap());
    let page: PaymentPage = serde_json::from_str(&server.ask_json(payments())).unwrap();
    assert_eq!(page.payments.len(), 2);
    let payment: PaymentDetail = serde_json::from_str(&server.ask_json(Request::Payment(17))).unwrap();
    assert_eq!(payment, server.house.payments[1]);
}

#[test]
fn a_run_that_goes_says_how_far_it_is() {
    for (stage, shown) in
        [("storing main", "storing main"), (HOSTILE, "[2J]0;title 31m line error: not oursdrawkcab end")]
    {
        let server = Server::new(Kept::saying("fine"));
        let id = server.house.goes(stage);
        for request in [Request::Run(id), Request::Job(name("main-chain"))] {
            let printed = server.ask(request).unwrap().out;
            let line = printed.lines().find(|line| line.starts_with("progress ")).unwrap();
            let far = line.strip_prefix("progress").unwrap().trim_start();
            assert_eq!(far, format!("{shown}: 1.2 GiB of 3.4 GiB (35%), 85.0 MiB/s"));
        }
    }
}

#[test]
fn what_is_wrong_with_the_whole_is_told_beside_the_jobs() {
    let server = Server::new(Kept::saying("fine"));
    in_trouble(&mut server.house.overview.lock().unwrap());
    let notes = server.ask(Request::Jobs).unwrap().notes;
    assert_eq!(
        notes,
        "warning: it is ending, no run begins any more\n\
         warning: the store is away since 2026-09-21T14:12:20Z, no run begins: the disk is full\n\
         warning: jobs.d/third.toml:2: every: \"5\" is not a duration\n  hint: write a number and a unit\n"
    );
}

#[test]
fn runs_are_chosen_by_the_server() {
    let server = Server::new(Kept::saying("fine"));
    let limit = Limit::new(7).unwrap();
    let since = Some(Since::Moment(at(-60)));
    let (job, outcome) = (Some(name("main-chain")), Some(Outcome::Lost));
    server.ask(Request::Runs { job: job.clone(), outcome, since, limit }).unwrap();
    let query = server.house.run_queries.lock().unwrap().pop().unwrap();
    assert_eq!((query.job, query.outcome, query.after, query.limit), (job, outcome, Some(at(-60)), Some(limit)));
}

#[test]
fn payments_are_chosen_by_the_server() {
    let server = Server::new(Kept::saying("fine"));
    let (account, job, limit) = (Some(account()), Some(name("main-chain")), Limit::new(7).unwrap());
    let state = Some(PaymentState::Refused);
    server.ask(Request::Payments { account: account.clone(), job: job.clone(), state, limit }).unwrap();
    let query = server.house.payment_queries.lock().unwrap().pop().unwrap();
    assert_eq!((query.account, query.job, query.state, query.limit), (account, job, state, Some(limit)));
    let of = |job: &str| Request::Payments { account: None, job: Some(name(job)), state: None, limit };
    assert_eq!(server.ask(of("side-chain")).unwrap().notes, "there is no such payment\n");
    let refused = server.ask(of("main-chian")).unwrap_err().to_string();
    assert!(refused.ends_with("\nhint: did you mean main-chain?"), "{refused}");
}

#[test]
fn lines_are_chosen_by_job_and_level() {
    let server = Server::new(Kept::saying("broken"));
    let logs =
        |job, level| server.ask(Request::Logs { job, level, limit: Limit::default(), follow: false }).unwrap().out;
    assert_eq!(logs(Some(name("main-chain")), None), "2026-09-21T14:13:21Z  INFO   main-chain: head is 7 head=7\n");
    assert_eq!(logs(None, Some(LogLevel::Warn)), "2026-09-21T14:13:22Z  ERROR  side-chain: broken\n");
    assert_eq!(logs(Some(name("main-chain")), Some(LogLevel::Warn)), "");
}
