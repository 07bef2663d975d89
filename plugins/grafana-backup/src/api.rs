//! Grafana's HTTP API: requests, what their statuses mean, and lists that come in pages. What is asked for is the callers' matter.

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use watchkeeper_sdk::{
    fail,
    http::{Request, Response},
    prelude::*,
};

/// Objects in one page of a list.
const PAGE: usize = 1_000;
/// The most objects of one list.
const MOST_LISTED: usize = 50_000;
/// Longest text of Grafana's that is told on.
const MOST_LETTERS: usize = 200;

/// A Grafana, and whoever the grant's headers say that is asking.
pub(crate) struct Grafana {
    base: String,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Listed {
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) title: String,
}

impl Grafana {
    pub(crate) fn at(url: &str) -> Self {
        Self { base: url.trim_end_matches('/').to_owned() }
    }

    /// The answer, whatever its status.
    pub(crate) async fn ask(&self, path: &str) -> Result<Response> {
        Ok(http::get(&self.url(path)).header("accept", "application/json").send().await?)
    }

    /// What there is at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(&self.ask(path).await?, path)
    }

    /// What there is at a path, if anything.
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match self.ask(path).await? {
            Response { status: 404, .. } => Ok(None),
            response => read(&response, path).map(Some),
        }
    }

    /// All objects of a list that comes in pages, by uid; `list` is its path with a query. It is over with a page that has nothing new,
    /// since a page may be shorter than it was asked to be, and an old Grafana gives the same one again.
    pub(crate) async fn list(&self, list: &str) -> Result<Vec<Listed>> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for page in 1.. {
            let mut listed: Vec<Listed> = self.get(&format!("{list}&limit={PAGE}&page={page}")).await?;
            listed.retain(|object| seen.insert(object.uid.clone()));
            if listed.is_empty() {
                break;
            }
            all.extend(listed);
            if all.len() > MOST_LISTED {
                fail!("grafana lists more than {MOST_LISTED} objects at {list}");
            }
        }
        all.sort_unstable_by(|one, other| one.uid.cmp(&other.uid));
        Ok(all)
    }

    /// Has something created or changed.
    pub(crate) async fn send(&self, request: Change<'_>) -> Result<()> {
        let Change { method, path, body, provenance } = request;
        let mut sent = Request::new(method, &self.url(path)).header("accept", "application/json").json(body);
        if !provenance {
            sent = sent.header("x-disable-provenance", "true");
        }
        let response = sent.send().await?;
        match response.status {
            200..=299 => Ok(()),
            _ => Err(refused(&response, path)),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// A request that changes something.
pub(crate) struct Change<'a> {
    /// `POST` or `PUT`.
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a Value,
    /// Whether alerting notes that it was made by the API, so that people can't edit it.
    pub(crate) provenance: bool,
}

/// An answer's body.
pub(crate) fn read<T: DeserializeOwned>(response: &Response, path: &str) -> Result<T> {
    match response.status {
        200..=299 => response.json().map_err(|error| Error::failed(format!("grafana's answer to {path}: {error}"))),
        _ => Err(refused(response, path)),
    }
}

/// What a status without a result means, with Grafana's words.
fn refused(response: &Response, path: &str) -> Error {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let status = response.status;
    let said = response.json().map_or_else(|_| String::new(), |Said { message }| message);
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(MOST_LETTERS).collect();
    let said = if said.is_empty() { format!("HTTP status {status}") } else { format!("{said} (HTTP status {status})") };
    let text = format!("grafana says to {path}: {said}");
    match status {
        401 => {
            let hint = "`http.NAME.headers` in watchkeeper.toml attaches a service account's token";
            Error::Denied(format!("{text}\nhint: {hint}"))
        }
        403 => Error::Denied(format!("{text}\nhint: give the service account the role Admin")),
        429 | 500.. => Error::Unavailable(text),
        300..=399 => Error::failed(format!(
            "{text}\nhint: write as `url` where grafana is, with the path below which it answers"
        )),
        _ => Error::failed(text),
    }
}

/// A text as one part of a path.
pub(crate) fn part(text: &str) -> String {
    let mut part = String::new();
    for byte in text.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => part.push(char::from(byte)),
            _ => part.push_str(&format!("%{byte:02X}")),
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_part_of_a_path_whatever_is_in_it() {
        assert_eq!(part("eval_group-1.a~"), "eval_group-1.a~");
        assert_eq!(part("5 min/ü?#%"), "5%20min%2F%C3%BC%3F%23%25");
    }
}
