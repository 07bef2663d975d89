//! A job's `[config]` table as the plugin's own type: its JSON Schema, and reading it with errors that name the key.

use schemars::schema_for;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::plugin::Plugin;

/// What `schema` answers: the plugin's name, version and description, and the JSON Schema of its config.
pub(crate) fn schema<P: Plugin>() -> String {
    let mut answer = serde_json::json!({ "name": P::NAME, "version": P::VERSION, "config": schema_for!(P::Config) });
    if let (Some(answer), false) = (answer.as_object_mut(), P::DESCRIPTION.is_empty()) {
        answer.insert("description".to_owned(), P::DESCRIPTION.into());
    }
    answer.to_string()
}

/// Reads a config; the error names the key, as `endpoint.timeout` or `percentiles[2]`.
pub(crate) fn parse<C: DeserializeOwned>(json: &str) -> Result<C, String> {
    let table: Value = serde_json::from_str(json).map_err(|error| format!("config is not JSON: {error}"))?;
    serde_path_to_error::deserialize(table).map_err(|error| match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        key => format!("key `{key}`: {}", error.inner()),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        chain: String,
        percentiles: Vec<u8>,
    }

    fn problem(json: &str) -> String {
        parse::<Config>(json).unwrap_err()
    }

    #[test]
    fn a_config_error_names_its_key() {
        assert_eq!(
            problem(r#"{"chain": "a", "percentiles": [10, 300]}"#),
            "key `percentiles[1]`: invalid value: integer `300`, expected u8"
        );
        assert_eq!(problem(r#"{"chain": "a"}"#), "missing field `percentiles`");
        assert_eq!(
            problem(r#"{"chain": "a", "percentiles": [], "chian": "b"}"#),
            "key `chian`: unknown field `chian`, expected `chain` or `percentiles`"
        );
        assert!(problem("{").starts_with("config is not JSON: "));
    }
}
