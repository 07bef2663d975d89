//! The arguments of `handleOps`, as far as the paymaster of one operation: from a transaction that failed, so anything may be in it.

use watchkeeper_sdk::prelude::*;

use crate::{config::Version, reason::number_at};

/// Whether a transaction's data calls `handleOps` as this version has it.
pub(super) fn is_bundle(version: Version, input: &[u8]) -> bool {
    input.starts_with(&selector(version))
}

/// The paymaster of the operation at a place: zero if the account pays; none if the data doesn't tell.
pub(super) fn paymaster(version: Version, input: &[u8], operation: U256) -> Option<Address> {
    let arguments = input.strip_prefix(&selector(version))?;
    let list = number_at(arguments, 0)?;
    let operation = usize::try_from(operation).ok().filter(|place| Some(*place) < number_at(arguments, list))?;
    let elements = list.checked_add(32)?;
    let element = elements.checked_add(number_at(arguments, elements.checked_add(operation.checked_mul(32)?)?)?)?;
    let field = element.checked_add(32 * paymaster_field(version))?;
    let bytes = element.checked_add(number_at(arguments, field)?)?;
    if number_at(arguments, bytes)? == 0 {
        return Some(Address::ZERO);
    }
    let begin = bytes.checked_add(32)?;
    (number_at(arguments, bytes)? >= 20).then_some(())?;
    arguments.get(begin..begin.checked_add(20)?).map(Address::from_slice)
}

fn selector(version: Version) -> [u8; 4] {
    match version {
        Version::V06 => [0x1f, 0xad, 0x94, 0x8c],
        Version::V07 | Version::V08 | Version::V09 => [0x76, 0x5e, 0x82, 0x7f],
    }
}

/// The place of `paymasterAndData` in an operation.
fn paymaster_field(version: Version) -> usize {
    match version {
        Version::V06 => 9,
        Version::V07 | Version::V08 | Version::V09 => 7,
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    /// Two packed operations, whose only fields are paymasters; the rest is zero.
    fn bundle() -> Vec<u8> {
        let word = |number: usize| U256::from(number).to_be_bytes::<32>().to_vec();
        let operation = |paymaster: &[u8]| {
            let mut fields = vec![word(0); 9];
            fields[7] = word(9 * 32);
            let mut data = [fields.concat(), word(paymaster.len()), paymaster.to_vec()].concat();
            data.resize(data.len().next_multiple_of(32), 0);
            data
        };
        let (first, second) = (operation(&[]), operation(&[7; 52]));
        let offsets = [word(64), word(64 + first.len())].concat();
        [selector(Version::V07).to_vec(), word(64), word(0), word(2), offsets, first, second].concat()
    }

    #[test]
    fn the_selectors_are_those_of_the_versions() {
        let unpacked = "(address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes)";
        let packed = "(address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)";
        for (version, operation) in [(Version::V06, unpacked), (Version::V07, packed), (Version::V09, packed)] {
            assert_eq!(keccak256(format!("handleOps({operation}[],address)"))[..4], selector(version));
        }
    }

    #[test]
    fn the_paymaster_of_an_operation_is_found() {
        let of = |place: u64| paymaster(Version::V07, &bundle(), U256::from(place));
        assert_eq!([of(0), of(1), of(2)], [Some(Address::ZERO), Some(Address::repeat_byte(7)), None]);
        assert_eq!(paymaster(Version::V06, &bundle(), U256::ZERO), None);
    }

    #[test]
    fn data_that_points_outside_itself_tells_nothing() {
        let whole = bundle();
        for length in 0..whole.len() {
            let found = paymaster(Version::V07, &whole[..length], U256::ONE);
            assert!(found.is_none_or(|found| found == Address::repeat_byte(7)), "{length}: {found:?}");
        }
        for at in (4..whole.len() - 31).step_by(32) {
            let mut far = whole.clone();
            far[at..at + 32].fill(0xff);
            paymaster(Version::V07, &far, U256::ONE);
        }
    }
}
