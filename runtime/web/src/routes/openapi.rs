//! The document: what `/api/v1` takes and answers, made from the types and the routes' own attributes.

use std::sync::LazyLock;

use axum::Json;
use utoipa::{
    OpenApi, PartialSchema, ToSchema,
    openapi::{
        self, Content, ContentBuilder, InfoBuilder, PathItem, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{acts, api, events};
use crate::{
    answer::PROBLEM,
    api::{Limit, Problem, TriggerKind},
};

static DOCUMENT: LazyLock<openapi::OpenApi> = LazyLock::new(document);

#[derive(OpenApi)]
#[openapi(
    paths(
        serve,
        api::whoami,
        api::jobs,
        api::job,
        api::job_schedule,
        acts::run,
        acts::pause,
        acts::resume,
        acts::skip_next,
        api::runs,
        api::run,
        acts::cancel,
        api::plugins,
        api::chains,
        api::accounts,
        acts::approve,
        acts::adopt,
        api::payments,
        api::payment,
        acts::stop_payments,
        acts::resume_payments,
        api::logs,
        api::actions,
        api::schedule,
        events::events,
    ),
    components(schemas(Problem, Limit, TriggerKind))
)]
struct Routes;

/// This document
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "access", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn serve() -> Json<&'static openapi::OpenApi> {
    Json(&DOCUMENT)
}

/// What any route may answer, whatever is asked: the guard's and the gate's refusals.
const ANY: [(&str, &str); 6] = [
    ("400", "The request can't be read"),
    ("401", "It takes a credential, or this one is wrong or has expired"),
    ("403", "The credential may not, or the request comes from a page of another site"),
    ("413", "The body is too large"),
    ("421", "This server is not the one that was meant"),
    ("429", "Too many credentials from this address were wrong"),
];

/// What those that read a body may answer besides.
const READERS: [(&str, &str); 4] = [
    ("408", "The body took too long"),
    ("415", "The body is not JSON"),
    ("422", "The body can't be meant so"),
    ("500", "The action ended abruptly"),
];

pub(crate) fn document() -> openapi::OpenApi {
    let mut document = Routes::openapi();
    document.info = InfoBuilder::new()
        .title("Watchkeeper")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Jobs, their runs and payments, and what can be done about them. Times are RFC 3339 in UTC, amounts of money \
             text; null is unknown.",
        ))
        .build();
    for path in document.paths.paths.values_mut() {
        for (operation, reads_body) in operations(path) {
            let responses = &mut operation.responses.responses;
            for (code, description) in ANY.into_iter().chain(READERS.into_iter().filter(|_| reads_body)) {
                let response = || ResponseBuilder::new().description(description).build().into();
                responses.entry(code.to_owned()).or_insert_with(response);
            }
            for (_, response) in responses.iter_mut().filter(|(code, _)| code.starts_with(['4', '5'])) {
                if let RefOr::T(response) = response {
                    response.content.insert(PROBLEM.to_owned(), problem());
                }
            }
        }
    }
    let components = document.components.get_or_insert_default();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let http = |scheme| SecurityScheme::Http(HttpBuilder::new().scheme(scheme).build());
    components.add_security_scheme("token", http(HttpAuthScheme::Bearer));
    components.add_security_scheme("password", http(HttpAuthScheme::Basic));
    let none: [&str; 0] = [];
    let either = ["token", "password"].map(|scheme| SecurityRequirement::new(scheme, none));
    document.security = Some([vec![SecurityRequirement::default()], either.to_vec()].concat());
    document
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let get = path.get.as_mut().map(|operation| (operation, false));
    let post = path.post.as_mut().map(|operation| (operation, true));
    [get, post].into_iter().flatten()
}

/// The body of every refusal.
fn problem() -> RefOr<Content> {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build().into()
}
