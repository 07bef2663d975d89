//! One request and its answer, within the service's bounds: it waits for a place, its body is read whole and sent once, and the
//! answer is counted while it streams. Whoever drops the answer ends the connection.

use std::{
    pin::Pin,
    sync::PoisonError,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep_until, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;
use wasmtime_wasi_http::{Error, WasiBody};
use watchkeeper_contract::clean;

use crate::{
    check::{Approved, deny},
    connect::connect,
    fault::Fault,
    hooks::Used,
    json_rpc::Call,
    telemetry::Exchange,
};

/// How much longer than its time a connection is kept.
const MOMENT: Duration = Duration::from_millis(500);
/// The most bytes of an answer's head.
const MAX_HEAD: usize = 64 << 10;

/// Sends a request. The answer's body is as it comes, and its end says whether it is whole.
pub(crate) async fn exchange(
    approved: Approved,
    body: WasiBody,
    used: Used,
    turn: OwnedSemaphorePermit,
) -> Result<Response<WasiBody>, Fault> {
    let service = &approved.service;
    let mut telemetry = Exchange::begin(&service.metrics, &service.name, approved.method.as_str());
    let deadline = Instant::now() + service.timeout;
    let within = timeout_at(deadline, begin(&approved, body, &used, deadline, &mut telemetry)).await;
    let (response, connection) = match within.unwrap_or(Err(Fault::Timeout)) {
        Ok(begun) => begun,
        Err(fault) => {
            telemetry.result(fault.as_str());
            if let Fault::Denied(why) = &fault {
                tracing::warn!(job = %approved.job, service = %service.name, why, "http request denied");
            }
            return Err(fault);
        }
    };
    Ok(response.map(|incoming| {
        let limit = service.max_response;
        let late = Box::pin(sleep_until(deadline));
        let mut answer = Answer {
            incoming,
            limit,
            left: limit,
            late,
            over: false,
            telemetry: Some(telemetry),
            _held: (turn, connection),
        };
        answer.note_end();
        answer.boxed_unsync()
    }))
}

type Begun = (Response<Incoming>, AbortOnDropHandle<()>);

async fn begin(
    approved: &Approved,
    body: WasiBody,
    used: &Used,
    deadline: Instant,
    telemetry: &mut Exchange,
) -> Result<Begun, Fault> {
    let service = &approved.service;
    let place = service.turns.clone().acquire_owned().await.map_err(|_closed| Fault::Broken)?;
    let body = checked_body(approved, body, telemetry).await?;
    let power = format!("http {} {}", service.name, telemetry.method());
    *used.lock().unwrap_or_else(PoisonError::into_inner).entry(power).or_default() += 1;
    let refuse = |what: String, hint: String| deny(&approved.job, &format!("\"{}\": {what}", service.name), &hint);
    let stream = connect(service, &refuse).await?;
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(|_| Fault::Broken)?;
    let connection = AbortOnDropHandle::new(tokio::spawn(async move {
        // An answer that nobody reads keeps its place no longer than the service gives it time; a moment more, so that who
        // does wait hears that it was too late, and not that it broke off.
        let _place = place;
        // What broke it, the request or the answer's body hears.
        let _heard_elsewhere = timeout_at(deadline + MOMENT, connection).await;
    }));
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = approved.method.clone();
    *request.uri_mut() = approved.path.clone().into();
    request.headers_mut().clone_from(&approved.headers);
    let mut response = sender.send_request(request).await.map_err(|error| sending(&error))?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Fault::Upgrade);
    }
    if response.body().size_hint().lower() > service.max_response {
        return Err(Fault::AnswerTooLarge(service.max_response));
    }
    response.headers_mut().remove(header::SET_COOKIE);
    telemetry.result(result(response.status()));
    Ok((response, connection))
}

/// The body that leaves: the plugin's own, or the call that the grant names, written anew.
async fn checked_body(approved: &Approved, body: WasiBody, telemetry: &mut Exchange) -> Result<Bytes, Fault> {
    let service = &approved.service;
    let limit = usize::try_from(service.max_request).unwrap_or(usize::MAX);
    let body = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Fault::RequestTooLarge(service.max_request) } else { Fault::RequestBroken }
    })?;
    let body = body.to_bytes();
    let Some(names) = approved.allowed().and_then(|allowed| allowed.json_rpc.as_ref()) else { return Ok(body) };
    let refuse = |what: &str, hint: &str| deny(&approved.job, &format!("\"{}\": {what}", service.name), hint);
    let key = format!("`grants.http.{}.json_rpc_methods`", service.name);
    let unreadable = |problem: String| {
        let what = format!("not one JSON-RPC call: {}", clean(&problem, 200));
        refuse(&what, &format!("{key} lets through one call at a time, with jsonrpc, id, method and params once each"))
    };
    let call = Call::read(&body).map_err(unreadable)?;
    if !names.contains(&call.method) {
        let what = format!("JSON-RPC method \"{}\" is not granted", clean(&call.method, 64));
        return Err(refuse(&what, &format!("add it to {key}")));
    }
    telemetry.calls(&call.method);
    Ok(call.write().map_err(unreadable)?.into())
}

fn sending(error: &hyper::Error) -> Fault {
    if error.is_parse() || error.is_parse_too_large() { Fault::Protocol } else { Fault::Broken }
}

fn result(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..=399 => "ok",
        400..=499 => "client_error",
        _ => "server_error",
    }
}

/// An answer's body: bounded, in time, and spoken of at its end.
struct Answer {
    incoming: Incoming,
    limit: u64,
    left: u64,
    late: Pin<Box<Sleep>>,
    over: bool,
    /// Taken when the end is known.
    telemetry: Option<Exchange>,
    /// The run's place, and the connection, which has the service's; until this is dropped.
    _held: (OwnedSemaphorePermit, AbortOnDropHandle<()>),
}

impl Answer {
    fn note_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.telemetry = None;
        }
    }

    fn fail(&mut self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.over = true;
        if let Some(mut telemetry) = self.telemetry.take() {
            telemetry.result(fault.as_str());
        }
        Poll::Ready(Some(Err(fault.into())))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        if this.late.as_mut().poll(context).is_ready() {
            return this.fail(Fault::Slow);
        }
        loop {
            let frame = match ready!(Pin::new(&mut this.incoming).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return this.fail(Fault::Broken),
                None => {
                    this.over = true;
                    this.telemetry = None;
                    return Poll::Ready(None);
                }
            };
            // Trailers are nobody's.
            let Ok(data) = frame.into_data() else { continue };
            let Some(left) = this.left.checked_sub(data.len() as u64) else {
                return this.fail(Fault::AnswerTooLarge(this.limit));
            };
            this.left = left;
            this.note_end();
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Answer {
    /// Nobody wanted the rest.
    fn drop(&mut self) {
        if let Some(mut telemetry) = self.telemetry.take() {
            telemetry.result("cancelled");
        }
    }
}
