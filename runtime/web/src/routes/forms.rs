//! What pages send: log in, log out, and the answers to their questions. Each ends in a redirect to a page, so that loading
//! it again does nothing twice.

use std::{collections::HashMap, convert::Infallible, str::FromStr, sync::Arc};

use axum::{
    body::Body,
    extract::{Extension, FromRequest, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use watchkeeper_model::{AccountName, RunId};

use super::{
    Shared, acts,
    ask::{self, Asked, Named, foreign_form, is_a},
    pages::{job_verb, nothing},
};
use crate::{
    Access,
    access::{self, Denied, Identity, LogIn},
    answer::{Refused, Sort},
    api::{Act, Actor, Deed},
    body,
    guard::Arrival,
    pages::{self, Verb},
};

/// Where it shows what was done about accounts and payments.
const ACCOUNTS: &str = "/accounts";

/// The fields of a form.
type Fields = HashMap<String, String>;

/// The query of the log-in page.
#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

pub(super) async fn login_page(query: Asked<Next>) -> Html<String> {
    let next = query.0.ok().and_then(|query| query.next);
    Html(pages::login(None, &own_page(next.as_deref()), &Identity::nobody().viewer()))
}

/// Makes a session from a token.
pub(super) async fn log_in(
    State(shared): State<Arc<Shared>>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let fields = match fields(&shared, &headers, body).await {
        Ok(fields) => fields,
        Err(refused) => return refused.answer(Sort::Page),
    };
    let next = own_page(fields.get("next").map(String::as_str));
    let token = fields.get("token").map(String::as_str).unwrap_or_default();
    match shared.access.log_in(token, arrival.peer.ip()) {
        Ok(id) => {
            let lifetime = access::LIFETIME.as_secs();
            with_cookie(Redirect::to(&next), arrival, &headers, &id, lifetime)
        }
        Err(LogIn::Denied(Denied::Wrong)) => {
            access::login_wanted(&shared.access, Some("This token is unknown, or has expired."), &next)
        }
        Err(LogIn::Denied(Denied::TooOften)) => {
            let text = "Too many tokens from this address were wrong. Try again in a second.";
            let page = pages::login(Some(text), &next, &Identity::nobody().viewer());
            (StatusCode::TOO_MANY_REQUESTS, Html(page)).into_response()
        }
        Err(LogIn::Failed(error)) => {
            tracing::error!(%error, "a session could not be begun");
            let refused = Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "the session could not be begun");
            refused.answer(Sort::Page)
        }
    }
}

pub(super) async fn log_out(
    State(shared): State<Arc<Shared>>,
    Extension(arrival): Extension<Arrival>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match fields(&shared, &headers, body).await {
        Ok(fields) if Access::is_own_form(&identity, fields.get("form_token").map(String::as_str)) => {
            shared.access.log_out(&identity);
            with_cookie(Redirect::to("/"), arrival, &headers, "", 0)
        }
        Ok(_) => foreign_form().answer_to(Sort::Page, &shared.viewer(&identity)),
        Err(refused) => refused.answer_to(Sort::Page, &shared.viewer(&identity)),
    }
}

pub(super) async fn act_on_job(
    Path((name, verb)): Path<(String, String)>,
    State(shared): State<Arc<Shared>>,
    form: Form,
) -> Response {
    let (Ok(job), Some(verb)) = (name.parse(), job_verb(&verb)) else { return form.nothing(&shared) };
    let deed = |fields: &Fields| {
        Ok(match verb {
            Verb::Run => Deed::Run(job),
            Verb::Pause => Deed::Pause(job),
            Verb::Resume => Deed::Resume(job),
            Verb::SkipNext => Deed::SkipNext { job, count: count(fields)? },
            _ => return Err(ask::not_there()),
        })
    };
    form.answer(&shared, &format!("/jobs/{name}"), verb, deed).await
}

pub(super) async fn cancel(id: Named<RunId>, State(shared): State<Arc<Shared>>, form: Form) -> Response {
    let Ok(id) = id.0 else { return form.nothing(&shared) };
    form.answer(&shared, &format!("/runs/{id}"), Verb::Cancel, |_| Ok(Deed::Cancel(id))).await
}

pub(super) async fn stop_payments(State(shared): State<Arc<Shared>>, form: Form) -> Response {
    form.answer(&shared, ACCOUNTS, Verb::StopPayments, |_| Ok(Deed::StopPayments)).await
}

pub(super) async fn resume_payments(State(shared): State<Arc<Shared>>, form: Form) -> Response {
    form.answer(&shared, ACCOUNTS, Verb::ResumePayments, |_| Ok(Deed::ResumePayments)).await
}

pub(super) async fn approve(name: Named<AccountName>, State(shared): State<Arc<Shared>>, form: Form) -> Response {
    let Ok(account) = name.0 else { return form.nothing(&shared) };
    let deed = |fields: &Fields| {
        let (job, digest) = (field(fields, "job")?, field(fields, "digest")?);
        Ok(Deed::ApprovePayments { account, job, digest })
    };
    form.answer(&shared, ACCOUNTS, Verb::Approve, deed).await
}

pub(super) async fn adopt(name: Named<AccountName>, State(shared): State<Arc<Shared>>, form: Form) -> Response {
    let Ok(account) = name.0 else { return form.nothing(&shared) };
    form.answer(&shared, ACCOUNTS, Verb::Adopt, |_| Ok(Deed::AdoptAccount(account))).await
}

/// A form that was sent, and by whom; not looked at yet.
pub(super) struct Form {
    identity: Identity,
    headers: HeaderMap,
    body: Body,
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let identity = parts.extensions.get().cloned().unwrap_or(Identity::nobody());
        Ok(Self { identity, headers: parts.headers, body })
    }
}

