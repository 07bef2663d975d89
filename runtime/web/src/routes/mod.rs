//! The paths. They are Prometheus' own wherever it has one.

mod accounts;
mod acts;
mod api;
mod ask;
mod events;
mod forms;
mod health;
mod openapi;
mod pages;
mod scrape;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    middleware,
    response::Response,
    routing::{get, post},
};
use tokio::sync::{Mutex, Semaphore, watch};

use crate::{
    Access, House, Options, ProbeRequest, ScrapeRequest, ScrapeResponse, Viewer,
    access::{Identity, admit},
    answer::{Refused, Sort},
    api::Refusal,
    coalesce::Coalesce,
    guard,
    serve::Limits,
};

#[cfg(test)]
pub(crate) use openapi::document;

/// What all routes share.
struct Shared {
    house: Arc<dyn House>,
    access: Arc<Access>,
    scrapes: Coalesce<ScrapeRequest, ScrapeResponse>,
    probes: Coalesce<ProbeRequest, Result<ScrapeResponse, Refusal>>,
    reloading: Arc<Mutex<()>>,
    limits: Limits,
    /// Places for readers of the event stream.
    readers: Arc<Semaphore>,
    /// Places for actions.
    acts: Arc<Semaphore>,
    /// Becomes true when the server ends.
    ended: watch::Receiver<bool>,
}

impl Shared {
    /// Who looks at a page of this house.
    fn viewer(&self, identity: &Identity) -> Viewer {
        Viewer { has_accounts: self.house.has_accounts(), ..identity.viewer() }
    }
}

impl FromRequestParts<Arc<Shared>> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let identity = parts.extensions.get().cloned().unwrap_or(Identity::nobody());
        Ok(shared.viewer(&identity))
    }
}

pub(crate) fn router(limits: Limits, house: Arc<dyn House>, options: Options, ended: watch::Receiver<bool>) -> Router {
    let access = Arc::clone(&options.access);
    let shared = Shared {
        house,
        access: Arc::clone(&access),
        scrapes: Coalesce::default(),
        probes: Coalesce::default(),
        reloading: Arc::default(),
        limits,
        readers: Arc::new(Semaphore::new(limits.readers)),
        acts: Arc::new(Semaphore::new(limits.acts)),
        ended,
    };
    Router::new()
        .merge(page_routes())
        .nest("/api/v1", api::routes())
        .route("/metrics", get(scrape::metrics))
        .route("/probe", get(scrape::probe))
        .route("/-/healthy", get(health::healthy))
        .route("/-/ready", get(health::ready))
        .route("/-/reload", post(health::reload).put(health::reload))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .with_state(Arc::new(shared))
        .layer(middleware::from_fn_with_state(access, admit))
        .layer(middleware::from_fn_with_state(Arc::new(options), guard::guard))
}

fn page_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(pages::overview))
        .route("/jobs/{name}", get(pages::job))
        .route("/jobs/{name}/{verb}", get(pages::question).post(forms::act_on_job))
        .route("/runs", get(pages::runs))
        .route("/runs/{id}", get(pages::run))
        .route("/runs/{id}/cancel", get(pages::cancel_question).post(forms::cancel))
        .route("/plugins", get(pages::plugins))
        .route("/chains", get(pages::chains))
        .route("/accounts", get(accounts::accounts))
        .route("/accounts/{name}", get(accounts::account))
        .route("/accounts/{name}/approve", get(accounts::approve_question).post(forms::approve))
        .route("/accounts/{name}/adopt", get(accounts::adopt_question).post(forms::adopt))
        .route("/payments", get(accounts::payments))
        .route("/payments/{id}", get(accounts::payment))
        .route("/payments/stop", get(accounts::stop_question).post(forms::stop_payments))
        .route("/payments/resume", get(accounts::resume_question).post(forms::resume_payments))
        .route("/actions", get(pages::actions))
        .route("/login", get(forms::login_page).post(forms::log_in))
        .route("/logout", post(forms::log_out))
        .route("/style.css", get(pages::style))
        .route("/script.js", get(pages::script))
        .route("/icon.svg", get(pages::icon))
}

async fn nothing_here(viewer: Viewer, request: Request) -> Response {
    if Sort::of(&request) == Sort::Page {
        return pages::nothing(&viewer);
    }
    Refused::new(StatusCode::NOT_FOUND, "nothing here").answer(Sort::of(&request))
}

/// The path is there, and the method isn't. What it takes instead stands in `Allow`.
async fn not_so(request: Request) -> Response {
    let text = format!("{} is not taken here", request.method());
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, text).answer(Sort::of(&request))
}
