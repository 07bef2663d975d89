//! Acting from a browser: only a form of a page of ours, in a session that stands, does anything.

use std::sync::Arc;

use super::{Answer, Furnished, Server, Setup, token};
use crate::api::{Deed, Right, UnapprovedInfo};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// The cookie of a session, as a browser sends it.
async fn log_in(server: &Server, token: &str) -> String {
    let answer = server.send("POST", "/login", &[FORM], &format!("token={token}&next=/runs")).await;
    assert_eq!((answer.code, answer.header("location")), (303, Some("/runs")));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "{cookie}");
    format!("Cookie: other=1; {}", cookie.split(';').next().unwrap())
}

/// The form token that stands in a page.
async fn form_token(server: &Server, cookie: &str) -> Option<String> {
    let page = server.ask("GET", "/jobs/main-chain/pause", &[cookie]).await.body;
    let (_, rest) = page.split_once("name=\"form_token\" value=\"")?;
    rest.split_once('"').map(|(token, _)| token.to_owned())
}

async fn pause(server: &Server, cookie: &str, body: &str) -> Answer {
    server.send("POST", "/jobs/main-chain/pause", &[FORM, "Accept: text/html", cookie], body).await
}

#[tokio::test]
async fn a_form_of_a_page_of_the_session_acts_and_leads_back() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let cookie = log_in(&server, &server.token).await;
    let token = form_token(&server, &cookie).await.unwrap();
    let answer = pause(&server, &cookie, &format!("form_token={token}&note=at+night%1B")).await;
    assert_eq!((answer.code, answer.header("location")), (303, Some("/jobs/main-chain?done=pause")));
    let skip = format!("form_token={token}&count=3&note=");
    let path = "/jobs/main-chain/skip-next";
    assert_eq!(server.send("POST", path, &[FORM, &cookie], &skip).await.code, 303);
    let acts = house.acts.lock().unwrap().clone();
    let [(by, pause), (_, skip)] = &acts[..] else { panic!("{acts:?}") };
    assert_eq!((&*by.name, pause.note.as_deref(), &skip.note), ("local token", Some("at night"), &None));
    assert_eq!(skip.deed, Deed::SkipNext { job: super::samples::job_name(), count: 3 });
}

