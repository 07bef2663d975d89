//! Who answers for a chain: URLs, whose keys must stay hidden, and the names by which they are shown instead.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use url::Url;

use crate::{
    ConfigError, Secret,
    secret::{Environment, expand},
    source::{KeyPath, Source},
    values::{Count, in_range},
};

/// One JSON-RPC endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// What logs, metrics and people call it: `HOST:PORT` of the URL unless told.
    pub name: String,
    /// An `http` or `https` URL; secret, because keys stand in it.
    pub url: Secret,
    /// A `ws` or `wss` URL where it tells of new heads; secret.
    pub websocket: Option<Secret>,
    /// Requests in flight. 32 unless told.
    pub max_concurrent: u64,
    /// Requests in a second, above 0; none: as many as there are.
    pub requests_per_second: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointTable {
    url: String,
    name: Option<String>,
    websocket: Option<String>,
    max_concurrent: Option<Count>,
    requests_per_second: Option<f64>,
}

/// A URL, or a table with one.
pub(crate) struct EndpointShape(EndpointTable);

impl<'de> Deserialize<'de> for EndpointShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = EndpointShape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a URL in quotes or a table with `url`")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> Result<EndpointShape, E> {
                Ok(EndpointShape(EndpointTable {
                    url: url.to_owned(),
                    name: None,
                    websocket: None,
                    max_concurrent: None,
                    requests_per_second: None,
                }))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<EndpointShape, A::Error> {
                EndpointTable::deserialize(de::value::MapAccessDeserializer::new(map)).map(EndpointShape)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Resolves a chain's endpoints, in order.
pub(crate) fn resolve_all(
    shapes: Vec<EndpointShape>,
    source: &Source<'_>,
    list: &KeyPath,
    environment: Environment<'_>,
) -> Result<Vec<Endpoint>, ConfigError> {
    if shapes.is_empty() || shapes.len() > 16 {
        let message = format!("{} endpoints", shapes.len());
        return Err(source.error(list, message, r#"name 1 to 16, such as ["https://rpc.example.com"]"#));
    }
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(shapes.len());
    for (index, EndpointShape(shape)) in shapes.into_iter().enumerate() {
        let key = list.with(index);
        let endpoint = shape.resolve(source, &key, environment)?;
        if endpoints.iter().any(|other| other.name == endpoint.name) {
            let message = format!("a second endpoint with the name `{}`", endpoint.name);
            return Err(source.error(&key, message, r#"name them, as in { name = "second", url = "…" }"#));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

impl EndpointTable {
    fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        environment: Environment<'_>,
    ) -> Result<Endpoint, ConfigError> {
        let url = expand(&self.url, environment).map_err(|(message, hint)| source.error(key, message, hint))?;
        let usual_name = authority(url.expose(), ["http", "https"]).map_err(|message| {
            source.error(key, message, r#"write an address such as "https://rpc.example.com/${KEY}""#)
        })?;
        let websocket = match &self.websocket {
            Some(text) => {
                let key = key.with("websocket");
                let url = expand(text, environment).map_err(|(message, hint)| source.error(&key, message, hint))?;
                authority(url.expose(), ["ws", "wss"]).map_err(|message| {
                    source.error(&key, message, r#"write an address such as "wss://rpc.example.com/${KEY}""#)
                })?;
                Some(url)
            }
            None => None,
        };
        let name = self.name.unwrap_or(usual_name);
        if name.is_empty() || name.len() > 253 || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let hint = r#"write a short word, such as "primary""#;
            return Err(source.error(&key.with("name"), format!("{name:?} is not an endpoint's name"), hint));
        }
        let max_concurrent = in_range(
            source,
            &key.with("max_concurrent"),
            self.max_concurrent.map_or(32, |count| count.0),
            1..=1024,
            |number| number.to_string(),
        )?;
        let requests_per_second = match self.requests_per_second {
            None => None,
            Some(rate) => {
                let key = key.with("requests_per_second");
                Some(in_range(source, &key, rate, 0.01..=100_000.0, |rate| rate.to_string())?)
            }
        };
        Ok(Endpoint { name, url, websocket, max_concurrent, requests_per_second })
    }
}

/// `HOST:PORT` of a URL: the part in which no key stands. The error never quotes the URL.
fn authority(text: &str, schemes: [&str; 2]) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !schemes.contains(&url.scheme()) {
        return Err(format!("not a URL of {}", schemes.join(" or ")));
    }
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => Ok(format!("{host}:{port}")),
        _ => Err("a URL without a host".to_owned()),
    }
}
