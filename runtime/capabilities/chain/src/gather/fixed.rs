//! Which requests have answers that can't change: those about a block named by its hash, or by a number that is final. Strict:
//! what isn't surely so, isn't so. A transaction by its hash can move to another block; a batch can be verified.

use alloy_primitives::B256;
use serde_json::{Value, value::RawValue};

/// The block that a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// This one, whatever becomes of it.
    Hash,
    /// The one at this height, once it is final.
    Number(u64),
}

/// The block that a request is about, if it names one that can't be another later.
pub(crate) fn fixed(method: &str, params: &RawValue) -> Option<Fixed> {
    let place = match method {
        "eth_getBlockByHash" | "eth_getBlockByNumber" => 0,
        "eth_getBlockReceipts" | "eth_getBlockTransactionCountByNumber" | "eth_getBlockTransactionCountByHash" => 0,
        "eth_getBalance" | "eth_getCode" | "eth_getTransactionCount" | "eth_call" => 1,
        "eth_getStorageAt" => 2,
        _ => return None,
    };
    let params: Vec<Value> = serde_json::from_str(params.get()).ok()?;
    match params.get(place)? {
        Value::String(text) if method.ends_with("ByHash") => text.parse::<B256>().ok().map(|_hash| Fixed::Hash),
        Value::String(text) => {
            let digits =
                text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            (digits.len() <= 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten().map(Fixed::Number)
        }
        // With `requireCanonical` the answer is an error once the block was replaced.
        Value::Object(block) if block.len() == 1 => {
            block.get("blockHash")?.as_str()?.parse::<B256>().ok().map(|_hash| Fixed::Hash)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_hashes_and_numbers_stand_still() {
        let hash = B256::repeat_byte(0xab);
        let of = |method: &str, params: Value| fixed(method, &RawValue::from_string(params.to_string()).unwrap());
        for (method, params, wanted) in [
            ("eth_getBlockByHash", json!([hash, false]), Some(Fixed::Hash)),
            ("eth_getBlockByNumber", json!(["0x10", false]), Some(Fixed::Number(16))),
            ("eth_getBalance", json!(["0x", { "blockHash": hash }]), Some(Fixed::Hash)),
            ("eth_getBalance", json!(["0x", "0x10"]), Some(Fixed::Number(16))),
            ("eth_getStorageAt", json!(["0x", "0x0", "0x10"]), Some(Fixed::Number(16))),
            ("eth_getBalance", json!(["0x", "latest"]), None),
            ("eth_getBalance", json!(["0x", "0x"]), None),
            ("eth_getBalance", json!(["0x"]), None),
            ("eth_getBalance", json!(["0x", { "blockHash": hash, "requireCanonical": true }]), None),
            ("eth_getBalance", json!(["0x", { "blockNumber": "0x10" }]), None),
            ("eth_getBlockByHash", json!(["0x10", false]), None),
            ("eth_getBlockByNumber", json!(["pending", false]), None),
            ("eth_getBlockByNumber", json!({ "number": "0x10" }), None),
            ("eth_getTransactionReceipt", json!([hash]), None),
            ("zkevm_getBatchByNumber", json!(["0x10"]), None),
            ("eth_gasPrice", json!([]), None),
        ] {
            assert_eq!(of(method, params.clone()), wanted, "{method} {params}");
        }
    }
}
