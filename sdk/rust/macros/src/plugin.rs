//! `#[plugin]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Error, FnArg, ItemFn, Result, ReturnType, Type, TypeReference, spanned::Spanned};

const SHAPE: &str = "write `async fn run(config: Config, metrics: &Metrics) -> Result<String>`";

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function: ItemFn = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[plugin]` goes on the function that is one run: {SHAPE}"))
    })?;
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "`#[plugin]` takes nothing: name and version are the package's"));
    }
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(signature.fn_token, format!("a plugin's function is async: {SHAPE}")));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a plugin's function has no type parameters"));
    }
    let ReturnType::Type(_, returned) = &signature.output else {
        return Err(Error::new_spanned(&signature.ident, format!("a plugin's function says what it did: {SHAPE}")));
    };
    let parameters: Vec<_> = signature.inputs.iter().collect();
    let (config, metrics) = match parameters.as_slice() {
        [config] => (config_type(config)?, None),
        [config, metrics] => (config_type(config)?, Some(metrics_type(metrics)?)),
        _ => {
            return Err(Error::new_spanned(
                &signature.ident,
                format!("a plugin's function takes the config, and the metrics if it has any: {SHAPE}"),
            ));
        }
    };

    let name = &signature.ident;
    let call = match metrics {
        Some(_) => quote_spanned!(returned.span()=> #name(config, metrics).await),
        None => quote_spanned!(returned.span()=> #name(config).await),
    };
    let metrics = metrics.map_or_else(|| quote!(::watchkeeper_sdk::metrics::NoMetrics), |metrics| quote!(#metrics));
    let only_one = quote_spanned!(name.span()=> a_crate_holds_one_plugin);
    Ok(quote! {
        #function

        #[allow(dead_code, non_camel_case_types)]
        struct #only_one;

        const _: () = {
            struct Plugin;

            impl ::watchkeeper_sdk::plugin::Plugin for Plugin {
                type Config = #config;
                type Metrics = #metrics;
                const NAME: &'static str = ::core::env!("CARGO_PKG_NAME");
                const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");
                const DESCRIPTION: &'static str = ::core::env!("CARGO_PKG_DESCRIPTION");

                #[allow(unused_variables)]
                async fn run(
                    config: Self::Config,
                    metrics: &Self::Metrics,
                ) -> ::watchkeeper_sdk::Result<::std::string::String> {
                    #call
                }
            }

            type Exports = ::watchkeeper_sdk::plugin::Exports<Plugin>;
            // Where nothing is exported, this counts as the plugin's use.
            const _: ::core::marker::PhantomData<Exports> = ::core::marker::PhantomData;
            #[cfg(target_arch = "wasm32")]
            ::watchkeeper_sdk::bindings::export!(Exports with_types_in ::watchkeeper_sdk::bindings);
        };
    })
}

fn config_type(parameter: &FnArg) -> Result<&Type> {
    match parameter {
        FnArg::Typed(typed) if !matches!(*typed.ty, Type::Reference(_)) => Ok(&typed.ty),
        other => Err(Error::new_spanned(other, format!("the config comes first and by value: {SHAPE}"))),
    }
}

fn metrics_type(parameter: &FnArg) -> Result<&Type> {
    if let FnArg::Typed(typed) = parameter
        && let Type::Reference(TypeReference { mutability: None, elem, .. }) = &*typed.ty
    {
        return Ok(elem);
    }
    Err(Error::new_spanned(parameter, format!("the metrics come second and as a shared reference: {SHAPE}")))
}
