//! The paths of accounts and payments for people: their pages, and the questions before something is done about them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use watchkeeper_model::{AccountName, Digest, JobName};

use super::{
    Shared,
    ask::{Asked, Filled, Named},
    pages::{Done, nothing, show},
};
use crate::{
    Viewer,
    answer::Sort,
    api::{AccountInfo, Limit, PaymentQuery, PaymentSummary, Refusal, UnapprovedInfo},
    pages::{self, Question},
};

/// Payments of each account on the page of all accounts.
const RECENT: u16 = 10;

pub(super) async fn accounts(State(shared): State<Arc<Shared>>, viewer: Viewer, done: Asked<Done>) -> Response {
    let found = async {
        let treasury = shared.house.accounts().await?;
        let mut recent = BTreeMap::new();
        for account in &treasury.accounts {
            recent.insert(account.name.clone(), recent_of(&shared, &account.name).await?);
        }
        Ok(Some((treasury, recent)))
    };
    let found = found.await;
    show(&viewer, found, |(treasury, recent)| pages::accounts(&treasury, &recent, done.verb(), &viewer))
}

async fn recent_of(shared: &Shared, account: &AccountName) -> Result<Vec<PaymentSummary>, Refusal> {
    let query = PaymentQuery { account: Some(account.clone()), limit: Limit::new(RECENT), ..PaymentQuery::default() };
    Ok(shared.house.payments(query).await?.payments)
}

/// An account's place is on the page of all.
pub(super) async fn account(viewer: Viewer, name: Named<AccountName>) -> Response {
    match name.0 {
        Ok(name) => Redirect::to(&format!("/accounts#a-{name}")).into_response(),
        Err(_) => nothing(&viewer),
    }
}

pub(super) async fn payments(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    query: Filled<PaymentQuery>,
) -> Response {
    let query = match query.0 {
        Ok(query) => query,
        Err(refused) => return refused.answer_to(Sort::Page, &viewer),
    };
    let page = shared.house.payments(query.clone()).await.map(Some);
    show(&viewer, page, |page| pages::payments(&page, &query, shared.access.now(), &viewer))
}

pub(super) async fn payment(State(shared): State<Arc<Shared>>, viewer: Viewer, id: Named<u64>) -> Response {
    let Ok(id) = id.0 else { return nothing(&viewer) };
    show(&viewer, shared.house.payment(id).await, |payment| pages::payment(&payment, &viewer))
}

/// Asks whether it is meant.
pub(super) async fn stop_question(State(shared): State<Arc<Shared>>, viewer: Viewer) -> Response {
    show(&viewer, shared.house.accounts().await.map(Some), |_| pages::ask(Question::StopPayments, &viewer))
}

/// Asks whether it is meant.
pub(super) async fn resume_question(State(shared): State<Arc<Shared>>, viewer: Viewer) -> Response {
    show(&viewer, shared.house.accounts().await.map(Some), |_| pages::ask(Question::ResumePayments, &viewer))
}

/// What is to be approved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    job: JobName,
    digest: Digest,
}

/// Asks whether it is meant. Only what waits for an approval is asked about: a link from elsewhere names nothing else.
pub(super) async fn approve_question(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    name: Named<AccountName>,
    wanted: Asked<Wanted>,
) -> Response {
    let (Ok(name), Ok(Wanted { job, digest })) = (name.0, wanted.0) else { return nothing(&viewer) };
    let wanted = UnapprovedInfo { job, digest };
    let account = one(&shared, &name).await.map(|found| found.filter(|it| it.unapproved.contains(&wanted)));
    show(&viewer, account, |account| pages::ask(Question::Approve(&account.name, &wanted), &viewer))
}

/// Asks whether it is meant.
pub(super) async fn adopt_question(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    name: Named<AccountName>,
) -> Response {
    let Ok(name) = name.0 else { return nothing(&viewer) };
    show(&viewer, one(&shared, &name).await, |account| pages::ask(Question::Adopt(&account.name), &viewer))
}

async fn one(shared: &Shared, name: &AccountName) -> Result<Option<AccountInfo>, Refusal> {
    let treasury = shared.house.accounts().await?;
    Ok(treasury.accounts.into_iter().find(|account| account.name == *name))
}
