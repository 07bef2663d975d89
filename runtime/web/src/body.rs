//! Request bodies: bounded in size and in time, and read only where a route wants one.

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::answer::Refused;

/// The most bytes of a request body.
pub(crate) const MOST: u64 = 64 << 10;

/// Reads a whole body.
///
/// # Errors
/// 413 for a large one, 408 for a slow one, 400 for one that breaks off.
pub(crate) async fn read(body: Body, patience: Duration) -> Result<Bytes, Refused> {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refused::new(StatusCode::BAD_REQUEST, "the request's body broke off")),
        Err(_) => {
            let text = format!("the request's body took longer than {} s", patience.as_secs_f64());
            Err(Refused::new(StatusCode::REQUEST_TIMEOUT, text))
        }
    }
}

pub(crate) fn too_large() -> Refused {
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the request's body is larger than {MOST} bytes"))
}
