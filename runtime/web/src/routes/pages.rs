//! The pages' paths: what is asked of the house for each. How it looks is for `crate::pages`.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
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
    Viewer,
    answer::{Refused, Sort},
    api::{ActionQuery, Refusal, RunQuery},
    pages::{self, Question, Sieve, Verb},
};

/// What was just done, by the redirect that followed it.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<Verb>,
}

impl Asked<Done> {
    pub(super) fn verb(self) -> Option<Verb> {
        self.0.ok().and_then(|done| done.done)
    }
}

pub(super) async fn overview(State(shared): State<Arc<Shared>>, viewer: Viewer, sieve: Filled<Sieve>) -> Html<String> {
    let sieve = sieve.0.unwrap_or_default();
    Html(pages::overview(&shared.house.overview().await, &sieve, &viewer))
}

pub(super) async fn job(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    name: Named<JobName>,
    done: Asked<Done>,
) -> Response {
    let Ok(name) = name.0 else { return nothing(&viewer) };
    show(&viewer, shared.house.job(&name).await, |job| pages::job(&job, done.verb(), &viewer))
}

/// Asks whether it is meant.
pub(super) async fn question(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    Path((name, verb)): Path<(String, String)>,
) -> Response {
    let (Ok(name), Some(verb)) = (name.parse(), job_verb(&verb)) else { return nothing(&viewer) };
    let job = shared.house.job(&name).await;
    show(&viewer, job, |job| pages::ask(Question::Job(verb, &job.job), &viewer))
}

pub(super) async fn runs(State(shared): State<Arc<Shared>>, viewer: Viewer, query: Filled<RunQuery>) -> Response {
    let query = match query.0 {
        Ok(query) => query,
        Err(refused) => return refused.answer_to(Sort::Page, &viewer),
    };
    let page = shared.house.runs(query.clone()).await.map(Some);
    show(&viewer, page, |page| pages::runs(&page, &query, shared.access.now(), &viewer))
}

pub(super) async fn run(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    id: Named<RunId>,
    done: Asked<Done>,
) -> Response {
    let Ok(id) = id.0 else { return nothing(&viewer) };
    show(&viewer, shared.house.run(id).await, |run| pages::run(&run, done.verb(), &viewer))
}

/// Asks whether it is meant.
pub(super) async fn cancel_question(State(shared): State<Arc<Shared>>, viewer: Viewer, id: Named<RunId>) -> Response {
    let Ok(id) = id.0 else { return nothing(&viewer) };
    show(&viewer, shared.house.run(id).await, |run| pages::ask(Question::Cancel(&run.run), &viewer))
}

pub(super) async fn plugins(State(shared): State<Arc<Shared>>, viewer: Viewer) -> Html<String> {
    Html(pages::plugins(&shared.house.plugins().await, shared.access.now(), &viewer))
}

pub(super) async fn chains(State(shared): State<Arc<Shared>>, viewer: Viewer) -> Html<String> {
    Html(pages::chains(&shared.house.chains().await, shared.access.now(), &viewer))
}

pub(super) async fn actions(State(shared): State<Arc<Shared>>, viewer: Viewer, query: Filled<ActionQuery>) -> Response {
    let query = match query.0 {
        Ok(query) => query,
        Err(refused) => return refused.answer_to(Sort::Page, &viewer),
    };
    let page = shared.house.actions(query).await.map(Some);
    show(&viewer, page, |page| pages::actions(&page, shared.access.now(), &viewer))
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

pub(super) fn nothing(viewer: &Viewer) -> Response {
    (StatusCode::NOT_FOUND, Html(pages::not_found(viewer))).into_response()
}

pub(super) fn show<T>(viewer: &Viewer, found: Result<Option<T>, Refusal>, page: impl FnOnce(T) -> String) -> Response {
    match found {
        Ok(Some(found)) => Html(page(found)).into_response(),
        Ok(None) => nothing(viewer),
        Err(refusal) => Refused::from(refusal).answer_to(Sort::Page, viewer),
    }
}
