//! Jobs that pay, and the grants that let them.

use serde_json::{Value, json};

/// What a job of `payer` asks of the wallet. Addresses, amounts and calls are what its config takes: any text.
#[derive(Debug, Clone)]
pub(crate) struct Ask(Value);

impl Ask {
    /// A payment of digits of the smallest unit.
    pub(crate) fn pay(key: &str, to: &str, value: u128) -> Self {
        Self(json!({"account": "funder", "key": key, "to": to, "value": value.to_string()}))
    }

    /// A deposit for a paymaster.
    pub(crate) fn deposit(key: &str, entry_point: &str, paymaster: &str, value: u128) -> Self {
        Self::pay(key, entry_point, value).with("data", deposit_data(paymaster))
    }

    /// What became of an earlier payment.
    pub(crate) fn find(key: &str) -> Self {
        Self(json!({"account": "funder", "kind": "find", "key": key}))
    }

    /// Changes one of its keys.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0[key] = value.into();
        self
    }
}

/// A job of the plugin `payer`: further keys, what it asks, and the account's grant.
pub(crate) fn payer(keys: Value, asks: &[Ask], grant: Value) -> Value {
    let asks: Vec<&Value> = asks.iter().map(|ask| &ask.0).collect();
    let mut job = json!({
        "plugin": "payer",
        "every": "8784h",
        "timeout": "20s",
        "config": {"asks": asks},
        "grants": {"wallet": {"funder": grant}},
    });
    merge(&mut job, keys);
    job
}

/// A job of the plugin `paymaster-topup` for one paymaster: further keys, and the account's grant.
pub(crate) fn topup(keys: Value, grant: Value) -> Value {
    let mut job = json!({
        "plugin": "paymaster-topup",
        "every": "8784h",
        "timeout": "20s",
        "config": {"chain": "dev", "account": "funder"},
        "grants": {"chain": ["dev"], "state": true, "wallet": {"funder": grant}},
    });
    merge(&mut job, keys);
    job
}

/// Plain transfers to an address, whatever the chain says.
pub(crate) fn transfer_rule(to: &str) -> Value {
    json!({"to": to, "unconditional": true})
}

/// Deposits for a paymaster while it has less than `below`, and up to `up_to`.
pub(crate) fn deposit_rule(entry_point: &str, paymaster: &str, below: &str, up_to: &str) -> Value {
    json!({
        "to": entry_point,
        "function": "depositTo(address)",
        "arguments": [paymaster],
        "below": below,
        "up_to": up_to,
        "reads": {"to": entry_point, "function": "balanceOf(address)", "arguments": [paymaster]},
    })
}

/// The call `depositTo(paymaster)`.
pub(crate) fn deposit_data(paymaster: &str) -> String {
    format!("0xb760faf9{}", word(paymaster))
}

/// An address as an encoded argument, without `0x`.
pub(crate) fn word(address: &str) -> String {
    format!("{:0>64}", address.trim_start_matches("0x").to_lowercase())
}

/// Puts what is in `more` into `into`, table by table.
pub(crate) fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}
