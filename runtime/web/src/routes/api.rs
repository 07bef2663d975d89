//! What `/api/v1` shows. The attributes are the document's; a test holds them against the routes.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Extension, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use watchkeeper_model::{JobName, RunId};

use super::{
    Shared, acts,
    ask::{Asked, Named, not_there},
    events, openapi,
};
use crate::{
    access::Identity,
    answer::Refused,
    api::{
        ActionPage, ActionQuery, ChainInfo, JobDetail, LogPage, LogQuery, Overview, PaymentDetail, PaymentPage,
        PaymentQuery, PluginInfo, Preview, PreviewOf, PreviewQuery, RunDetail, RunPage, RunQuery, Treasury, Who, words,
    },
};

type Answer<T> = Result<Json<T>, Refused>;

/// The paths, from `/api/v1` on.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/openapi.json", get(openapi::serve))
        .route("/whoami", get(whoami))
        .route("/jobs", get(jobs))
        .route("/jobs/{name}", get(job))
        .route("/jobs/{name}/schedule", get(job_schedule))
        .route("/jobs/{name}/run", post(acts::run))
        .route("/jobs/{name}/pause", post(acts::pause))
        .route("/jobs/{name}/resume", post(acts::resume))
        .route("/jobs/{name}/skip-next", post(acts::skip_next))
        .route("/runs", get(runs))
        .route("/runs/{id}", get(run))
        .route("/runs/{id}/cancel", post(acts::cancel))
        .route("/plugins", get(plugins))
        .route("/chains", get(chains))
        .route("/accounts", get(accounts))
        .route("/accounts/{name}/approve", post(acts::approve))
        .route("/accounts/{name}/adopt", post(acts::adopt))
        .route("/payments", get(payments))
        .route("/payments/{id}", get(payment))
        .route("/payments/stop", post(acts::stop_payments))
        .route("/payments/resume", post(acts::resume_payments))
        .route("/logs", get(logs))
        .route("/actions", get(actions))
        .route("/schedule", get(schedule))
        .route("/events", get(events::events))
}

/// Who is asking, and what they may
#[utoipa::path(get, path = "/api/v1/whoami", tag = "access", responses((status = 200, description = "You", body = Who)))]
pub(super) async fn whoami(Extension(identity): Extension<Identity>) -> Json<Who> {
    Json(identity.who())
}

/// The process, all jobs, and what is wrong
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", responses((status = 200, description = "All jobs", body = Overview)))]
pub(super) async fn jobs(State(shared): State<Arc<Shared>>) -> Json<Overview> {
    Json(shared.house.overview().await)
}

/// One job
#[utoipa::path(
    get, path = "/api/v1/jobs/{name}", tag = "jobs", params(("name" = words::JobName, Path)),
    responses(
        (status = 200, description = "The job", body = JobDetail),
        (status = 404, description = "There is no such job"),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn job(State(shared): State<Arc<Shared>>, name: Named<JobName>) -> Answer<JobDetail> {
    shared.house.job(&name.0?).await?.map(Json).ok_or_else(not_there)
}

/// How many due times to show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Count {
    count: Option<u32>,
}

