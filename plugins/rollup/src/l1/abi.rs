//! ABI-encoded values, read strictly: a word that isn't exactly what its type allows is none, and never a zero.

use watchkeeper_sdk::prelude::*;

/// One value of the ABI.
pub(super) type Word = [u8; 32];

/// Exactly so many words.
pub(super) fn words<const N: usize>(data: &[u8]) -> Option<[Word; N]> {
    match data.as_chunks::<32>() {
        (words, []) => words.try_into().ok(),
        _ => None,
    }
}

/// A `uint64`, `uint32` or `uint8`.
pub(super) fn number(word: &Word) -> Option<u64> {
    u64::try_from(amount(word)).ok()
}

/// A `uint256`.
pub(super) fn amount(word: &Word) -> U256 {
    U256::from_be_bytes(*word)
}

/// An `address`.
pub(super) fn address(word: &Word) -> Option<Address> {
    match word.split_first_chunk::<12>() {
        Some(([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], address)) => Address::try_from(address).ok(),
        _ => None,
    }
}

/// A `bool`.
pub(super) fn truth(word: &Word) -> Option<bool> {
    match number(word)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// The data of a call: a selector, and at most one argument of one word.
pub(super) fn call(to: Address, selector: [u8; 4], argument: Option<Word>) -> Call {
    let data = [&selector[..], argument.as_ref().map_or(&[], |word| word.as_slice())].concat();
    Call { to, data: data.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_whole_words_of_their_type() {
        let word = |last: &[u8]| B256::left_padding_from(last).0;
        assert_eq!(number(&word(&[1, 0])), Some(256));
        assert_eq!(number(&word(&[0xff; 8])), Some(u64::MAX));
        assert_eq!(number(&word(&[1; 9])), None);
        assert_eq!(address(&word(&[7; 20])), Some(Address::repeat_byte(7)));
        assert_eq!(address(&word(&[7; 21])), None);
        assert_eq!((truth(&word(&[])), truth(&word(&[1])), truth(&word(&[2]))), (Some(false), Some(true), None));

        let two = [word(&[1]), word(&[2])].concat();
        assert_eq!(words::<2>(&two), Some([word(&[1]), word(&[2])]));
        for wrong in [&two[..32], &two[..63], &[two.as_slice(), &[0]].concat(), &[]] {
            assert_eq!(words::<2>(wrong), None);
        }
    }
}
