//! One JSON-RPC 2.0 call, as a grant's `json_rpc_methods` lets it through: one object, no batch, with an id.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::http::{Error, Response, post};

/// Longest text of a service's error that is kept.
const MESSAGE: usize = 500;

/// Calls a method and returns its result. `params` is a tuple, a list or a struct; `()` stands for an empty list.
///
/// # Errors
/// [`Error::Rpc`] for the service's own error, [`Error::Malformed`] if the result isn't a `T`; else see [`Error`].
pub async fn json_rpc<T: DeserializeOwned>(url: &str, method: &str, params: impl Serialize) -> Result<T, Error> {
    let malformed = |error: serde_json::Error| Error::Malformed(format!("`{method}`: {error}"));
    let params = match serde_json::to_value(params).map_err(malformed)? {
        Value::Null => json!([]),
        params => params,
    };
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let response = post(url).json(&call).send().await?;
    serde_json::from_value(result(method, &response)?).map_err(malformed)
}

#[derive(Deserialize)]
struct Answer {
    id: Value,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    #[serde(default)]
    error: Option<RpcError>,
}

#[derive(Deserialize)]
struct RpcError {
    code: i64,
    #[serde(default)]
    message: String,
}

/// `null` is a result.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn result(method: &str, response: &Response) -> Result<Value, Error> {
    let status = response.status;
    let answer: Answer = match serde_json::from_slice(&response.body) {
        Ok(answer) => answer,
        Err(_) if !(200..300).contains(&status) => {
            return Err(Error::Unavailable(format!("`{method}`: HTTP status {status}")));
        }
        Err(error) => return Err(Error::Malformed(format!("the answer to `{method}`: {error}"))),
    };
    match (answer.result, answer.error) {
        (None | Some(Value::Null), Some(RpcError { code, message })) => {
            Err(Error::Rpc { code, message: message.chars().take(MESSAGE).collect() })
        }
        (Some(result), None) if answer.id == json!(1) => Ok(result),
        _ => Err(Error::Malformed(format!("the answer to `{method}` answers another call, or neither way"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Result<Value, Error> {
        result("m", &Response { status, headers: Vec::new(), body: body.into() })
    }

    #[test]
    fn only_an_answer_to_the_call_is_a_result() {
        assert_eq!(answered(200, r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#), Ok(json!("0x1")));
        assert_eq!(answered(200, r#"{"id":1,"result":null}"#), Ok(Value::Null));
        for bad in [
            r#"{"id":2,"result":1}"#,
            r#"{"id":1}"#,
            r#"[{"id":1,"result":1}]"#,
            r#"{"id":1,"result":1,"error":{"code":1,"message":""}}"#,
            "<html>",
        ] {
            assert!(matches!(answered(200, bad), Err(Error::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn a_services_error_is_its_own_and_a_status_without_one_is_an_outage() {
        let error = r#"{"id":null,"error":{"code":-32601,"message":"no such method"}}"#;
        for status in [200, 400, 500] {
            let rpc = Error::Rpc { code: -32601, message: "no such method".into() };
            assert_eq!(answered(status, error), Err(rpc));
        }
        assert_eq!(answered(502, "<html>"), Err(Error::Unavailable("`m`: HTTP status 502".into())));
    }
}
