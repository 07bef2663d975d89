//! The OpenAPI document that a process serves, as the judge of what it answers.

use serde_json::Value;

use crate::support::{Response, Watchkeeper};

/// The document.
pub(super) struct Document(Value);

impl Document {
    /// Asks a process for its own.
    pub(super) fn of(watchkeeper: &Watchkeeper) -> Self {
        let document = Self(watchkeeper.api("openapi.json"));
        document.resolve(&document.0);
        document
    }

    /// Follows every reference in a part of it.
    fn resolve(&self, part: &Value) {
        match part {
            Value::Object(fields) => {
                let reference = fields.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
                if let Some(reference) = reference {
                    assert!(self.0.pointer(reference).is_some(), "{reference} is nowhere");
                }
                fields.values().for_each(|field| self.resolve(field));
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.resolve(part)),
            _ => {}
        }
    }

    /// All paths of a method, as templates.
    pub(super) fn paths(&self, method: &str) -> Vec<&str> {
        let paths = self.0["paths"].as_object().expect("a document has paths").iter();
        paths
            .filter(|(_, methods)| methods.get(method.to_lowercase()).is_some())
            .map(|(path, _)| path.as_str())
            .collect()
    }

    /// Holds an answer against what the document says of its route: the status is named, and the body has the shape.
    #[track_caller]
    pub(super) fn check(&self, method: &str, path: &str, answer: &Response) {
        let template = self.template(path);
        let what = format!("{method} {path}: {} {}", answer.status, answer.text());
        let response = &self.0["paths"][template][method.to_lowercase()]["responses"][answer.status.to_string()];
        assert!(response.is_object(), "not documented: {what}");
        let schema = &response["content"][answer.header("content-type")]["schema"];
        assert!(schema.is_object(), "no schema for {:?}: {what}", answer.header("content-type"));
        self.validate(schema, &answer.json(), &what);
    }

    /// Holds the data of an event against the schema of events.
    #[track_caller]
    pub(super) fn check_event(&self, event: &Value) {
        let content = &self.0["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"];
        self.validate(&content["text/event-stream"]["schema"], event, "an event");
    }

    #[track_caller]
    fn validate(&self, schema: &Value, value: &Value, what: &str) {
        let mut whole = schema.clone();
        whole["components"] = self.0["components"].clone();
        let validator = jsonschema::draft202012::new(&whole).expect("a valid schema");
        let errors = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
        let errors: Vec<_> = errors.collect();
        assert!(errors.is_empty(), "{what}\n{errors:#?}");
    }

    /// The template that a path was made from.
    #[track_caller]
    fn template(&self, path: &str) -> &str {
        let asked: Vec<_> = path.split('?').next().unwrap_or_default().split('/').collect();
        let paths = self.0["paths"].as_object().expect("a document has paths").keys();
        let mut fitting = paths.filter(|template| {
            let parts: Vec<_> = template.split('/').collect();
            let fits = |(part, asked): (&&str, &&str)| part.starts_with('{') || part == asked;
            parts.len() == asked.len() && parts.iter().zip(&asked).all(fits)
        });
        fitting.next().unwrap_or_else(|| panic!("{path} is not in the document"))
    }
}
