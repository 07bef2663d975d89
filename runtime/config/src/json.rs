//! A job's `[config]` as JSON, the form in which plugins read it.

use serde_json::{Map, Number, Value};

use crate::{
    ConfigError,
    source::{KeyPath, Source},
};

/// Tables become objects, dates and times become texts; NaN and the infinities have no JSON and are refused.
pub(crate) fn to_json(source: &Source<'_>, key: &KeyPath, value: toml::Value) -> Result<Value, ConfigError> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Number::from_f64(number).map(Value::Number).ok_or_else(|| {
            source.error(key, format!("{number} has no form in JSON"), "write a finite number, or leave the key out")
        })?,
        toml::Value::Boolean(yes) => Value::Bool(yes),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| to_json(source, &key.with(index), item))
            .collect::<Result<_, _>>()?,
        toml::Value::Table(table) => table_to_json(source, key, table)?,
    })
}

pub(crate) fn table_to_json(source: &Source<'_>, key: &KeyPath, table: toml::Table) -> Result<Value, ConfigError> {
    let entry = |(name, value): (String, toml::Value)| {
        let json = to_json(source, &key.with(&*name), value)?;
        Ok((name, json))
    };
    table.into_iter().map(entry).collect::<Result<Map<_, _>, _>>().map(Value::Object)
}
