//! How the house's words look in the document: the schemas of types that know nothing of HTTP.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};
use watchkeeper_model as model;

macro_rules! word {
    ($($name:ident: $schema:expr;)*) => {$(
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

word! {
    JobName: pattern("A job: the stem of its file.", "^[a-z0-9][a-z0-9_-]{0,62}$");
    AccountName: pattern("An account that payments are made from.", "^[a-z0-9][a-z0-9_-]{0,62}$");
    PluginName: pattern("A plugin: the stem of its component's file.", "^[a-z0-9][a-z0-9_-]{0,62}$");
    RunId: pattern("A run. Names sort by the time of the claim.", "^[0-7][0-9A-HJKMNP-TV-Z]{25}$");
    Digest: pattern("The name of a component's bytes.", "^sha256:[0-9a-f]{64}$");
    Outcome: one_of("How a run ended.", model::Outcome::ALL.map(model::Outcome::as_str));
    SkipReason: one_of("Why a due time led to no run.", model::SkipReason::ALL.map(model::SkipReason::as_str));
    PaymentState: one_of("Where a payment stands.", model::PaymentState::ALL.map(model::PaymentState::as_str));
    Window: one_of("What a cap counts over.", model::Window::ALL.map(model::Window::as_str));
    LogLevel: one_of("How much a line matters, the least first.", ["trace", "debug", "info", "warn", "error"]);
}

fn pattern(what: &str, pattern: &str) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).description(Some(what)).pattern(Some(pattern)).build().into()
}

fn one_of<const N: usize>(what: &str, words: [&'static str; N]) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).description(Some(what)).enum_values(Some(words)).build().into()
}
