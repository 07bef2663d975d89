//! What a contract answered, read strictly: exactly the ABI's encoding of the promised types, or nothing at all.
//!
//! Data that is longer, shorter, or has bits where its type has none comes from another contract than the one that was meant. A
//! number read out of it would look like a value.

use alloy_dyn_abi::{DynSolType, DynSolValue};

/// The values of these types, if `data` is their encoding.
pub(crate) fn decode(types: &[DynSolType], data: &[u8]) -> Option<Vec<DynSolValue>> {
    let DynSolValue::Tuple(values) = DynSolType::Tuple(types.to_vec()).abi_decode_sequence(data).ok()? else {
        return None;
    };
    let exact = values.iter().all(fits) && DynSolValue::Tuple(values.clone()).abi_encode_sequence()? == data;
    exact.then_some(values)
}

/// Whether numbers and bytes keep to their type's length, which decoding doesn't ask.
fn fits(value: &DynSolValue) -> bool {
    match value {
        DynSolValue::Uint(number, bits) => number.bit_len() <= *bits,
        DynSolValue::Int(number, bits) => number.bits() as usize <= *bits,
        DynSolValue::FixedBytes(word, length) => word.iter().skip(*length).all(|byte| *byte == 0),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) | DynSolValue::Tuple(values) => {
            values.iter().all(fits)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::{alloy_primitives::hex, prelude::U256};

    use super::*;

    fn types(written: &[&str]) -> Vec<DynSolType> {
        written.iter().map(|written| DynSolType::parse(written).unwrap()).collect()
    }

    fn words(words: &[&str]) -> Vec<u8> {
        words.iter().flat_map(|word| hex::decode(format!("{word:0>64}")).unwrap()).collect()
    }

    #[test]
    fn an_exact_answer_is_read() {
        let read = decode(&types(&["uint112", "bool"]), &words(&["ff", "1"])).unwrap();
        assert_eq!(read, [DynSolValue::Uint(U256::from(255), 112), DynSolValue::Bool(true)]);
        let below = "f".repeat(64);
        assert!(
            matches!(decode(&types(&["int8"]), &words(&[&below])).unwrap()[0], DynSolValue::Int(number, 8) if number.is_negative())
        );
        let text = DynSolValue::Tuple(vec![DynSolValue::String("vault".into()), DynSolValue::Array(vec![])]);
        assert!(decode(&types(&["string", "uint8[]"]), &text.abi_encode_sequence().unwrap()).is_some());
    }

    #[test]
    fn a_wrongly_shaped_answer_is_no_value() {
        let above = format!("1{}", "0".repeat(28));
        let dirty = format!("1{}", "0".repeat(40));
        let fixed = format!("abcd{}", "0".repeat(60));
        for (of_types, data) in [
            (&["uint112"][..], words(&[])),
            (&["uint112"], words(&["1"])[..31].to_vec()),
            (&["uint112"], words(&["1", "2"])),
            (&["uint112"], words(&[&above])),
            (&["uint112", "uint112"], words(&["1"])),
            (&["bool"], words(&["2"])),
            (&["int8"], words(&["80"])),
            (&["address"], words(&[&dirty])),
            (&["bytes1"], words(&[&fixed])),
            (&["string"], words(&["20", "5"])),
            (&["string"], words(&["40", "0", "0"])),
            (&["uint8[]"], words(&["20", "ffffffffffffffff"])),
        ] {
            assert_eq!(decode(&types(of_types), &data), None, "{of_types:?}: {}", hex::encode(&data));
        }
        assert_eq!(decode(&types(&["bytes2"]), &words(&[&fixed])).unwrap().len(), 1);
    }
}