/// The next due times of a job
#[utoipa::path(
    get, path = "/api/v1/jobs/{name}/schedule", tag = "schedules",
    params(
        ("name" = words::JobName, Path),
        ("count" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many; 10 unless told"),
    ),
    responses(
        (status = 200, description = "Its next due times", body = Preview),
        (status = 404, description = "There is no such job"),
        (status = 422, description = "The job has no schedule"),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn job_schedule(
    State(shared): State<Arc<Shared>>,
    name: Named<JobName>,
    query: Asked<Count>,
) -> Answer<Preview> {
    let count = count(query.0?.count)?;
    Ok(Json(shared.house.preview(PreviewOf::Job(name.0?), count).await?))
}

/// Runs, the newest first
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs", params(RunQuery),
    responses(
        (status = 200, description = "Some runs", body = RunPage),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn runs(State(shared): State<Arc<Shared>>, query: Asked<RunQuery>) -> Answer<RunPage> {
    Ok(Json(shared.house.runs(query.0?).await?))
}

/// One run, with its logs and its other attempts
#[utoipa::path(
    get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = words::RunId, Path)),
    responses(
        (status = 200, description = "The run", body = RunDetail),
        (status = 404, description = "There is no such run, or it isn't kept any more"),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn run(State(shared): State<Arc<Shared>>, id: Named<RunId>) -> Answer<RunDetail> {
    shared.house.run(id.0?).await?.map(Json).ok_or_else(not_there)
}

/// All plugins, with their powers in plain words
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", responses((status = 200, description = "All plugins", body = Vec<PluginInfo>)))]
pub(super) async fn plugins(State(shared): State<Arc<Shared>>) -> Json<Vec<PluginInfo>> {
    Json(shared.house.plugins().await)
}

/// All chains, with the health of their endpoints
#[utoipa::path(get, path = "/api/v1/chains", tag = "chains", responses((status = 200, description = "All chains", body = Vec<ChainInfo>)))]
pub(super) async fn chains(State(shared): State<Arc<Shared>>) -> Json<Vec<ChainInfo>> {
    Json(shared.house.chains().await)
}

/// All accounts, with what they may still spend and what is wrong
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "payments",
    responses(
        (status = 200, description = "All accounts", body = Treasury),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn accounts(State(shared): State<Arc<Shared>>) -> Answer<Treasury> {
    Ok(Json(shared.house.accounts().await?))
}

/// Payments, the newest first
#[utoipa::path(
    get, path = "/api/v1/payments", tag = "payments", params(PaymentQuery),
    responses(
        (status = 200, description = "Some payments", body = PaymentPage),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn payments(State(shared): State<Arc<Shared>>, query: Asked<PaymentQuery>) -> Answer<PaymentPage> {
    Ok(Json(shared.house.payments(query.0?).await?))
}

/// One payment, with its transactions
#[utoipa::path(
    get, path = "/api/v1/payments/{id}", tag = "payments", params(("id" = u64, Path)),
    responses(
        (status = 200, description = "The payment", body = PaymentDetail),
        (status = 404, description = "There is no such payment"),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn payment(State(shared): State<Arc<Shared>>, id: Named<u64>) -> Answer<PaymentDetail> {
    shared.house.payment(id.0?).await?.map(Json).ok_or_else(not_there)
}

/// Lines of logs, the oldest first
#[utoipa::path(
    get, path = "/api/v1/logs", tag = "runs", params(LogQuery),
    responses(
        (status = 200, description = "Some lines", body = LogPage),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn logs(State(shared): State<Arc<Shared>>, query: Asked<LogQuery>) -> Answer<LogPage> {
    Ok(Json(shared.house.logs(query.0?).await?))
}

/// What people did, the newest first
#[utoipa::path(
    get, path = "/api/v1/actions", tag = "access", params(ActionQuery),
    responses(
        (status = 200, description = "Some actions", body = ActionPage),
        (status = 503, description = "The store is away"),
    ),
)]
pub(super) async fn actions(State(shared): State<Arc<Shared>>, query: Asked<ActionQuery>) -> Answer<ActionPage> {
    Ok(Json(shared.house.actions(query.0?).await?))
}

/// The next due times of a schedule to try
#[utoipa::path(
    get, path = "/api/v1/schedule", tag = "schedules", params(PreviewQuery),
    responses(
        (status = 200, description = "Its next due times", body = Preview),
        (status = 422, description = "It is no schedule"),
    ),
)]
pub(super) async fn schedule(State(shared): State<Arc<Shared>>, query: Asked<PreviewQuery>) -> Answer<Preview> {
    let PreviewQuery { expression, every, time_zone, count: wish } = query.0?;
    let of = match (expression, every, time_zone) {
        (Some(expression), None, time_zone) => PreviewOf::Cron { expression, time_zone },
        (None, Some(every), None) => PreviewOf::Every(every),
        (None, Some(_), Some(_)) => return Err(bad("an interval has no `time_zone`")),
        (None, None, _) | (Some(_), Some(_), _) => return Err(bad("give one of `expression` and `every`")),
    };
    Ok(Json(shared.house.preview(of, count(wish)?).await?))
}

fn count(wish: Option<u32>) -> Result<usize, Refused> {
    let count = wish.unwrap_or(10);
    let count = usize::try_from(count).ok().filter(|count| (1..=100).contains(count));
    count.ok_or_else(|| bad("`count` is 1 to 100"))
}

fn bad(text: &str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, text)
}
