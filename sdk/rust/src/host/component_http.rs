//! Requests through WASI's client: a body goes out while the answer is awaited, and an answer counts once all of it is here.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
};

use crate::{
    bindings::http::{
        wasi::http::{
            client,
            types::{self as wit, ErrorCode},
        },
        wit_future, wit_stream,
    },
    http::{Error, Request, Response},
};

pub(crate) async fn http(request: Request) -> Result<Response, Error> {
    let service = request.parts()?.authority.to_owned();
    let failed = |code: ErrorCode| failed(&service, code);
    let (outgoing, body) = lower(request)?;
    let sent = while_writing(client::send(outgoing), body).await;
    let response = sent.map_err(failed)?;
    let status = response.get_status_code();
    let headers = response.get_headers().copy_all();
    let (_done, nothing_to_say) = wit_future::new(|| Ok(()));
    let (stream, end) = wit::Response::consume_body(response, nothing_to_say);
    let body = stream.collect().await;
    end.await.map_err(failed)?;
    Ok(Response { status, headers, body })
}

/// The request for the host, and what writes its body.
fn lower(request: Request) -> Result<(wit::Request, impl Future<Output = ()>), Error> {
    let refused = |what: &str| Error::Malformed(format!("{what} of the request to {}", request.url));
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let headers = wit::Fields::from_list(&headers.collect::<Vec<_>>()).map_err(|error| match error {
        wit::HeaderError::Forbidden => Error::Denied("a header that only the host sets".to_owned()),
        other => Error::Malformed(format!("headers: {other:?}")),
    })?;
    let (mut bytes, contents) = wit_stream::new();
    let (end, trailers) = wit_future::new(|| Ok(None));
    let (outgoing, _sent) = wit::Request::new(headers, Some(contents), trailers, None);
    let parts = request.parts()?;
    let scheme = if parts.https { wit::Scheme::Https } else { wit::Scheme::Http };
    outgoing.set_method(&method(&request.method)).map_err(|()| refused("the method"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| refused("the scheme"))?;
    outgoing.set_authority(Some(parts.authority)).map_err(|()| refused("the host"))?;
    outgoing.set_path_with_query(Some(parts.path_with_query)).map_err(|()| refused("the path"))?;
    let body = request.body;
    let write = async move {
        bytes.write_all(body).await;
        drop(bytes);
        // Who isn't read any more has answered already.
        let _unread = end.write(Ok(None)).await;
    };
    Ok((outgoing, write))
}

/// Waits for `answer` while `body` is written; what is left of the body then is dropped.
async fn while_writing<T>(answer: impl Future<Output = T>, body: impl Future<Output = ()>) -> T {
    let (mut answer, mut body) = (pin!(answer), pin!(body));
    let mut written = false;
    poll_fn(|context| {
        if let Poll::Ready(answer) = answer.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        written = written || body.as_mut().poll(context).is_ready();
        Poll::Pending
    })
    .await
}

fn method(method: &str) -> wit::Method {
    match method {
        "GET" => wit::Method::Get,
        "HEAD" => wit::Method::Head,
        "POST" => wit::Method::Post,
        "PUT" => wit::Method::Put,
        "DELETE" => wit::Method::Delete,
        "OPTIONS" => wit::Method::Options,
        "PATCH" => wit::Method::Patch,
        other => wit::Method::Other(other.to_owned()),
    }
}

fn failed(service: &str, code: ErrorCode) -> Error {
    match code {
        ErrorCode::InternalError(Some(text)) => match text.split_once(": ") {
            Some(("denied", why)) => Error::Denied(why.to_owned()),
            Some(("unavailable", why)) => Error::Unavailable(why.to_owned()),
            _ => Error::Other("http".to_owned(), text),
        },
        ErrorCode::HttpRequestDenied => Error::Denied(format!("request to {service}")),
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => {
            Error::Malformed(format!("request to {service}: {code:?}"))
        }
        other => Error::Unavailable(format!("{service}: {other:?}")),
    }
}