impl Form {
    /// There is nothing of the name in its path.
    fn nothing(self, shared: &Shared) -> Response {
        nothing(&shared.viewer(&self.identity))
    }

    /// Does what it asks for, and leads to a page that shows it.
    async fn answer(
        self,
        shared: &Arc<Shared>,
        page: &str,
        verb: Verb,
        deed: impl FnOnce(&Fields) -> Result<Deed, Refused>,
    ) -> Response {
        let done = async {
            let mut fields = fields(shared, &self.headers, self.body).await?;
            let by = actor(&self.identity, &fields)?;
            let (deed, note) = (deed(&fields)?, ask::note(fields.remove("note"))?);
            acts::act(shared, by, Act { deed, note }).await
        };
        match done.await {
            Ok(_) => Redirect::to(&format!("{page}?done={}", verb.as_str())).into_response(),
            Err(refused) => refused.answer_to(Sort::Page, &shared.viewer(&self.identity)),
        }
    }
}

fn actor(identity: &Identity, fields: &Fields) -> Result<Actor, Refused> {
    let own = Access::is_own_form(identity, fields.get("form_token").map(String::as_str));
    identity.actor.clone().filter(|_| own).ok_or_else(foreign_form)
}

/// A field that has to be there.
fn field<T: FromStr>(fields: &Fields, name: &str) -> Result<T, Refused> {
    let value = fields.get(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| {
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the form has no `{name}`, or a wrong one"))
    })
}

fn count(fields: &Fields) -> Result<u32, Refused> {
    let count = fields.get("count").map(|count| count.parse());
    let count = count.transpose().map_err(|_| {
        Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "how many due times to leave out is not a number")
    })?;
    acts::skips(count)
}

/// The body of a form. Of a field that comes twice, the last counts.
///
/// # Errors
/// 415 for another media type, and those of [`body::read`].
async fn fields(shared: &Arc<Shared>, headers: &HeaderMap, body: Body) -> Result<Fields, Refused> {
    if !is_a(headers, "application/x-www-form-urlencoded") {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the request's body is not that of a form"));
    }
    let bytes = body::read(body, shared.limits.body).await?;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// A page of ours; the first one where another place was given.
fn own_page(next: Option<&str>) -> String {
    let own = |next: &&str| {
        let printable = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        printable && next.starts_with('/') && !next.starts_with("//")
    };
    next.filter(own).unwrap_or("/").to_owned()
}

fn with_cookie(redirect: Redirect, arrival: Arrival, headers: &HeaderMap, id: &str, lifetime: u64) -> Response {
    let name = access::cookie_name(arrival.local.port());
    // Where a proxy ends TLS, the origin of the form's page tells of it; which origins there are, the guard has checked.
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let secured = arrival.tls || origin.is_some_and(|origin| origin.starts_with(b"https:"));
    let secure = if secured { "; Secure" } else { "" };
    let cookie = format!("{name}={id}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Strict{secure}");
    let mut response = redirect.into_response();
    // A name of ours, hexadecimal digits and numbers: always a header's value.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
