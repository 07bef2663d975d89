//! A request as it is made up, and its answer.

use serde::{Serialize, de::DeserializeOwned};

use crate::{host, http::Error};

/// A request that isn't sent yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    /// In capitals, such as `GET`.
    pub method: String,
    /// Scheme, host, path and query; no user, no fragment.
    pub url: String,
    /// In the order of their addition.
    pub headers: Vec<(String, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
    unwritable: Option<String>,
}

impl Request {
    /// A request with any method.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            unwritable: None,
        }
    }

    /// Adds a header. Those that the operator attaches, and those that steer the connection, are the host's alone.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the body.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Replaces the body by a value as JSON, and says so in `content-type`. What JSON can't hold is
    /// [`Error::Malformed`] when it is sent.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body = bytes,
            Err(error) => self.unwritable = Some(error.to_string()),
        }
        self.header("content-type", "application/json")
    }

    /// Sends it and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(self) -> Result<Response, Error> {
        match &self.unwritable {
            Some(problem) => Err(Error::Malformed(format!("the body as JSON: {problem}"))),
            None => host::http(self).await,
        }
    }
}

/// A URL's parts, as the host takes them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) https: bool,
    pub(crate) authority: &'a str,
    pub(crate) path_with_query: &'a str,
}

impl Request {
    /// The parts of its URL; whether they are right is for the host to say.
    pub(crate) fn parts(&self) -> Result<Parts<'_>, Error> {
        let (https, rest) = match self.url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(Error::Malformed("the URL begins with neither http:// nor https://".to_owned())),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (authority, path_with_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path_with_query = if path_with_query.is_empty() { "/" } else { path_with_query };
        Ok(Parts { https, authority, path_with_query })
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// In the order of the answer, their names in lower case. The host keeps `set-cookie` to itself.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body, as it came.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of a name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        str::from_utf8(value).ok()
    }

    /// The body as JSON; the status isn't looked at.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it isn't a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Malformed(format!("the body of status {}: {error}", self.status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_falls_into_its_parts() {
        for (url, https, authority, path_with_query) in [
            ("https://node.example.com", true, "node.example.com", "/"),
            ("http://[::1]:26658/a/b?c=/d#e", false, "[::1]:26658", "/a/b?c=/d"),
            ("https://host?q", true, "host", "?q"),
        ] {
            assert_eq!(Request::new("GET", url).parts(), Ok(Parts { https, authority, path_with_query }), "{url}");
        }
        for url in ["", "host/path", "ftp://host/", "HTTPS://host/"] {
            assert!(matches!(Request::new("GET", url).parts(), Err(Error::Malformed(_))), "{url}");
        }
    }
}
