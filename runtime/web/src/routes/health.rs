//! Health, readiness and reload, as Prometheus has them.

use std::sync::Arc;

use axum::{
    extract::{Extension, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::{Shared, ask};
use crate::{
    access::Identity,
    answer::{self, Sort},
};

pub(super) async fn healthy() -> &'static str {
    "Watchkeeper is healthy.\n"
}

pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.house.ready() {
        Ok(()) => "Watchkeeper is ready.\n".into_response(),
        Err(reason) => answer::text(StatusCode::SERVICE_UNAVAILABLE, &format!("Watchkeeper is not ready: {reason}")),
    }
}

/// Reloads one at a time, each on a task of its own: a client that hangs up must not leave one half-way.
pub(super) async fn reload(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
) -> Response {
    let by = match ask::actor(&identity, &headers) {
        Ok(by) => by,
        Err(refused) => return refused.answer(Sort::Text),
    };
    let turn = Arc::clone(&shared.reloading).lock_owned().await;
    let house = Arc::clone(&shared.house);
    let reload = tokio::spawn(async move {
        let _turn = turn;
        house.reload(by).await
    });
    match reload.await {
        Ok(Ok(())) => "reloaded\n".into_response(),
        Ok(Err(problems)) => answer::text(StatusCode::INTERNAL_SERVER_ERROR, &problems),
        Err(error) => {
            tracing::error!(%error, "reload ended abruptly");
            answer::text(StatusCode::INTERNAL_SERVER_ERROR, "the reload ended abruptly; its log says more")
        }
    }
}
