//! Why something reverted, as one of few classes: a label can't hold whatever a contract says.

use std::str;

use watchkeeper_sdk::prelude::*;

/// `Error(string)`
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// `Panic(uint256)`
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
/// `FailedOp(uint256,string)`
const FAILED: [u8; 4] = [0x22, 0x02, 0x66, 0xb6];
/// `FailedOpWithRevert(uint256,string,bytes)`, since 0.7
const FAILED_WITH_REVERT: [u8; 4] = [0x65, 0xc8, 0xfd, 0x4d];
/// `PostOpReverted(bytes)`, since 0.7
const POST_REVERTED: [u8; 4] = [0xad, 0x79, 0x54, 0xbc];

/// The classes that EntryPoints 0.6 to 0.9 write.
const CODES: [&str; 31] = [
    "AA10", "AA13", "AA14", "AA15", "AA20", "AA21", "AA22", "AA23", "AA24", "AA25", "AA26", "AA30", "AA31", "AA32",
    "AA33", "AA34", "AA36", "AA40", "AA41", "AA50", "AA51", "AA90", "AA91", "AA92", "AA93", "AA94", "AA95", "AA96",
    "AA97", "AA98", "AA99",
];

/// The class of what a call reverted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Without any data.
    Empty,
    /// With a text.
    Error,
    /// Solidity's own: a failed assertion, an overflow, …
    Panic,
    /// An EntryPoint's code, such as `AA31`.
    Code(&'static str),
    /// With anything else.
    Custom,
}

/// An EntryPoint's refusal of a bundle, because of one operation in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The operation's place in the bundle.
    pub(crate) operation: U256,
    /// None for a code that isn't known.
    pub(crate) code: Option<&'static str>,
}

impl Reason {
    /// Reads a call's revert data.
    pub(crate) fn read(data: &[u8]) -> Self {
        let Some((selector, arguments)) = data.split_first_chunk::<4>() else {
            return if data.is_empty() { Self::Empty } else { Self::Custom };
        };
        match *selector {
            // A paymaster's reason within the EntryPoint's.
            POST_REVERTED => bytes_at(arguments, 0).map_or(Self::Custom, Self::inner),
            ERROR => text_at(arguments, 0).and_then(code).map_or(Self::Error, Self::Code),
            PANIC => Self::Panic,
            FAILED | FAILED_WITH_REVERT => {
                Refusal::read(data).and_then(|refusal| refusal.code).map_or(Self::Custom, Self::Code)
            }
            _ => Self::Custom,
        }
    }

    /// The value of the label `class`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Code(code) => code,
            Self::Custom => "custom",
        }
    }

    /// One level only: data may pretend to hold itself.
    fn inner(data: &[u8]) -> Self {
        if data.starts_with(&POST_REVERTED) { Self::Custom } else { Self::read(data) }
    }
}

impl Refusal {
    /// Reads what `handleOps` reverted with; none if it isn't such a refusal.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let (selector, arguments) = data.split_first_chunk::<4>()?;
        if ![FAILED, FAILED_WITH_REVERT].contains(selector) {
            return None;
        }
        let operation = U256::from_be_bytes(*arguments.first_chunk::<32>()?);
        Some(Self { operation, code: code(text_at(arguments, 1)?) })
    }
}

/// The bytes that the argument at a place points to, by the contract ABI.
pub(crate) fn bytes_at(arguments: &[u8], place: usize) -> Option<&[u8]> {
    let at = number_at(arguments, place.checked_mul(32)?)?;
    let length = number_at(arguments, at)?;
    let begin = at.checked_add(32)?;
    arguments.get(begin..begin.checked_add(length)?)
}

/// The word at an offset in bytes, as an offset or a length.
pub(crate) fn number_at(data: &[u8], at: usize) -> Option<usize> {
    let word = data.get(at..at.checked_add(32)?)?;
    usize::try_from(U256::try_from_be_slice(word)?).ok()
}

