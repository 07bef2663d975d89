//! Accounts and payments over the API: what reaches the house, and how amounts look.

use std::sync::Arc;

use serde_json::json;
use watchkeeper_model::PaymentState;

use super::{Furnished, Server, samples};
use crate::api::{Deed, Limit, PaymentQuery};

const JSON: &str = "Content-Type: application/json";

#[tokio::test]
async fn each_act_about_money_reaches_the_house_with_who_and_why() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let (account, wanted) = (samples::account_name(), samples::unapproved());
    let approve = json!({"job": wanted.job, "digest": wanted.digest, "note": "seen"}).to_string();
    let note = json!({"note": "seen"}).to_string();
    for (path, body, deed) in [
        ("payments/stop", &note, Deed::StopPayments),
        ("payments/resume", &note, Deed::ResumePayments),
        ("accounts/funder/adopt", &note, Deed::AdoptAccount(account.clone())),
        (
            "accounts/funder/approve",
            &approve,
            Deed::ApprovePayments { account, job: wanted.job.clone(), digest: wanted.digest },
        ),
    ] {
        let answer = server.act(&format!("/api/v1/{path}"), &[JSON], body).await;
        assert_eq!(answer.code, 200, "{path}: {}", answer.body);
        let (by, act) = house.acts.lock().unwrap().pop().unwrap();
        assert_eq!((&*by.name, act.note.as_deref(), act.deed), ("local token", Some("seen"), deed));
    }
}

#[tokio::test]
async fn an_approval_names_job_and_digest_or_is_none() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    for body in ["", "null", "{}", r#"{"job": "main-chain"}"#, r#"{"job": "main-chain", "digest": "sha256:ab"}"#] {
        let answer = server.act("/api/v1/accounts/funder/approve", &[JSON], body).await;
        assert_eq!(answer.code, 422, "{body}: {}", answer.body);
    }
    assert!(house.acts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_house_chooses_payments_by_the_query() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let asked = "account=funder&job=main-chain&run=01M3250V000000000000000002&state=refused&before=16&limit=5";
    let query = PaymentQuery {
        account: Some(samples::account_name()),
        job: Some(samples::job_name()),
        run: Some(samples::run_id(2)),
        state: Some(PaymentState::Refused),
        before: Some(16),
        limit: Limit::new(5),
    };
    for path in ["/api/v1/payments", "/payments"] {
        assert_eq!(server.get(&format!("{path}?{asked}")).await.code, 200, "{path}");
        assert_eq!(house.payment_queries.lock().unwrap().pop(), Some(query.clone()), "{path}");
    }
    let empty = server.get("/payments?account=&job=&state=").await;
    assert_eq!((empty.code, house.payment_queries.lock().unwrap().pop()), (200, Some(PaymentQuery::default())));
}

#[tokio::test]
async fn amounts_are_text_and_no_number_of_json() {
    let server = Server::start(&Arc::default()).await;
    let payment = server.get("/api/v1/payments/17").await.json();
    for amount in [&payment["payment"]["amount"], &payment["payment"]["fee"], &payment["reserved"]["max_fee"]] {
        assert_eq!(amount, &json!({"text": "as expected", "smallest": "1250000"}));
    }
    assert_eq!(payment["transactions"][0]["max_fee_per_gas"], json!("1000000000"));
    assert_eq!(payment["payment"]["state"], json!("broadcast"));
}