#[tokio::test]
async fn forms_about_money_act_and_lead_back_to_the_accounts() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let cookie = log_in(&server, &server.token).await;
    let token = form_token(&server, &cookie).await.unwrap();
    let (account, UnapprovedInfo { job, digest }) = (super::samples::account_name(), super::samples::unapproved());
    for (path, fields, done, deed) in [
        ("/payments/stop", String::new(), "stop-payments", Deed::StopPayments),
        ("/payments/resume", String::new(), "resume-payments", Deed::ResumePayments),
        (
            "/accounts/funder/approve",
            format!("&job={job}&digest={digest}"),
            "approve",
            Deed::ApprovePayments { account: account.clone(), job, digest },
        ),
        ("/accounts/funder/adopt", String::new(), "adopt", Deed::AdoptAccount(account)),
    ] {
        let refused = server.send("POST", path, &[FORM, &cookie], &format!("form_token=0{fields}")).await;
        assert_eq!(refused.code, 403, "{path}");
        let body = format!("form_token={token}&note=seen{fields}");
        let answer = server.send("POST", path, &[FORM, &cookie], &body).await;
        let location = format!("/accounts?done={done}");
        assert_eq!((answer.code, answer.header("location")), (303, Some(&*location)), "{path}");
        let (by, act) = house.acts.lock().unwrap().pop().unwrap();
        assert_eq!((&*by.name, act.note.as_deref(), act.deed), ("local token", Some("seen"), deed));
    }
    for fields in ["", "&job=main-chain", "&job=main-chain&digest=sha256:ab"] {
        let body = format!("form_token={token}{fields}");
        let answer = server.send("POST", "/accounts/funder/approve", &[FORM, &cookie], &body).await;
        assert_eq!(answer.code, 422, "{fields}");
    }
    assert!(house.acts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn pages_lead_to_accounts_where_there_are_any() {
    for has_accounts in [true, false] {
        let house = Arc::new(Furnished { has_accounts, ..Furnished::default() });
        let server = Server::start(&house).await;
        for path in ["/", "/runs", "/nothing", "/jobs/main-chain"] {
            let page = server.ask("GET", path, &["Accept: text/html"]).await.body;
            assert_eq!(page.contains("<a href=\"/accounts\">Accounts</a>"), has_accounts, "{path}");
        }
    }
    let server = Server::start(&Arc::default()).await;
    let account = server.get("/accounts/funder").await;
    assert_eq!((account.code, account.header("location")), (303, Some("/accounts#a-funder")));
}

#[tokio::test]
async fn without_the_pages_own_token_a_session_does_nothing() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let (cookie, other) = (log_in(&server, &server.token).await, log_in(&server, &server.token).await);
    let foreign = form_token(&server, &other).await.unwrap();
    for body in ["", "form_token=", "form_token=0000", &format!("form_token={foreign}"), "note=x"] {
        let answer = pause(&server, &cookie, body).await;
        assert_eq!(answer.code, 403, "{body}");
    }
    for path in ["/api/v1/jobs/main-chain/pause", "/-/reload"] {
        assert_eq!(server.send("POST", path, &[&cookie], "").await.code, 403, "{path}");
    }
    assert!(house.acts.lock().unwrap().is_empty() && house.reloaded_by.lock().unwrap().is_empty());

    let own = form_token(&server, &cookie).await.unwrap();
    let header = format!("X-Form-Token: {own}");
    assert_eq!(server.send("POST", "/api/v1/jobs/main-chain/pause", &[&cookie, &header], "").await.code, 200);
    let cross = ["Origin: http://evil.example", FORM, &cookie];
    let answer = server.send("POST", "/jobs/main-chain/pause", &cross, &format!("form_token={own}")).await;
    assert_eq!(answer.code, 403, "even with the token, another site's page is refused");
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let cookie = log_in(&server, &server.token).await;
    let token = form_token(&server, &cookie).await.unwrap();
    let json = server.send("POST", "/jobs/main-chain/pause", &[&cookie, "Content-Type: text/plain"], "x").await;
    assert_eq!(json.code, 415);
    for count in ["-1", "x", "1001", "99999999999"] {
        let body = format!("form_token={token}&count={count}");
        let answer = server.send("POST", "/jobs/main-chain/skip-next", &[FORM, &cookie], &body).await;
        assert_eq!(answer.code, 422, "{count}");
    }
    let long = format!("form_token={token}&note={}", "x".repeat(501));
    assert_eq!(pause(&server, &cookie, &long).await.code, 422);
    assert!(house.acts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_ended_session_leads_to_the_log_in_and_back() {
    let house = Arc::new(Furnished::default());
    let tokens = vec![token("reader", &[Right::Read])];
    let server = Setup { tokens, ..Setup::default() }.start(&house).await;
    let cookie = log_in(&server, &server.token).await;
    let token = form_token(&server, &cookie).await.unwrap();
    server.move_clock(12 * 3_600);
    let answer = pause(&server, &cookie, &format!("form_token={token}")).await;
    assert_eq!((answer.code, answer.header("location")), (303, Some("/login?next=%2Fjobs%2Fmain-chain")));
    let answer = server.ask("GET", "/runs?job=main-chain", &["Accept: text/html", &cookie]).await;
    assert_eq!(answer.header("location"), Some("/login?next=%2Fruns%3Fjob%3Dmain-chain"));
    assert!(house.acts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_logs_out_is_out() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let cookie = log_in(&server, &server.token).await;
    let token = form_token(&server, &cookie).await.unwrap();
    assert_eq!(server.send("POST", "/logout", &[FORM, &cookie], "form_token=x").await.code, 403);
    let answer = server.send("POST", "/logout", &[FORM, &cookie], &format!("form_token={token}")).await;
    assert_eq!(answer.code, 303);
    assert!(answer.header("set-cookie").unwrap().contains("=; Path=/; Max-Age=0"), "{:?}", answer.headers);
    assert_eq!(form_token(&server, &cookie).await, None);
}
