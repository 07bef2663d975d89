//! The stream of changes, as server-sent events. Each has its name in `event` and its JSON in `data`; a comment every few
//! seconds shows that the line still stands.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{Extension, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::stream;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast, watch},
    time::{Interval, MissedTickBehavior, interval},
};

use super::Shared;
use crate::{Access, access::Identity, answer::Refused, api::Event};

/// What a browser waits before it connects again, in milliseconds.
const RETRY: &str = "retry: 5000\n\n";

/// What changes from now on, as server-sent events
///
/// Each event's `data` is one `Event`. A reader that is too slow misses events and gets `lagged`.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events",
    responses(
        (status = 200, description = "Events, until the reader leaves or the server ends", body = Event, content_type = "text/event-stream"),
        (status = 503, description = "Too many read events already"),
    ),
)]
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(identity): Extension<Identity>,
) -> Result<Response, Refused> {
    let Ok(place) = Arc::clone(&shared.readers).try_acquire_owned() else {
        let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, "too many read the events already");
        return Err(refused.hint("ask for what you need from time to time, or close another reader"));
    };
    let mut heartbeat = interval(shared.limits.heartbeat);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let reader = Reader {
        events: shared.house.events(),
        ended: shared.ended.clone(),
        heartbeat,
        access: Arc::clone(&shared.access),
        identity,
        begun: false,
        _place: place,
    };
    let frames = stream::unfold(reader, |mut reader| async {
        let frame = reader.next().await?;
        Some((Ok::<_, Infallible>(frame), reader))
    });
    let mut response = Response::new(Body::from_stream(frames));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

/// One who reads the events.
struct Reader {
    events: broadcast::Receiver<Arc<Event>>,
    ended: watch::Receiver<bool>,
    heartbeat: Interval,
    access: Arc<Access>,
    identity: Identity,
    begun: bool,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// What to send next; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.begun {
            self.begun = true;
            return Some(Bytes::from_static(RETRY.as_bytes()));
        }
        let frame = tokio::select! {
            // An error means that the server is gone, which is an end, too.
            _ = self.ended.wait_for(|ended| *ended) => None,
            _ = self.heartbeat.tick() => Some(Bytes::from_static(b":\n\n")),
            event = self.events.recv() => match event {
                Ok(event) => frame(&event),
                Err(broadcast::error::RecvError::Lagged(missed)) => frame(&Event::Lagged { missed }),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }?;
        self.access.holds(&self.identity).await.then_some(frame)
    }
}

fn frame(event: &Event) -> Option<Bytes> {
    match serde_json::to_string(event) {
        // JSON on one line: it has no line feed.
        Ok(data) => Some(format!("event: {}\ndata: {data}\n\n", event.name()).into()),
        Err(error) => {
            tracing::error!(%error, "an event could not be written");
            None
        }
    }
}
