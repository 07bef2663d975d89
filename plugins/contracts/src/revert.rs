//! Why a call reverted, in words: Solidity's `Error(string)` and `Panic(uint256)`, the selector of any other error.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use watchkeeper_sdk::alloy_primitives::hex;

use crate::{answer::decode, text};

/// Selector of `Error(string)`, by Solidity's ABI.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// Selector of `Panic(uint256)`.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// The reason in one line that is safe to show, whatever the contract wrote.
pub(crate) fn reason(data: &[u8]) -> String {
    let Some((selector, rest)) = data.split_first_chunk::<4>() else {
        return "no reason given".to_owned();
    };
    let argument = |of_type| decode(&[of_type], rest).and_then(|values| values.into_iter().next());
    match *selector {
        ERROR => {
            if let Some(DynSolValue::String(reason)) = argument(DynSolType::String) {
                return format!("\"{}\"", text::clean(&reason));
            }
        }
        PANIC => {
            if let Some(DynSolValue::Uint(code, _)) = argument(DynSolType::Uint(256)) {
                return format!("panic {code:#04x}{}", meaning(u8::try_from(code).unwrap_or(0)));
            }
        }
        _ => {}
    }
    format!("error with selector 0x{}", hex::encode(selector))
}

/// What Solidity's documentation of `Panic` says of a code.
fn meaning(code: u8) -> &'static str {
    match code {
        0x01 => ", a failed assert",
        0x11 => ", an arithmetic overflow",
        0x12 => ", a division by zero",
        0x21 => ", a value that is not in the enum",
        0x22 => ", a storage array that is wrongly encoded",
        0x31 => ", a pop of an empty array",
        0x32 => ", an index out of bounds",
        0x41 => ", too much memory",
        0x51 => ", a call of a function that is not set",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::prelude::U256;

    use super::*;

    fn data(selector: [u8; 4], value: DynSolValue) -> Vec<u8> {
        [&selector[..], &value.abi_encode()].concat()
    }

    #[test]
    fn reasons_are_decoded() {
        assert_eq!(reason(&data(ERROR, DynSolValue::String("paused".into()))), "\"paused\"");
        assert_eq!(reason(&data(PANIC, DynSolValue::Uint(U256::from(0x12), 256))), "panic 0x12, a division by zero");
        assert_eq!(reason(&data(PANIC, DynSolValue::Uint(U256::from(0x77), 256))), "panic 0x77");
        assert_eq!(reason(&[0xca, 0xfe, 0xba, 0xbe, 1, 2]), "error with selector 0xcafebabe");
        for nothing in [&[][..], &[1, 2, 3]] {
            assert_eq!(reason(nothing), "no reason given");
        }
    }

    #[test]
    fn a_hostile_reason_is_cut_and_cleaned() {
        let shown = reason(&data(ERROR, DynSolValue::String(format!("\u{1b}[31m\n\u{202e}{}", "x".repeat(9_000)))));
        assert!(shown.chars().count() < 200, "{shown}");
        assert!(!shown.chars().any(char::is_control) && !shown.contains('\u{202e}'), "{shown}");
        assert_eq!(reason(&[&ERROR[..], &[0xff; 64]].concat()), "error with selector 0x08c379a0");
    }
}
