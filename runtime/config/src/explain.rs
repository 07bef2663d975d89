//! serde's complaints in the operator's words: with file, line, key and what to write, and without quoting what may be a
//! secret.

use crate::{
    ConfigError,
    source::{KeyPath, Source, Step},
};

/// Turns an error of toml's deserializer into ours. The texts that are taken apart here are serde's own
/// (`serde::de::Error`'s provided methods); one that isn't known is passed on as it is.
pub(crate) fn explain(source: &Source<'_>, error: &toml::de::Error) -> ConfigError {
    let key = error.span().map(|span| source.key_at(&span)).unwrap_or_default();
    let message = error.message();
    if let Some((message, hint)) = message.split_once("\nhint: ") {
        return source.error(&key, message, hint);
    }
    let names = || message.split('`').skip(1).step_by(2);
    if let (true, Some(name)) = (message.starts_with("missing field"), names().next()) {
        return source.error(&key.with(name), "is missing", format!("add `{name} = …`"));
    }
    if let (true, Some(unknown)) = (message.starts_with("unknown field"), names().next()) {
        let known: Vec<&str> = names().skip(1).collect();
        return source.error(&key, "unknown key", suggest(unknown, &known));
    }
    for kind in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = message.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected ")) {
            // Only the kind: what follows it is the value itself.
            let found = in_toml(found.split([' ', '`', '"']).next().unwrap_or_default());
            let expected = in_toml(expected);
            // The place of `[[x]]` is that of its first table.
            let key = match key.0.as_slice() {
                [outer @ .., Step::Index(_)] if expected == "a table" && found == "an array" => KeyPath(outer.to_vec()),
                _ => key,
            };
            let hint = how_to_write(expected, found, &key);
            return source.error(&key, format!("expected {expected}, found {found}"), hint);
        }
    }
    source.error(&key, message, "compare it with the example in config/")
}

fn in_toml(word: &str) -> &str {
    match word {
        "map" | "a map" => "a table",
        word if word.starts_with("struct ") => "a table",
        "sequence" | "a sequence" => "an array",
        "string" | "path" | "path string" => "a string",
        "integer" => "an integer",
        "floating" => "a float",
        "boolean" => "a boolean",
        other => other,
    }
}

fn how_to_write(expected: &str, found: &str, key: &KeyPath) -> String {
    let name = match key.0.last() {
        Some(Step::Key(name)) => name,
        _ => return format!("write {expected}"),
    };
    match expected {
        "a string" => format!(r#"write it in quotes, as in `{name} = "…"`"#),
        "an array" if found == "a table" => format!("write `[[{key}]]`, in double brackets, above each of them"),
        "an array" => format!(r#"write a list in brackets, as in `{name} = ["…"]`"#),
        "a table" => format!("write `[{key}]` on a line of its own, and its keys below"),
        "an amount" => format!(r#"write it in quotes and with its unit, as in `{name} = "1.5 USDC"`"#),
        "a boolean" => format!("write `{name} = true` or `{name} = false`"),
        _ => format!("write {expected}"),
    }
}

/// The nearest known name if it is near, else all.
fn suggest(unknown: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min();
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("the keys here are `{}`", known.join("`, `")),
    }
}
