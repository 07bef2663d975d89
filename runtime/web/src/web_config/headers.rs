//! `http_server_config.headers`: what operators may add to each answer. The list and the values are exporter-toolkit's.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, header};

/// Each with the values that it may have; none for any.
const ALLOWED: [(HeaderName, Option<&[&str]>); 5] = [
    (header::CONTENT_SECURITY_POLICY, None),
    (header::X_FRAME_OPTIONS, Some(&["deny", "sameorigin"])),
    (header::X_CONTENT_TYPE_OPTIONS, Some(&["nosniff"])),
    (header::X_XSS_PROTECTION, None),
    (header::STRICT_TRANSPORT_SECURITY, None),
];

/// A header without a value is left out.
///
/// # Errors
/// Key and reason.
pub(super) fn check(written: &BTreeMap<String, String>) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let mut headers = Vec::new();
    for (name, value) in written.iter().filter(|(_, value)| !value.is_empty()) {
        let key = format!("http_server_config: headers: {name}");
        let allowed = ALLOWED.iter().find(|(allowed, _)| allowed.as_str().eq_ignore_ascii_case(name));
        let Some((name, values)) = allowed else {
            let names = ALLOWED.map(|(name, _)| format!("`{name}`")).join(", ");
            return Err(format!("{key}: can't be set\nhint: these can be set: {names}"));
        };
        if let Some(values) = values.filter(|values| !values.iter().any(|good| good.eq_ignore_ascii_case(value))) {
            return Err(format!("{key}: can't be {value:?}\nhint: write `{}`", values.join("` or `")));
        }
        let value = HeaderValue::from_str(value).map_err(|_| format!("{key}: is not the value of a header"))?;
        headers.push((name.clone(), value));
    }
    Ok(headers)
}
