//! What `/api/v1` does. Each action ends even if who asked for it hangs up.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Extension, State},
    http::{HeaderMap, StatusCode},
};
use watchkeeper_model::{JobName, RunId};

use super::{
    Shared,
    ask::{self, Named},
};
use crate::{
    access::Identity,
    answer::Refused,
    api::{Act, Acted, Actor, Deed, Note, Problem, SkipNext, words},
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
        (status = 404, description = "There is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It can't run as it is", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It can't run now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn run(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    name: Named<JobName>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (by, note) = who_and_why(&shared, &identity, &headers, body).await?;
    act(&shared, by, Act { deed: Deed::Run(name.0?), note }).await.map(|acted| (StatusCode::ACCEPTED, Json(acted)))
}

/// Begin no run of a job by its schedule any more
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/pause", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "It is paused", body = Acted),
        (status = 404, description = "There is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is paused already", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It can't be done now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn pause(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    name: Named<JobName>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (by, note) = who_and_why(&shared, &identity, &headers, body).await?;
    act(&shared, by, Act { deed: Deed::Pause(name.0?), note }).await.map(|acted| (StatusCode::OK, Json(acted)))
}

/// Let a job that is paused go on
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/resume", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 200, description = "It goes on", body = Acted),
        (status = 404, description = "There is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It isn't paused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It can't be done now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn resume(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    name: Named<JobName>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (by, note) = who_and_why(&shared, &identity, &headers, body).await?;
    act(&shared, by, Act { deed: Deed::Resume(name.0?), note }).await.map(|acted| (StatusCode::OK, Json(acted)))
}

/// Leave out the next due times of a job
#[utoipa::path(
    post, path = "/api/v1/jobs/{name}/skip-next", tag = "jobs", params(("name" = words::JobName, Path)),
    request_body(content = SkipNext, description = "May be left out: one due time then"),
    responses(
        (status = 200, description = "They will be left out", body = Acted),
        (status = 404, description = "There is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has no due times", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It can't be done now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn skip_next(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    name: Named<JobName>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let by = ask::actor(&identity, &headers)?;
    let SkipNext { count, note } = ask::json(&shared, &headers, body).await?;
    let deed = Deed::SkipNext { job: name.0?, count: skips(count)? };
    act(&shared, by, Act { deed, note: ask::note(note)? }).await.map(|acted| (StatusCode::OK, Json(acted)))
}

/// End a run that is going
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/cancel", tag = "runs", params(("id" = words::RunId, Path)),
    request_body(content = Note, description = "May be left out"),
    responses(
        (status = 202, description = "It is being ended", body = Acted),
        (status = 404, description = "There is no such run", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is over already", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It can't be done now", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    id: Named<RunId>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (by, note) = who_and_why(&shared, &identity, &headers, body).await?;
    act(&shared, by, Act { deed: Deed::Cancel(id.0?), note }).await.map(|acted| (StatusCode::ACCEPTED, Json(acted)))
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
/// What the house refuses, or 500 where it broke down.
pub(super) async fn act(shared: &Arc<Shared>, by: Actor, act: Act) -> Result<Acted, Refused> {
    let house = Arc::clone(&shared.house);
    match tokio::spawn(async move { house.act(by, act).await }).await {
        Ok(acted) => Ok(acted?),
        Err(error) => {
            tracing::error!(%error, "an action ended abruptly");
            Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "the action ended abruptly; the log says more"))
        }
    }
}

async fn who_and_why(
    shared: &Arc<Shared>,
    identity: &Identity,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Actor, Option<crate::api::Text>), Refused> {
    let by = ask::actor(identity, headers)?;
    let Note { note } = ask::json(shared, headers, body).await?;
    Ok((by, ask::note(note)?))
}
