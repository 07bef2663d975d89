//! A count that nodes write in one of two ways; what they all write as a quantity is read by the SDK's types.

use serde::{Deserialize, Deserializer};
use watchkeeper_sdk::chain::Number;

/// A count that some nodes (Nethermind's `txpool_status`) give as a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Plain(u64),
            Quantity(Number),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Plain(count) | Form::Quantity(Number(count)) => Self(count),
        })
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_count_is_a_quantity_or_a_plain_number_and_nothing_else() {
        for (written, count) in [(json!("0x0"), 0), (json!("0xff"), 255), (json!(7), 7)] {
            assert_eq!(from_value::<Count>(written).unwrap(), Count(count));
        }
        for bad in [json!("0x"), json!("0x01"), json!("7"), json!(1.5), json!(-1), json!(null), json!(true), json!([])]
        {
            assert!(from_value::<Count>(bad.clone()).is_err(), "{bad}");
        }
    }
}
