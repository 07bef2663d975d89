//! Wishes reach the house with who and why; `job run` goes by the run's outcome.

use watchkeeper_client::{ClientError, Format, Reach, Request, Screen, new_token};
use watchkeeper_model::{Digest, Outcome, TokenName};
use watchkeeper_web::{
    Token,
    api::{Act, Acted, Deed, Right, UnapprovedInfo},
};

use crate::{
    house::{Kept, account, name, run_id},
    server::{Server, ask},
};

const JOB: &str = "main-chain";

fn note() -> Option<String> {
    Some("because".to_owned())
}

const DIGEST: Digest = Digest::new([0xee; 32]);

fn approve(digest: Option<Digest>) -> Request {
    Request::ApprovePayments { account: account(), job: name(JOB), digest, note: note() }
}

fn run(wait: bool) -> Request {
    Request::RunJob { job: name(JOB), note: note(), wait }
}

#[test]
fn each_wish_comes_with_who_and_why() {
    let server = Server::new(Kept::saying("fine"));
    for (request, deed) in [
        (Request::Pause { job: name(JOB), note: note() }, Deed::Pause(name(JOB))),
        (Request::SkipNext { job: name(JOB), count: 3, note: note() }, Deed::SkipNext { job: name(JOB), count: 3 }),
        (run(false), Deed::Run(name(JOB))),
        (Request::StopPayments { note: note() }, Deed::StopPayments),
        (Request::ResumePayments { note: note() }, Deed::ResumePayments),
        (approve(Some(DIGEST)), Deed::ApprovePayments { account: account(), job: name(JOB), digest: DIGEST }),
        (Request::AdoptAccount { account: account(), note: note() }, Deed::AdoptAccount(account())),
    ] {
        assert_eq!(server.ask(request).unwrap().out, "so be it\n");
        let (by, act) = server.house.acts.lock().unwrap().pop().unwrap();
        assert_eq!((by.as_str(), act), ("local token", Act { deed, note: Some("because".into()) }));
    }
}

#[test]
fn without_a_digest_the_component_that_waits_is_approved() {
    let server = Server::new(Kept::saying("fine"));
    server.ask(approve(None)).unwrap();
    let (_, act) = server.house.acts.lock().unwrap().pop().unwrap();
    let waits = Digest::new([0xcd; 32]);
    assert_eq!(act.deed, Deed::ApprovePayments { account: account(), job: name(JOB), digest: waits });

    let wanted = |digests: &[u8]| {
        let wanted = digests.iter().map(|byte| UnapprovedInfo { job: name(JOB), digest: Digest::new([*byte; 32]) });
        server.house.treasury.lock().unwrap().accounts[0].unapproved = wanted.collect();
        server.ask(approve(None)).unwrap_err().to_string()
    };
    let none = wanted(&[]);
    assert!(
        none.starts_with("no component of job `main-chain` waits for an approval of account `funder`\nhint: "),
        "{none}"
    );
    let several = wanted(&[1, 2]);
    assert!(several.contains("sha256:0101") && several.contains("sha256:0202"), "{several}");
    server.house.treasury.lock().unwrap().accounts.remove(0);
    let error = server.ask(approve(None)).unwrap_err().to_string();
    assert_eq!(error, "there is no account `funder`\nhint: there are spare");
    assert!(server.house.acts.lock().unwrap().is_empty());
}

#[test]
fn cancel_ends_every_run_that_is_going() {
    let server = Server::new(Kept::saying("fine"));
    let json = server.ask_json(Request::Cancel { job: name(JOB), note: None });
    let cancelled: Vec<Acted> = serde_json::from_str(&json).unwrap();
    assert_eq!(cancelled.iter().map(|acted| acted.run).collect::<Vec<_>>(), [Some(run_id(8)), Some(run_id(9))]);
    let deeds = server.house.acts.lock().unwrap().iter().map(|(_, act)| act.deed.clone()).collect::<Vec<_>>();
    assert_eq!(deeds, [Deed::Cancel(run_id(8)), Deed::Cancel(run_id(9))]);
}

#[test]
fn with_no_run_going_there_is_nothing_to_cancel() {
    let mut house = Kept::saying("fine");
    house.jobs.get_mut(&name(JOB)).unwrap().job.running.clear();
    let error = Server::new(house).ask(Request::Cancel { job: name(JOB), note: None }).unwrap_err();
    assert!(error.to_string().starts_with("no run of main-chain is going\nhint: "), "{error}");
}

#[test]
fn a_run_is_waited_for_whether_its_name_is_known_at_once_or_not() {
    for names_at_once in [true, false] {
        let server = Server::new(Kept { names_at_once, ..Kept::saying("fine") });
        let printed = server.ask(run(true)).unwrap();
        assert!(printed.notes.starts_with(&format!("run {} of main-chain", run_id(100))), "{printed:?}");
        assert!(printed.out.contains("success") && printed.out.contains("that was it"), "{printed:?}");
        assert!(printed.out.contains("asked by local token"), "{printed:?}");
    }
}

#[test]
fn a_run_that_does_not_succeed_is_a_failure_that_is_shown_all_the_same() {
    let server = Server::new(Kept { ends_with: Outcome::Trap, ..Kept::saying("fine") });
    let (out, done) = ask(&server.reach(), Format::Text, run(true));
    assert!(out.contains("that was it"), "{out}");
    let error = done.unwrap_err();
    assert!(matches!(error, ClientError::NotASuccess { outcome: Outcome::Trap, .. }), "{error}");
    assert_eq!(error.to_string(), format!("run {} ended with trap: that was it", run_id(100)));
}

#[test]
fn a_new_token_opens_the_door_of_a_server_that_knows_its_hash() {
    let mut out = Vec::new();
    new_token(&TokenName::new("deploy").unwrap(), &mut Screen::new(&mut out, &mut Vec::new(), Format::Json)).unwrap();
    let made: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let (text, hash) = (made["token"].as_str().unwrap(), made["hash"].as_str().unwrap());
    let settings =
        format!("[server]\nlisten = \"127.0.0.1:1\"\n[server.tokens.deploy]\nhash = \"{hash}\"\nrights = [\"act\"]\n");
    let settings =
        watchkeeper_config::Settings::parse(std::path::Path::new("watchkeeper.toml"), &settings, &|_| None).unwrap();
    let (_, known) = settings.server.tokens.first_key_value().unwrap();
    let known = Token { name: "deploy".to_owned(), hash: known.hash, expires: None, rights: vec![Right::Act] };
    let server = Server::with(Kept::saying("fine"), vec![known], None);
    let reach = Reach { token_file: Some(server.write("deploy.token", text)), ..server.outside() };
    ask(&reach, Format::Text, Request::Pause { job: name(JOB), note: None }).1.unwrap();
    assert_eq!(server.house.acts.lock().unwrap().pop().unwrap().0, "token deploy");
}

#[test]
fn a_new_token_is_printed_with_the_lines_to_paste() {
    let print = || {
        let mut out = Vec::new();
        new_token(&TokenName::new("deploy").unwrap(), &mut Screen::new(&mut out, &mut Vec::new(), Format::Text))
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    let (one, other) = (print(), print());
    assert!(one.starts_with("wk_") && one.lines().next() != other.lines().next());
    let paste = one.split_once("[server.tokens.deploy]").unwrap().1;
    assert!(paste.contains("hash = \"sha256:") && paste.contains("rights = [\"read\", \"act\"]"), "{one}");
}
