//! The keys of `#[metric(…)]`.

use syn::{
    Attribute, Error, Expr, LitStr, Result, Token, meta::ParseNestedMeta, parenthesized, punctuated::Punctuated,
};

/// What stands on the struct.
#[derive(Default)]
pub(super) struct StructOptions {
    prefix: Option<LitStr>,
    pub(super) labels: Vec<LitStr>,
}

/// What stands on a field.
#[derive(Default)]
pub(super) struct FieldOptions {
    pub(super) name: Option<LitStr>,
    pub(super) unit: Option<LitStr>,
    pub(super) labels: Vec<LitStr>,
    pub(super) buckets: Option<Punctuated<Expr, Token![,]>>,
    pub(super) flatten: bool,
}

impl StructOptions {
    pub(super) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("metric")) {
            attribute.parse_nested_meta(|meta| match key(&meta).as_str() {
                "prefix" => once(&meta, &mut options.prefix),
                "labels" => list(&meta, &mut options.labels),
                _ => Err(unknown(&meta, &["prefix", "labels"])),
            })?;
        }
        Ok(options)
    }

    pub(super) fn prefixed(&self, field: &str) -> String {
        match &self.prefix {
            Some(prefix) => format!("{}_{field}", prefix.value()),
            None => field.to_owned(),
        }
    }
}

impl FieldOptions {
    pub(super) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("metric")) {
            attribute.parse_nested_meta(|meta| match key(&meta).as_str() {
                "name" => once(&meta, &mut options.name),
                "unit" => once(&meta, &mut options.unit),
                "labels" => list(&meta, &mut options.labels),
                "buckets" => {
                    let content;
                    parenthesized!(content in meta.input);
                    options.buckets = Some(Punctuated::parse_terminated(&content)?);
                    Ok(())
                }
                "flatten" => {
                    options.flatten = true;
                    Ok(())
                }
                _ => Err(unknown(&meta, &["name", "unit", "labels", "buckets", "flatten"])),
            })?;
        }
        Ok(options)
    }
}

fn key(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

fn once(meta: &ParseNestedMeta<'_>, value: &mut Option<LitStr>) -> Result<()> {
    if value.is_some() {
        return Err(meta.error(format!("`{}` is given twice", key(meta))));
    }
    *value = Some(meta.value()?.parse()?);
    Ok(())
}

fn list(meta: &ParseNestedMeta<'_>, values: &mut Vec<LitStr>) -> Result<()> {
    let content;
    parenthesized!(content in meta.input);
    values.extend(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?);
    Ok(())
}

fn unknown(meta: &ParseNestedMeta<'_>, known: &[&str]) -> Error {
    let key = key(meta);
    let nearest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(name, &key), name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    let hint = match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("known: {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    meta.error(format!("unknown key `{key}`, {hint}"))
}
