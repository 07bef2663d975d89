//! Arguments as people write them, as values of Solidity's types.

use alloy_dyn_abi::{DynSolType as Type, DynSolValue as Value};
use watchkeeper_sdk::{
    alloy_primitives::{I256, hex},
    prelude::{B256, U256},
    serde_json::Value as Written,
};

use crate::config;

/// Reads a value of a type.
///
/// # Errors
/// What is wrong with it, naming the type.
pub(crate) fn read(written: &Written, of_type: &Type) -> Result<Value, String> {
    let wrong = || format!("`{written}` is not a value of the type `{of_type}`");
    match (of_type, written) {
        (Type::Bool, Written::Bool(truth)) => Ok(Value::Bool(*truth)),
        (Type::Uint(bits), _) => {
            let number = number(written).and_then(|(below_zero, size)| (!below_zero || size.is_zero()).then_some(size));
            let number = number.filter(|number| number.bit_len() <= *bits).ok_or_else(wrong)?;
            Ok(Value::Uint(number, *bits))
        }
        (Type::Int(bits), _) => {
            let number = number(written).and_then(|(below_zero, size)| signed(below_zero, size));
            let number = number.filter(|number| number.bits() as usize <= *bits).ok_or_else(wrong)?;
            Ok(Value::Int(number, *bits))
        }
        (Type::Address, Written::String(text)) => config::address(text).map(Value::Address),
        (Type::String, Written::String(text)) => Ok(Value::String(text.clone())),
        (Type::Bytes, Written::String(text)) => bytes(text).map(Value::Bytes).ok_or_else(wrong),
        (Type::FixedBytes(length), Written::String(text)) => {
            let bytes = bytes(text).filter(|bytes| bytes.len() == *length).ok_or_else(wrong)?;
            Ok(Value::FixedBytes(B256::right_padding_from(&bytes), *length))
        }
        (Type::Array(element), Written::Array(list)) => {
            list.iter().map(|written| read(written, element)).collect::<Result<_, _>>().map(Value::Array)
        }
        (Type::FixedArray(element, length), Written::Array(list)) if list.len() == *length => {
            list.iter().map(|written| read(written, element)).collect::<Result<_, _>>().map(Value::FixedArray)
        }
        (Type::Tuple(members), Written::Array(list)) if list.len() == members.len() => {
            let pairs = list.iter().zip(members);
            pairs.map(|(written, member)| read(written, member)).collect::<Result<_, _>>().map(Value::Tuple)
        }
        _ => Err(wrong()),
    }
}

/// Whether it is below zero, and its size: a whole number, or a text of decimal or, after `0x`, hexadecimal digits, in which `_` may
/// stand between digits.
fn number(written: &Written) -> Option<(bool, U256)> {
    let text = match written {
        Written::Number(number) => number.to_string(),
        Written::String(text) => text.replace('_', ""),
        _ => return None,
    };
    let (below_zero, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |digits| (true, digits));
    let (digits, base) = digits.strip_prefix("0x").map_or((digits, 10), |digits| (digits, 16));
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| U256::from_str_radix(digits, base).ok()).flatten().map(|size| (below_zero, size))
}

fn signed(below_zero: bool, size: U256) -> Option<I256> {
    let number = I256::from_raw(size);
    match below_zero {
        false => (!number.is_negative()).then_some(number),
        true => Some(number.wrapping_neg()).filter(|number| number.is_negative() || number.is_zero()),
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::json;

    use super::*;

    /// The value in ABI's words, as hexadecimal digits without leading zeros.
    fn word(written: Written, of_type: &str) -> Result<String, String> {
        let value = read(&written, &Type::parse(of_type).unwrap())?;
        let digits = hex::encode(value.abi_encode());
        Ok(digits.trim_start_matches('0').to_owned())
    }

    #[test]
    fn numbers_are_whole_and_fit_their_type() {
        assert_eq!(word(json!(255), "uint8").as_deref(), Ok("ff"));
        assert_eq!(word(json!("1_000_000"), "uint256").as_deref(), Ok("f4240"));
        assert_eq!(word(json!("0xff"), "uint256").as_deref(), Ok("ff"));
        assert_eq!(word(json!(-1), "int8"), Ok("f".repeat(64)));
        assert_eq!(word(json!(-128), "int8"), Ok(format!("{}80", "f".repeat(62))));
        assert_eq!(word(json!(127), "int8").as_deref(), Ok("7f"));
        assert_eq!(word(json!(U256::MAX.to_string()), "uint256"), Ok("f".repeat(64)));
        assert_eq!(word(json!(I256::MIN.to_string()), "int256"), Ok(format!("8{}", "0".repeat(63))));
        let above = format!("{}0", U256::MAX);
        for (bad, of_type) in [
            (json!(256), "uint8"),
            (json!(-1), "uint8"),
            (json!(128), "int8"),
            (json!(-129), "int8"),
            (json!(1.5), "uint8"),
            (json!("1e18"), "uint256"),
            (json!("1 ether"), "uint256"),
            (json!("12ab"), "uint256"),
            (json!("0x"), "uint256"),
            (json!(""), "uint256"),
            (json!("--1"), "int256"),
            (json!(above), "uint256"),
            (json!(U256::from(1).wrapping_shl(255).to_string()), "int256"),
            (json!(true), "uint256"),
        ] {
            let problem = word(bad.clone(), of_type).unwrap_err();
            assert!(problem.contains(&format!("`{of_type}`")), "{bad}: {problem}");
        }
    }

    #[test]
    fn other_types_take_what_people_write_for_them() {
        let address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(word(json!(address), "address"), Ok(address[2..].to_lowercase()));
        assert_eq!(word(json!(true), "bool").as_deref(), Ok("1"));
        assert_eq!(word(json!("0xab"), "bytes1"), Ok(format!("ab{}", "0".repeat(62))));
        assert!(word(json!("hello"), "string").unwrap().contains("68656c6c6f"));
        assert!(word(json!("0x1234"), "bytes").unwrap().contains("1234"));
        assert!(word(json!([1, 2]), "uint8[]").is_ok());
        assert!(word(json!([1, 2]), "uint8[2]").is_ok());
        assert!(word(json!([address, [true, 7]]), "(address,(bool,uint8))").is_ok());
        for (bad, of_type) in [
            (json!(address.replace('F', "f")), "address"),
            (json!("true"), "bool"),
            (json!("0xabcd"), "bytes1"),
            (json!("ab"), "bytes1"),
            (json!("0xabc"), "bytes"),
            (json!(7), "string"),
            (json!([1, 2, 3]), "uint8[2]"),
            (json!([true]), "(bool,bool)"),
            (json!([1, "x"]), "uint8[]"),
            (json!({}), "(bool,bool)"),
        ] {
            assert!(word(bad.clone(), of_type).is_err(), "{bad} as {of_type}");
        }
    }
}
