//! The keys of a configuration from its JSON Schema: one row each, tables and lists within it by their path.

use std::collections::BTreeSet;

use serde_json::Value;

use super::markdown::{code, row, text};

/// How deep tables are followed: a schema may speak of itself.
const DEPTH: usize = 8;
/// The most keys of a page.
const MOST: usize = 500;

/// The table of keys.
pub(super) fn table(schema: &Value) -> String {
    let mut keys = Keys { schema, rows: Vec::new() };
    keys.of_table(schema, "", 0);
    if keys.rows.is_empty() {
        return "It takes no keys.\n".to_owned();
    }
    let head = [row(&["key", "type", "if left out", "meaning"]), row(&["---"; 4])];
    head.into_iter().chain(keys.rows).collect()
}

struct Keys<'a> {
    schema: &'a Value,
    rows: Vec<String>,
}

impl<'a> Keys<'a> {
    /// One row for each key of a table, those within it after it.
    fn of_table(&mut self, table: &'a Value, path: &str, depth: usize) {
        let required: BTreeSet<&str> = list(&table["required"]).filter_map(Value::as_str).collect();
        for (key, property) in table["properties"].as_object().into_iter().flatten() {
            if depth >= DEPTH || self.rows.len() >= MOST {
                return;
            }
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let meant = self.meant(property);
            let left_out = match property.get("default") {
                _ if required.contains(key.as_str()) => "required".to_owned(),
                Some(Value::Null) | None => String::new(),
                Some(default) => code(&shown(default)),
            };
            let row = row(&[&code(&path), &self.kind(meant), &left_out, &self.meaning(property, meant)]);
            if !self.rows.contains(&row) {
                self.rows.push(row);
            }
            self.within(meant, &path, depth + 1);
        }
    }

    /// The keys of a table, of the tables that a list holds, or of each that may stand there.
    fn within(&mut self, schema: &'a Value, path: &str, depth: usize) {
        if depth >= DEPTH {
            return;
        }
        if schema["properties"].is_object() {
            self.of_table(schema, path, depth);
        } else if schema["items"].is_object() {
            let items = self.meant(&schema["items"]);
            self.within(items, &format!("{path}[]"), depth + 1);
        } else {
            for choice in ["anyOf", "oneOf"].into_iter().flat_map(|word| list(&schema[word])) {
                self.within(self.meant(choice), path, depth + 1);
            }
        }
    }

