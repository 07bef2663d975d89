//! `#[derive(Metrics)]`: fields and their attributes to declarations.

mod attribute;
mod rules;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, GenericArgument, Lit, LitStr, Meta,
    PathArguments, Result, Type, spanned::Spanned,
};

use self::{
    attribute::{FieldOptions, StructOptions},
    rules::Kind,
};

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &item.data else {
        return Err(Error::new_spanned(&item.ident, "metrics are a struct with named fields"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(&item.ident, "metrics are a struct with named fields"));
    };
    if let Some(parameter) = item.generics.params.first() {
        return Err(Error::new_spanned(parameter, "a struct of metrics has no parameters"));
    }

    let options = StructOptions::read(&item.attrs)?;
    let mut problems: Option<Error> = None;
    let mut declarations = Vec::new();
    for field in &fields.named {
        match declaration(field, &options) {
            Ok(declaration) => declarations.push(declaration),
            Err(problem) => match &mut problems {
                Some(problems) => problems.combine(problem),
                None => problems = Some(problem),
            },
        }
    }
    if let Some(problems) = problems {
        return Err(problems);
    }

    let name = &item.ident;
    Ok(quote! {
        impl<C> ::watchkeeper_sdk::metrics::MetricSet<C> for #name {
            fn declare(
                config: &C,
                families: &mut ::watchkeeper_sdk::metrics::Families,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                ::core::result::Result::Ok(Self { #(#declarations)* })
            }
        }
    })
}

fn declaration(field: &Field, of_struct: &StructOptions) -> Result<TokenStream> {
    let (Some(ident), ty) = (&field.ident, &field.ty) else {
        return Err(Error::new_spanned(field, "a metric has a name"));
    };
    let options = FieldOptions::read(&field.attrs)?;
    if options.flatten {
        return Ok(quote_spanned! {ty.span()=>
            #ident: <#ty as ::watchkeeper_sdk::metrics::MetricSet<C>>::declare(config, families)?,
        });
    }

    let (kind, arity) = handle(ty)?;
    let name = match &options.name {
        Some(name) => name.clone(),
        None => LitStr::new(&of_struct.prefixed(&ident.to_string()), ident.span()),
    };
    rules::name(kind, &name, options.unit.as_ref())?;
    let labels: Vec<_> = of_struct.labels.iter().chain(&options.labels).collect();
    rules::labels(&labels)?;
    if arity.is_some_and(|arity| arity != labels.len()) {
        let names: Vec<_> = labels.iter().map(|label| format!("`{}`", label.value())).collect();
        let message = format!("this metric has {} labels ({})", labels.len(), names.join(", "));
        return Err(Error::new_spanned(ty, format!("{message}: write `{kind:?}<{}>`", labels.len())));
    }
    let buckets = rules::buckets(kind, ident, options.buckets.as_ref())?;
    let help = help(&field.attrs);
    if help.is_empty() {
        return Err(Error::new_spanned(ident, "a metric needs a doc comment: it is the help text in the exposition"));
    }

    let method = kind.method();
    let unit = options.unit.iter();
    // Where `N` is no literal, its disagreement with the labels shows here, as a type error at the field's type.
    Ok(quote_spanned! {ty.span()=>
        #ident: {
            let handle: #ty = families.#method(
                ::watchkeeper_sdk::metrics::Family::new(#name, #help)
                    #(.unit(#unit))*
                    .labels([#(#labels),*])
                    .buckets(::std::vec![#(#buckets),*]),
            );
            handle
        },
    })
}

/// The kind that a field's type names, and its number of labels where that is a literal.
fn handle(ty: &Type) -> Result<(Kind, Option<usize>)> {
    let segment = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let kind = segment.and_then(|segment| Kind::of(&segment.ident.to_string()));
    let (Some(segment), Some(kind)) = (segment, kind) else {
        return Err(Error::new_spanned(
            ty,
            "a metric is a `Gauge<N>`, `Counter<N>` or `Histogram<N>` with `N` labels; \
             for a struct of metrics write `#[metric(flatten)]` above the field",
        ));
    };
    let arity = match &segment.arguments {
        PathArguments::None => Some(0),
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Const(Expr::Lit(ExprLit { lit: Lit::Int(number), .. }))) => {
                number.base10_parse().ok()
            }
            _ => None,
        },
        PathArguments::Parenthesized(_) => None,
    };
    Ok((kind, arity))
}

/// The doc comment as one line.
fn help(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