fn text_at(arguments: &[u8], place: usize) -> Option<&str> {
    str::from_utf8(bytes_at(arguments, place)?).ok()
}

fn code(text: &str) -> Option<&'static str> {
    CODES.into_iter().find(|code| text.strip_prefix(code).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::keccak256;

    use super::*;

    /// Arguments by the contract ABI: numbers as they are, and one text or bytes at the end.
    fn encode(signature: &str, numbers: &[u64], dynamic: Option<&[u8]>) -> Vec<u8> {
        let word = |number: usize| U256::from(number).to_be_bytes::<32>();
        let mut data = keccak256(signature)[..4].to_vec();
        numbers.iter().for_each(|number| data.extend(word(*number as usize)));
        if let Some(bytes) = dynamic {
            data.extend(word(32 * (numbers.len() + 1)));
            data.extend(word(bytes.len()));
            data.extend(bytes);
            data.resize(4 + (data.len() - 4).next_multiple_of(32), 0);
        }
        data
    }

    #[test]
    fn reasons_fall_into_few_classes() {
        let class = |data: &[u8]| Reason::read(data).as_str();
        assert_eq!(class(b""), "empty");
        assert_eq!(class(b"abc"), "custom");
        assert_eq!(class(&encode("Error(string)", &[], Some(b"no"))), "error");
        assert_eq!(class(&encode("Error(string)", &[], Some(b"AA51 prefund below"))), "AA51");
        assert_eq!(class(&encode("Error(string)", &[], Some(b"AA51x"))), "error");
        assert_eq!(class(&encode("Error(string)", &[], Some(b"\xff"))), "error");
        assert_eq!(class(&encode("Panic(uint256)", &[17], None)), "panic");
        assert_eq!(class(&encode("Own(uint256)", &[1], None)), "custom");
        let inner = encode("Error(string)", &[], Some(b"no"));
        assert_eq!(class(&encode("PostOpReverted(bytes)", &[], Some(&inner))), "error");
        assert_eq!(class(&encode("PostOpReverted(bytes)", &[], Some(b""))), "empty");
        let deep = encode("PostOpReverted(bytes)", &[], Some(&encode("PostOpReverted(bytes)", &[], Some(b""))));
        assert_eq!(class(&deep), "custom");
    }

    #[test]
    fn a_refusal_names_the_operation_and_the_code() {
        let refusal = |data: &[u8]| Refusal::read(data).map(|refusal| (refusal.operation.to::<u64>(), refusal.code));
        let low = encode("FailedOp(uint256,string)", &[3], Some(b"AA31 paymaster deposit too low"));
        assert_eq!(refusal(&low), Some((3, Some("AA31"))));
        assert_eq!(refusal(&encode("FailedOp(uint256,string)", &[0], Some(b"AA77 new"))), Some((0, None)));
        assert_eq!(refusal(&encode("Error(string)", &[], Some(b"AA31 "))), None);
        let mut with_revert = keccak256("FailedOpWithRevert(uint256,string,bytes)")[..4].to_vec();
        for number in [1_u64, 96, 160, 13] {
            with_revert.extend(U256::from(number).to_be_bytes::<32>());
        }
        with_revert.extend(b"AA23 reverted");
        with_revert.resize(4 + 160, 0);
        with_revert.extend([0; 32]);
        assert_eq!(refusal(&with_revert), Some((1, Some("AA23"))));
    }

    #[test]
    fn data_that_points_outside_itself_is_no_refusal() {
        let whole = encode("FailedOp(uint256,string)", &[3], Some(b"AA31 paymaster deposit too low"));
        for length in 0..whole.len() - 2 {
            let known = Refusal::read(&whole[..length]);
            assert!(known.is_none(), "{length}");
        }
        let mut far = whole;
        far[36..68].fill(0xff);
        assert_eq!(Refusal::read(&far), None);
    }
}
