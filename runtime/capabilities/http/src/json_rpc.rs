//! One JSON-RPC call, read strictly and written anew, so that what was checked is what the service reads. A body that two
//! readers could read in two ways is refused: batches, keys that come twice however they are escaped, keys that JSON-RPC 2.0
//! doesn't have, anything behind the call.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A call that has been read whole.
#[derive(Debug, Serialize)]
pub(crate) struct Call {
    jsonrpc: &'static str,
    id: Id,
    pub(crate) method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Box<RawValue>>,
}

/// A number or a text. A call without one, or with `null`, would be a notification, which nothing answers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

impl Call {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it, in words that don't quote it.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => return Err("a batch".to_owned()),
            Some(b'{') => {}
            _ => return Err("no JSON object".to_owned()),
        }
        serde_json::from_slice(body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => "no single JSON object".to_owned(),
        })
    }

    /// The body that the service gets.
    pub(crate) fn write(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Call;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC call")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Call, A::Error> {
        let (mut version, mut id, mut method, mut params) = (None, None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "jsonrpc" => once("jsonrpc", &mut version, map.next_value::<String>()?)?,
                "id" => once("id", &mut id, map.next_value::<Id>()?)?,
                "method" => once("method", &mut method, map.next_value::<String>()?)?,
                "params" => once("params", &mut params, map.next_value::<Box<RawValue>>()?)?,
                _ => return Err(de::Error::custom("a key beside jsonrpc, id, method and params")),
            }
        }
        if version.as_deref() != Some("2.0") {
            return Err(de::Error::custom("not version 2.0"));
        }
        if params.as_ref().is_some_and(|params| !params.get().starts_with(['[', '{'])) {
            return Err(de::Error::custom("params that are neither a list nor an object"));
        }
        Ok(Call {
            jsonrpc: "2.0",
            id: id.ok_or_else(|| de::Error::missing_field("id"))?,
            method: method.ok_or_else(|| de::Error::missing_field("method"))?,
            params,
        })
    }
}

fn once<T, E: de::Error>(key: &'static str, place: &mut Option<T>, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(key)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn written(body: &str) -> String {
        String::from_utf8(Call::read(body.as_bytes()).unwrap().write().unwrap()).unwrap()
    }

    #[test]
    fn a_call_is_written_anew_and_its_params_stay_as_they_are() {
        assert_eq!(
            written(
                " {\"params\": [ 18446744073709551616, 1.10 ],\n\"m\\u0065thod\":\"a\\u002eb\",\"id\":\"x\",\"jsonrpc\":\"2.0\"} "
            ),
            r#"{"jsonrpc":"2.0","id":"x","method":"a.b","params":[ 18446744073709551616, 1.10 ]}"#
        );
        assert_eq!(written(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#), r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#);
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        let good = r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#;
        assert!(Call::read(good.as_bytes()).is_ok());
        for bad in [
            &format!("[{good}]"),
            "[]",
            &format!("{good}{good}"),
            &format!("{good} x"),
            &format!("\u{feff}{good}"),
            r#"{"jsonrpc":"2.0","id":1,"method":"m","method":"admin"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","m\u0065thod":"admin"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","Method":"admin"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","METHOD":"admin"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","extra":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[],"params":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":["m"]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":null}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","method":"m"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#,
            r#"{"id":1,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m",}"#,
            r#"{"jsonrpc":"2.0","id":1,/**/"method":"m"}"#,
            r#"{'jsonrpc':'2.0','id':1,'method':'m'}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m""#,
            "null",
            "",
        ] {
            assert!(Call::read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Call::read(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\xff\"}").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_has_the_method_that_was_checked(method in ".*", extra in r#"[\[\]{}:,"\\a-z0-9 ]{0,30}"#) {
            let name = serde_json::to_string(&method).unwrap();
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":{name}{extra}}}"#);
            if let Ok(call) = Call::read(body.as_bytes()) {
                let sent: Value = serde_json::from_slice(&call.write().unwrap()).unwrap();
                prop_assert_eq!(&sent["method"], &call.method);
                prop_assert_eq!(&sent["method"], &method);
            }
        }
    }
}
