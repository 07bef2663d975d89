//! The pages' paths: what is asked of the house for each. How it looks is for `crate::pages`.

use std::sync::Arc;

use axum::{
    extract::{Extension, Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use watchkeeper_model::{JobName, RunId};

use super::{
    Shared,
    ask::{Asked, Filled, Named},
};
use crate::{
    access::Identity,
    answer::{Refused, Sort},
    api::{ActionQuery, Refusal, RunQuery},
    pages::{self, Question, Sieve, Verb},
};

/// What was just done, by the redirect that followed it.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<Verb>,
}

pub(super) async fn overview(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    sieve: Filled<Sieve>,
) -> Html<String> {
    let sieve = sieve.0.unwrap_or_default();
    Html(pages::overview(&shared.house.overview().await, &sieve, &identity.viewer()))
}

pub(super) async fn job(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    name: Named<JobName>,
    done: Asked<Done>,
) -> Response {
    let Ok(name) = name.0 else { return nothing(&identity) };
    let done = done.0.ok().and_then(|done| done.done);
    show(&identity, shared.house.job(&name).await, |job| pages::job(&job, done, &identity.viewer()))
}

/// Asks whether it is meant.
pub(super) async fn question(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    Path((name, verb)): Path<(String, String)>,
) -> Response {
    let (Ok(name), Some(verb)) = (name.parse(), job_verb(&verb)) else { return nothing(&identity) };
    let job = shared.house.job(&name).await;
    show(&identity, job, |job| pages::ask(Question::Job(verb, &job.job), &identity.viewer()))
}

pub(super) async fn runs(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    query: Filled<RunQuery>,
) -> Response {
    let query = match query.0 {
        Ok(query) => query,
        Err(refused) => return refused.answer_to(Sort::Page, &identity.viewer()),
    };
    let page = shared.house.runs(query.clone()).await.map(Some);
    show(&identity, page, |page| pages::runs(&page, &query, shared.access.now(), &identity.viewer()))
}

pub(super) async fn run(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    id: Named<RunId>,
    done: Asked<Done>,
) -> Response {
    let Ok(id) = id.0 else { return nothing(&identity) };
    let done = done.0.ok().and_then(|done| done.done);
    show(&identity, shared.house.run(id).await, |run| pages::run(&run, done, &identity.viewer()))
}

/// Asks whether it is meant.
pub(super) async fn cancel_question(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    id: Named<RunId>,
) -> Response {
    let Ok(id) = id.0 else { return nothing(&identity) };
    show(&identity, shared.house.run(id).await, |run| pages::ask(Question::Cancel(&run.run), &identity.viewer()))
}

pub(super) async fn plugins(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
) -> Html<String> {
    Html(pages::plugins(&shared.house.plugins().await, shared.access.now(), &identity.viewer()))
}

pub(super) async fn chains(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
) -> Html<String> {
    Html(pages::chains(&shared.house.chains().await, shared.access.now(), &identity.viewer()))
}

pub(super) async fn actions(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    query: Filled<ActionQuery>,
) -> Response {
    let query = match query.0 {
        Ok(query) => query,
        Err(refused) => return refused.answer_to(Sort::Page, &identity.viewer()),
    };
    let page = shared.house.actions(query).await.map(Some);
    show(&identity, page, |page| pages::actions(&page, shared.access.now(), &identity.viewer()))
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLE).into_response()
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], pages::SCRIPT).into_response()
}

pub(super) async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], pages::ICON).into_response()
}

/// What can be done to a job, by the last part of the path.
pub(super) fn job_verb(text: &str) -> Option<Verb> {
    [Verb::Run, Verb::Pause, Verb::Resume, Verb::SkipNext].into_iter().find(|verb| verb.as_str() == text)
}

pub(super) fn nothing(identity: &Identity) -> Response {
    (StatusCode::NOT_FOUND, Html(pages::not_found(&identity.viewer()))).into_response()
}

fn show<T>(identity: &Identity, found: Result<Option<T>, Refusal>, page: impl FnOnce(T) -> String) -> Response {
    match found {
        Ok(Some(found)) => Html(page(found)).into_response(),
        Ok(None) => nothing(identity),
        Err(refusal) => Refused::from(refusal).answer_to(Sort::Page, &identity.viewer()),
    }
}
