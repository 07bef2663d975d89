//! The attributes and derives of `watchkeeper-sdk`, which re-exports them and documents their use. Here is only syntax: what
//! they check is what can be known from the tokens, so that a mistake is reported at its own place before any type is.

mod config;
mod metrics;
mod plugin;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes an async function the plugin of its crate: its exports, its name and version from `Cargo.toml`, the mapping of its
/// errors, and the report of its panics.
///
/// The function takes the config by value and, if the plugin has metrics, a reference to them; it returns
/// `watchkeeper_sdk::Result<String>`, whose text tells people in one line what was done.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::expand(arguments.into(), item.into()).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Makes a struct or enum part of a plugin's config: `Deserialize` that refuses unknown keys, and `JsonSchema`, in which doc
/// comments are the descriptions. serde's and schemars' own attributes work inside.
#[proc_macro_attribute]
pub fn config(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    config::expand(arguments.into(), &item).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Declares a plugin's metrics: each field is a `Gauge<N>`, `Counter<N>` or `Histogram<N>` with `N` labels, and its doc
/// comment is the help text.
///
/// On the struct: `#[metric(prefix = "chain", labels("chain"))]` puts `chain_` before each name and the label `chain` before
/// each field's own. On a field:
///
/// | key | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the family's whole name | prefix and field name |
/// | `unit = "…"` | the unit, which is also the name's suffix before `_total` | none |
/// | `labels("…", …)` | names of further labels | none |
/// | `buckets(0.1, 1, 10)` | a histogram's upper bounds, ascending | required |
/// | `flatten` | the field is a struct of metrics itself | |
#[proc_macro_derive(Metrics, attributes(metric))]
pub fn metrics(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    metrics::expand(&item).unwrap_or_else(|error| error.into_compile_error()).into()
}
