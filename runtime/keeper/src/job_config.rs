//! A job's `[config]` against its plugin's own schema: the first mistake, in the words of the job's file.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;
use watchkeeper_config::JobSpec;

use crate::job::JobError;

/// Checks a job's configuration.
///
/// # Errors
/// The first mistake by its key; a schema that is none.
pub(crate) fn check(spec: &JobSpec, schema: &Value) -> Result<(), JobError> {
    let validator = jsonschema::validator_for(schema).map_err(|error| JobError::Families {
        plugin: spec.plugin.to_string(),
        message: format!("its config schema is not a JSON Schema: {error}"),
    })?;
    let Some(mistake) = validator.iter_errors(&spec.config).next() else { return Ok(()) };
    let (key, message) = explain(&mistake, &spec.config);
    let key: Vec<&str> = ["config"].into_iter().chain(key.iter().map(String::as_str)).collect();
    let hint = format!("`watchkeeper plugin inspect` shows what `{}` takes", spec.plugin);
    Err(spec.origin.error(&key, message, hint).into())
}

/// The key below `[config]`, and what is wrong with it.
fn explain(mistake: &ValidationError<'_>, config: &Value) -> (Vec<String>, String) {
    let place = mistake.instance_path().to_string();
    let mut key: Vec<String> = place.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    match mistake.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            key.extend(unexpected.first().cloned());
            (key, "unknown key".to_owned())
        }
        // A table that takes no key at all.
        ValidationErrorKind::FalseSchema => {
            let keys = config.pointer(&place).and_then(Value::as_object).into_iter().flatten();
            key.extend(keys.map(|(name, _)| name.clone()).next());
            (key, "unknown key".to_owned())
        }
        ValidationErrorKind::Required { property } => {
            key.extend(property.as_str().map(str::to_owned));
            (key, "is missing".to_owned())
        }
        _ => (key, watchkeeper_contract::clean(&mistake.to_string(), 400)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn mistake(config: &str, schema: &Value) -> String {
        let text = format!("plugin = \"p\"\nevery = \"1s\"\n[config]\n{config}");
        let spec = JobSpec::parse(Path::new("a.toml"), &text).unwrap();
        let error = check(&spec, schema).unwrap_err().to_string();
        error.lines().next().unwrap().to_owned()
    }

    #[test]
    fn mistakes_name_their_key_in_the_words_of_the_file() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["chain"],
            "properties": {"chain": {"type": "string"}, "depth": {"type": "integer", "maximum": 9}},
        });
        assert_eq!(mistake("", &schema), "a.toml:3: config.chain: is missing");
        assert_eq!(mistake("chain = \"c\"\nchian = 1", &schema), "a.toml:5: config.chian: unknown key");
        assert_eq!(mistake("chain = 1", &schema), "a.toml:4: config.chain: 1 is not of type \"string\"");
        let above = "a.toml:5: config.depth: 10 is greater than the maximum of 9";
        assert_eq!(mistake("chain = \"c\"\ndepth = 10", &schema), above);
    }

    #[test]
    fn a_plugin_without_config_takes_no_key() {
        let schema = json!({"type": "object", "additionalProperties": false});
        assert_eq!(mistake("value = 1", &schema), "a.toml:4: config.value: unknown key");
    }
}
