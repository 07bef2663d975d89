//! The document: what `/api/v1` takes and answers, made from the types and the routes' own attributes.

use std::sync::LazyLock;

use axum::Json;
use utoipa::{
    OpenApi, PartialSchema, ToSchema,
    openapi::{
        self, ContentBuilder, InfoBuilder, PathItem, Ref, ResponseBuilder,
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
            "Jobs, their runs, and what can be done about them. Times are RFC 3339 in UTC; null is unknown.",
        ))
        .build();
    for path in document.paths.paths.values_mut() {
        for (operation, reads_body) in operations(path) {
            let more = READERS.into_iter().filter(|_| reads_body);
            for (code, description) in ANY.into_iter().chain(more) {
                let response = problem(description);
                operation.responses.responses.entry(code.to_owned()).or_insert_with(|| response.into());
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

fn problem(description: &str) -> openapi::Response {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(PROBLEM, content).build()
}
