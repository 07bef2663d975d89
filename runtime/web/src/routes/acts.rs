//! What `/api/v1` does. Each action ends even if who asked for it hangs up.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;
use watchkeeper_model::{AccountName, JobName, RunId};

use super::{
    Shared,
    ask::{self, Named},
};
use crate::{
    access::Identity,
    answer::Refused,
    api::{Act, Acted, Actor, ApprovePayments, Deed, Note, SkipNext, words},
};

/// The most due times that are left out at once.
const MAX_SKIPS: u32 = 1_000;

type Answer = Result<(StatusCode, Json<Acted>), Refused>;

/// Run a job now, besides its schedule
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/run", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 202, description = "It runs as soon as it gets its turn", body = Acted),
        (status = 404, description = "There is no such job"),
        (status = 409, description = "It can't run as it is"),
        (status = 503, description = "It can't run now"),
    ),
)]
pub(super) async fn run(name: Named<JobName>, wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::Run(name.0?), wish.said.note, StatusCode::ACCEPTED).await
}

/// Begin no run of a job by its schedule any more
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/pause", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "It is paused", body = Acted),
        (status = 404, description = "There is no such job"),
        (status = 409, description = "It is paused already"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn pause(name: Named<JobName>, wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::Pause(name.0?), wish.said.note, StatusCode::OK).await
}

/// Let a job that is paused go on
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/resume", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "It goes on", body = Acted),
        (status = 404, description = "There is no such job"),
        (status = 409, description = "It isn't paused"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn resume(name: Named<JobName>, wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::Resume(name.0?), wish.said.note, StatusCode::OK).await
}

/// Leave out the next due times of a job
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/skip-next", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = SkipNext, description = "May be left out: one due time then"),
    responses(
        (status = 200, description = "They will be left out", body = Acted),
        (status = 404, description = "There is no such job"),
        (status = 409, description = "It has no due times"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn skip_next(name: Named<JobName>, wish: Wish<SkipNext>) -> Answer {
    let deed = Deed::SkipNext { job: name.0?, count: skips(wish.said.count)? };
    wish.by.does(deed, wish.said.note, StatusCode::OK).await
}

/// End a run that is going
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/cancel", tag = "runs", params(("id" = words::RunId, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 202, description = "It is being ended", body = Acted),
        (status = 404, description = "There is no such run"),
        (status = 409, description = "It is over already"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn cancel(id: Named<RunId>, wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::Cancel(id.0?), wish.said.note, StatusCode::ACCEPTED).await
}

/// Begin no payment any more, of any account
///
/// What is signed already is still followed to its end.
#[utoipa::path(
    post, path = "/api/v1/payments/stop", tag = "payments",
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "All payments are stopped", body = Acted),
        (status = 404, description = "There is no account"),
        (status = 409, description = "They are stopped already"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn stop_payments(wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::StopPayments, wish.said.note, StatusCode::OK).await
}

/// Let payments that were stopped go on
#[utoipa::path(
    post, path = "/api/v1/payments/resume", tag = "payments",
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "They go on", body = Acted),
        (status = 404, description = "There is no account"),
        (status = 409, description = "They aren't stopped, or a file stops them"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn resume_payments(wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::ResumePayments, wish.said.note, StatusCode::OK).await
}

/// Let a job pay from an account with the component that it has now
#[utoipa::path(
    post, path = "/api/v1/accounts/{name}/approve", tag = "payments", params(("name" = words::AccountName, Path)),
    request_body(content = ApprovePayments, description = "The job, and the digest that stands in the account's `unapproved`"),
    responses(
        (status = 200, description = "It may pay", body = Acted),
        (status = 404, description = "There is no such account, or the job didn't ask for it"),
        (status = 409, description = "It doesn't go with how the account is"),
        (status = 503, description = "It can't be done now"),
    ),
)]
pub(super) async fn approve(name: Named<AccountName>, wish: Wish<Option<ApprovePayments>>) -> Answer {
    let account = name.0?;
    let Some(ApprovePayments { job, digest, note }) = wish.said else {
        let refused =
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "the request's body has to name `job` and `digest`");
        return Err(refused.hint("the account's `unapproved` has both"));
    };
    wish.by.does(Deed::ApprovePayments { account, job, digest }, note, StatusCode::OK).await
}

/// Take all transactions that the chain has of an account for known
///
/// For an account that stopped because others used it, or because the store is older than the chain.
#[utoipa::path(
    post, path = "/api/v1/accounts/{name}/adopt", tag = "payments", params(("name" = words::AccountName, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "The account goes on after them", body = Acted),
        (status = 404, description = "There is no such account"),
        (status = 409, description = "Payments of it are in flight"),
        (status = 503, description = "Its chain or the store doesn't answer"),
    ),
)]
pub(super) async fn adopt(name: Named<AccountName>, wish: Wish<Note>) -> Answer {
    wish.by.does(Deed::AdoptAccount(name.0?), wish.said.note, StatusCode::OK).await
}

/// What somebody who may act says about it, in the request's body.
pub(super) struct Wish<T> {
    by: Asker,
    said: T,
}

/// Somebody who may act, and where.
struct Asker {
    shared: Arc<Shared>,
    actor: Actor,
}

impl<T: DeserializeOwned + Default> FromRequest<Arc<Shared>> for Wish<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let identity = parts.extensions.get().cloned().unwrap_or(Identity::nobody());
        let actor = ask::actor(&identity, &parts.headers)?;
        let said = ask::json(shared, &parts.headers, body).await?;
        Ok(Self { by: Asker { shared: Arc::clone(shared), actor }, said })
    }
}

impl Asker {
    async fn does(self, deed: Deed, note: Option<String>, code: StatusCode) -> Answer {
        let acted = act(&self.shared, self.actor, Act { deed, note: ask::note(note)? }).await?;
        Ok((code, Json(acted)))
    }
}

/// How many due times to leave out.
///
/// # Errors
/// 422 for too many.
pub(super) fn skips(count: Option<u32>) -> Result<u32, Refused> {
    let count = count.unwrap_or(1);
    if count > MAX_SKIPS {
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`count` is 0 to {MAX_SKIPS}")));
    }
    Ok(count)
}

/// Acts on a task of its own.
///
/// # Errors
/// What the house refuses, 503 where too many act, or 500 where it broke down.
pub(super) async fn act(shared: &Arc<Shared>, by: Actor, act: Act) -> Result<Acted, Refused> {
    let Ok(place) = Arc::clone(&shared.acts).try_acquire_owned() else {
        let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, "too many actions are under way already");
        return Err(refused.hint("ask once more when some of them are done"));
    };
    let house = Arc::clone(&shared.house);
    let acting = tokio::spawn(async move {
        let _place = place;
        house.act(by, act).await
    });
    match acting.await {
        Ok(acted) => Ok(acted?),
        Err(error) => {
            tracing::error!(%error, "an action ended abruptly");
            Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "the action ended abruptly; the log says more"))
        }
    }
}
