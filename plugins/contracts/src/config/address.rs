//! Addresses as people write them, each with the name that labels give it.

use std::{borrow::Cow, collections::BTreeSet};

use watchkeeper_sdk::{
    prelude::Address,
    schemars::{JsonSchema, Schema, SchemaGenerator, json_schema},
    serde::Deserialize,
    serde_json::Value,
};

/// The longest name, in bytes.
const MOST_NAME: usize = 128;

/// Addresses by name: a table `{ name = "0x…" }`, or a list, in which each address is its own name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(crate = "watchkeeper_sdk::serde", try_from = "Value")]
pub(crate) struct Named(Vec<(String, Address)>);

impl Named {
    /// The names and their addresses.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Address)> {
        self.0.iter().map(|(name, address)| (name.as_str(), *address))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Value> for Named {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let named: Vec<(String, Address)> = match value {
            Value::Object(table) => table
                .into_iter()
                .map(|(name, address)| {
                    let address = of_value(&address).map_err(|problem| format!("`{name}`: {problem}"))?;
                    Ok((name, address))
                })
                .collect::<Result<_, String>>()?,
            Value::Array(list) => list
                .iter()
                .map(|address| of_value(address).map(|address| (address.to_string(), address)))
                .collect::<Result<_, String>>()?,
            other => {
                return Err(format!("`{other}` is neither a table of names and addresses nor a list of addresses"));
            }
        };
        let mut seen = BTreeSet::new();
        for (name, address) in &named {
            if name.is_empty() || name.len() > MOST_NAME || name.chars().any(char::is_control) {
                return Err(format!("a name has 1 to {MOST_NAME} bytes without control characters"));
            }
            if !seen.insert(*address) {
                return Err(format!("the address {address} is there twice"));
            }
        }
        Ok(Self(named))
    }
}

impl JsonSchema for Named {
    fn schema_name() -> Cow<'static, str> {
        "Named".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let address = json_schema!({ "type": "string", "title": "address", "pattern": "^0x[0-9a-fA-F]{40}$" });
        json_schema!({ "type": ["object", "array"], "additionalProperties": address, "items": address })
    }
}

fn of_value(value: &Value) -> Result<Address, String> {
    value.as_str().ok_or_else(|| format!("`{value}` is not an address")).and_then(address)
}

/// Reads an address. Where upper and lower case are mixed, they are EIP-55's check sum and have to fit.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
    let digits = digits.ok_or_else(|| format!("`{text}` is not an address: `0x` and 40 hexadecimal digits"))?;
    let address: Address = text.parse().map_err(|_| format!("`{text}` is not an address: a character is no digit"))?;
    let mixed = digits.bytes().any(|digit| digit.is_ascii_uppercase())
        && digits.bytes().any(|digit| digit.is_ascii_lowercase());
    if mixed && address.to_checksum(None) != text {
        return Err(format!(
            "the check sum of the address `{text}` is wrong, so one of its characters is; where it is known to be right, write it in \
             lower case"
        ));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::{from_value, json};

    use super::*;

    const RIGHT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    fn problem(value: Value) -> String {
        from_value::<Named>(value).unwrap_err().to_string()
    }

    #[test]
    fn an_address_is_read_in_either_case_and_by_its_check_sum() {
        let wanted = address(RIGHT).unwrap();
        assert_eq!(address(&RIGHT.to_lowercase()), Ok(wanted));
        assert_eq!(address(&format!("0x{}", RIGHT[2..].to_uppercase())), Ok(wanted));
        assert!(address(&RIGHT.replace('F', "f")).unwrap_err().contains("check sum"));
        for bad in ["", "0x", &RIGHT[2..], &RIGHT[..41], &format!("{RIGHT}0"), &RIGHT.replace('5', "g")] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_names_each_address_by_itself() {
        let listed: Named = from_value(json!([RIGHT.to_lowercase()])).unwrap();
        assert_eq!(listed.iter().collect::<Vec<_>>(), [(RIGHT, address(RIGHT).unwrap())]);
        let named: Named = from_value(json!({ "pool": RIGHT })).unwrap();
        assert_eq!(named.iter().collect::<Vec<_>>(), [("pool", address(RIGHT).unwrap())]);
    }

    #[test]
    fn what_is_wrong_says_which_name() {
        assert!(problem(json!({ "pool": "0x12" })).contains("`pool`: `0x12` is not an address"));
        assert!(problem(json!([RIGHT, RIGHT])).contains("twice"));
        assert!(problem(json!({ "a\nb": RIGHT })).contains("control"));
        assert!(problem(json!({ "": RIGHT })).contains("1 to 128"));
        assert!(problem(json!([7])).contains("`7` is not an address"));
        assert!(problem(json!(RIGHT)).contains("neither"));
    }
}