    /// What a schema stands for: what it refers to, and the one thing that it may be beside nothing.
    fn meant(&self, schema: &'a Value) -> &'a Value {
        let mut meant = schema;
        for _ in 0..DEPTH {
            let choices: Vec<&Value> = ["anyOf", "oneOf", "allOf"]
                .iter()
                .flat_map(|word| list(&meant[*word]))
                .filter(|one| one["type"] != "null")
                .collect();
            meant = match (meant["$ref"].as_str(), choices.as_slice()) {
                (Some(place), _) => match place.strip_prefix('#').and_then(|place| self.schema.pointer(place)) {
                    Some(found) => found,
                    None => return meant,
                },
                (None, [only]) => only,
                _ => return meant,
            };
        }
        meant
    }

    /// The type in words, with its range.
    fn kind(&self, schema: &'a Value) -> String {
        if let Some(value) = schema.get("const") {
            return code(&shown(value));
        }
        let words: Vec<String> = match &schema["type"] {
            Value::String(word) => vec![self.word(word, schema)],
            Value::Array(words) => {
                let words = words.iter().filter_map(Value::as_str).filter(|word| *word != "null");
                words.map(|word| self.word(word, schema)).collect()
            }
            _ => self.choices(schema),
        };
        let kind = if words.is_empty() { "anything".to_owned() } else { words.join(" or ") };
        let range = range(schema);
        if range.is_empty() { kind } else { format!("{kind}, {range}") }
    }

    fn word(&self, word: &str, schema: &'a Value) -> String {
        match word {
            "string" if schema["enum"].is_array() => {
                list(&schema["enum"]).map(|choice| code(&shown(choice))).collect::<Vec<_>>().join(" or ")
            }
            "string" => schema["title"].as_str().map_or_else(|| "text".to_owned(), text),
            "integer" => "whole number".to_owned(),
            "boolean" => "true or false".to_owned(),
            "array" if schema["items"].is_object() => {
                let items = self.meant(&schema["items"]);
                if items["properties"].is_object() {
                    "list of tables".to_owned()
                } else {
                    format!("list of: {}", self.kind(items))
                }
            }
            "array" => "list".to_owned(),
            "object" if schema["properties"].is_object() => "table".to_owned(),
            "object" if schema["additionalProperties"].is_object() => {
                format!("table of names, each with: {}", self.kind(self.meant(&schema["additionalProperties"])))
            }
            "object" => "table".to_owned(),
            other => text(other),
        }
    }

    /// The values or the types that a schema without a type of its own chooses from.
    fn choices(&self, schema: &'a Value) -> Vec<String> {
        let one = |choice: &'a Value| self.kind(self.meant(choice));
        let named = list(&schema["enum"]).map(|choice| code(&shown(choice)));
        let choices = ["anyOf", "oneOf"].into_iter().flat_map(|word| list(&schema[word]));
        named.chain(choices.filter(|choice| choice["type"] != "null").map(one)).collect()
    }

    /// What the key is for: its own words, else those of its type; then each of its choices that has any.
    fn meaning(&self, property: &'a Value, meant: &'a Value) -> String {
        let own = property["description"].as_str().or_else(|| meant["description"].as_str()).unwrap_or_default();
        let choices = list(&meant["oneOf"]).filter_map(|choice| {
            let (value, words) = (choice.get("const")?, choice["description"].as_str()?);
            Some(format!("{}: {}", code(&shown(value)), text(words)))
        });
        [text(own)].into_iter().chain(choices).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// The bounds of a value, where a schema has any that say more than its type.
fn range(schema: &Value) -> String {
    let bound = |word: &str, key: &str| schema[key].as_f64().map(|bound| format!("{word} {bound}"));
    let length = |word: &str, key: &str, (one, many): (&str, &str)| {
        schema[key].as_u64().map(|bound| format!("{word} {bound} {}", if bound == 1 { one } else { many }))
    };
    let whole = schema["type"] == "integer" || list(&schema["type"]).any(|word| word == "integer");
    let (letters, entries) = (("letter", "letters"), ("entry", "entries"));
    let bounds = [
        bound("at least", "minimum").filter(|bound| !(whole && bound == "at least 0")),
        bound("at most", "maximum").filter(|_| !is_types_own(&schema["maximum"])),
        bound("more than", "exclusiveMinimum"),
        bound("less than", "exclusiveMaximum"),
        length("at least", "minLength", letters),
        length("at most", "maxLength", letters),
        length("at least", "minItems", entries),
        length("at most", "maxItems", entries),
        length("at least", "minProperties", entries),
        length("at most", "maxProperties", entries),
        schema["pattern"]
            .as_str()
            .filter(|_| schema["title"].is_null())
            .map(|pattern| format!("like {}", code(pattern))),
    ];
    bounds.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whether a maximum is only that of the integer that a plugin keeps the value in.
fn is_types_own(maximum: &Value) -> bool {
    [8, 16, 32].iter().any(|bits| maximum.as_u64() == Some((1_u64 << bits) - 1))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(schema: Value) -> Vec<String> {
        table(&schema).lines().skip(2).map(str::to_owned).collect()
    }

    #[test]
    fn each_key_is_a_row_with_type_default_and_meaning() {
        let schema = json!({
            "type": "object", "required": ["chain"],
            "properties": {
                "chain": { "type": "string", "description": "The chain." },
                "depth": { "type": "integer", "format": "uint64", "minimum": 0, "default": 12 },
                "share": { "type": ["number", "null"], "minimum": 0.5, "maximum": 1 },
                "tags": { "type": "array", "items": { "type": "integer", "maximum": 100, "minimum": 0 }, "maxItems": 20, "default": [1] },
                "owner": { "type": ["string", "null"], "title": "address", "pattern": "^0x" },
                "sides": { "type": "object", "additionalProperties": { "type": "boolean" }, "minProperties": 1 },
            },
        });
        assert_eq!(
            rows(schema),
            [
                "| `chain` | text | required | The chain. |",
                "| `depth` | whole number | `12` |  |",
                "| `owner` | address |  |  |",
                "| `share` | number, at least 0.5, at most 1 |  |  |",
                "| `sides` | table of names, each with: true or false, at least 1 entry |  |  |",
                "| `tags` | list of: whole number, at most 100, at most 20 entries | `[1]` |  |",
            ]
        );
    }

    #[test]
    fn tables_within_are_followed_by_reference_and_through_lists() {
        let schema = json!({
            "type": "object",
            "properties": {
                "block": { "description": "Which block.", "$ref": "#/$defs/Tag", "default": "latest" },
                "calls": { "type": "array", "items": { "$ref": "#/$defs/Call" } },
                "one": { "anyOf": [{ "$ref": "#/$defs/Call" }, { "type": "null" }] },
            },
            "$defs": {
                "Call": { "type": "object", "description": "A call.", "required": ["to"], "properties": { "to": { "type": "string" } } },
                "Tag": { "oneOf": [
                    { "const": "latest", "description": "The newest." }, { "const": "safe", "description": "One | that stays." },
                ] },
            },
        });
        assert_eq!(
            rows(schema),
            [
                "| `block` | `\"latest\"` or `\"safe\"` | `\"latest\"` | Which block. `\"latest\"`: The newest. `\"safe\"`: One \\| that stays. |",
                "| `calls` | list of tables |  |  |",
                "| `calls[].to` | text | required |  |",
                "| `one` | table |  | A call. |",
                "| `one.to` | text | required |  |",
            ]
        );
    }

    #[test]
    fn each_table_that_may_stand_at_a_key_is_followed() {
        let form = |own: &str| json!({ "type": "object", "properties": { "kind": { "const": "x" }, own: { "type": "string" } } });
        let schema = json!({ "type": "object", "properties": { "at": { "oneOf": [form("address"), form("name")] } } });
        let keys: Vec<String> =
            rows(schema).iter().map(|row| row.split('|').nth(1).unwrap().trim().to_owned()).collect();
        assert_eq!(keys, ["`at`", "`at.address`", "`at.kind`", "`at.name`"]);
    }

    #[test]
    fn a_schema_that_speaks_of_itself_or_of_nothing_ends() {
        let schema = json!({ "properties": { "again": { "$ref": "#" }, "nowhere": { "$ref": "#/x" }, "loop": { "$ref": "#/$defs/a" } },
            "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } });
        assert!(rows(schema).len() <= MOST);
        assert_eq!(table(&json!({ "type": "object" })), "It takes no keys.\n");
        assert_eq!(table(&Value::Null), "It takes no keys.\n");
    }
}
