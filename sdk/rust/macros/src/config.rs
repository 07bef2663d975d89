//! `#[config]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Result};

pub(crate) fn expand(arguments: TokenStream, item: &DeriveInput) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "`#[config]` takes nothing"));
    }
    if let Data::Union(data) = &item.data {
        return Err(Error::new_spanned(data.union_token, "a config is a struct or an enum"));
    }
    let deny = has_named_fields(&item.data).then(|| quote!(#[serde(deny_unknown_fields)]));
    Ok(quote! {
        #[derive(::watchkeeper_sdk::serde::Deserialize, ::watchkeeper_sdk::schemars::JsonSchema)]
        #[serde(crate = "::watchkeeper_sdk::serde")]
        #[schemars(crate = "::watchkeeper_sdk::schemars")]
        #deny
        #item
    })
}

fn has_named_fields(data: &Data) -> bool {
    let named = |fields: &Fields| matches!(fields, Fields::Named(_));
    match data {
        Data::Struct(data) => named(&data.fields),
        Data::Enum(data) => data.variants.iter().any(|variant| named(&variant.fields)),
        Data::Union(_) => false,
    }
}
