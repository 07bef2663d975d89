//! Many calls in one `eth_call`, by Multicall3's `aggregate3`, such that none can tell the difference.
//!
//! Multicall3 alone would change what contracts see: `msg.sender` would be Multicall3, and a call that writes would be seen by
//! those after it, that is, by other jobs. So the request lends code to two addresses for its own time (the third parameter of
//! `eth_call`): the [`FRONT`] calls the zero address statically, so that nothing can write, and the zero address, which plain
//! calls come from, borrows Multicall3's code. A call that writes fails then, as one that reverts or runs out of gas does, and is
//! asked again plainly by whoever uses this.
//!
//! Sources: Multicall3 (`mds1/multicall3`), EIP-1167, whose code of a proxy both loans follow, and Geth's state overrides.

use alloy_primitives::{Address, Bytes, address, hex};
use serde_json::{Value, json};

use super::{Call, params, parse};
use crate::{
    decode::Data,
    endpoint::Node,
    fault::{Fault, is_about_the_request},
    methods,
};

/// Where Multicall3 is on nearly every chain.
pub(crate) const CANONICAL: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// Whom the request calls: nobody has a key or a contract there; the bytes are the text `watchkeeper:gatherer`.
const FRONT: Address = address!("7761746368 6b6565706572 3a 6761746865726572");

/// `aggregate3((address,bool,bytes)[])`.
const AGGREGATE3: [u8; 4] = hex!("82ad56cb");
const WORD: usize = 32;

/// What one request gave.
pub(crate) enum Told {
    /// For each call what it returned; none where it failed in company.
    Results(Vec<Option<Bytes>>),
    /// Too many calls at once: of gas, time or bytes.
    TooMuch(Fault),
    /// There is no Multicall3 at this block, or the endpoint lends no code.
    Nothing,
}

/// Whether a call can be asked so: not if it is to an address that has lent code meanwhile.
pub(crate) fn fits(call: &Call) -> bool {
    !call.to.is_zero() && call.to != FRONT
}

/// What a call adds to the request, in bytes before they are written as hexadecimal digits.
pub(crate) fn size(call: &Call) -> usize {
    5 * WORD + call.data.len().next_multiple_of(WORD)
}

/// Asks for calls at a block.
pub(crate) async fn ask(node: Node<'_>, contract: Address, block: &Value, calls: &[&Call]) -> Result<Told, Fault> {
    let request = json!({ "to": FRONT, "input": Bytes::from(encode(calls)) });
    let loans =
        json!({ FRONT.to_string(): { "code": front() }, Address::ZERO.to_string(): { "code": back(contract) } });
    match node.call(methods::CALL, params(&(request, block, loans))?).await {
        Ok(answer) => {
            let Data(data) = parse(&answer)?;
            Ok(decode(&data, calls.len()).map_or(Told::Nothing, Told::Results))
        }
        // JSON-RPC's "invalid request", "method not found" and "invalid params".
        Err(Fault::Rpc(error)) if (-32_602..=-32_600).contains(&error.code) => Ok(Told::Nothing),
        Err(Fault::Rpc(error)) if error.is_retry_err() => Err(Fault::Rpc(error)),
        Err(fault @ (Fault::Rpc(_) | Fault::TooLarge(_))) => Ok(Told::TooMuch(fault)),
        Err(Fault::Status(status)) if is_about_the_request(status) => Ok(Told::TooMuch(Fault::Status(status))),
        Err(fault) => Err(fault),
    }
}

/// Passes what it is given to the zero address, in a static call.
fn front() -> Bytes {
    hex!("363d3d373d3d3d363d3d5afa3d82803e903d91601757fd5bf3").into()
}

/// For the front, Multicall3; for everybody else nothing, as the zero address is.
fn back(contract: Address) -> Bytes {
    let guard = [&hex!("3373")[..], FRONT.as_slice(), &hex!("14601b57005b")].concat();
    let proxy =
        [&hex!("363d3d373d3d3d363d73")[..], contract.as_slice(), &hex!("5af43d82803e903d91604757fd5bf3")].concat();
    [guard, proxy].concat().into()
}

/// The arguments, each call with leave to fail.
fn encode(calls: &[&Call]) -> Vec<u8> {
    let mut data = AGGREGATE3.to_vec();
    data.extend(word(WORD));
    data.extend(word(calls.len()));
    let mut offset = calls.len() * WORD;
    for call in calls {
        data.extend(word(offset));
        offset += size(call) - WORD;
    }
    for call in calls {
        data.extend([0; 12]);
        data.extend(call.to);
        data.extend(word(1));
        data.extend(word(3 * WORD));
        data.extend(word(call.data.len()));
        data.extend(call.data.iter());
        data.extend(std::iter::repeat_n(0, call.data.len().next_multiple_of(WORD) - call.data.len()));
    }
    data
}

fn word(number: usize) -> [u8; WORD] {
    let mut word = [0; WORD];
    if let Some(end) = word.last_chunk_mut() {
        *end = (number as u64).to_be_bytes();
    }
    word
}

/// The results `(bool success, bytes returnData)[]`, exactly one for each call; none if these bytes are anything else.
fn decode(data: &[u8], calls: usize) -> Option<Vec<Option<Bytes>>> {
    let list = data.get(number(data, 0)?..)?;
    if number(list, 0)? != calls {
        return None;
    }
    let items = list.get(WORD..)?;
    let result = |call: usize| {
        let item = items.get(number(items, call * WORD)?..)?;
        let success = match number(item, 0)? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let bytes = item.get(number(item, WORD)?..)?;
        let returned = bytes.get(WORD..)?.get(..number(bytes, 0)?)?;
        Some(success.then(|| Bytes::copy_from_slice(returned)))
    };
    (0..calls).map(result).collect()
}

/// The word at a place, if it is a number below 2³².
fn number(data: &[u8], place: usize) -> Option<usize> {
    let word = data.get(place..)?.first_chunk::<WORD>()?;
    let (zeros, digits) = word.split_last_chunk::<4>()?;
    zeros.iter().all(|byte| *byte == 0).then(|| u32::from_be_bytes(*digits) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn call(to: u8, data: &[u8]) -> Call {
        Call { to: [to; 20].into(), data: data.to_vec().into() }
    }

    /// As Solidity encodes results.
    fn results(results: &[(bool, Vec<u8>)]) -> Vec<u8> {
        let mut data = [word(WORD), word(results.len())].concat();
        let padded = |bytes: &[u8]| bytes.len().next_multiple_of(WORD);
        let mut offset = results.len() * WORD;
        for (_, bytes) in results {
            data.extend(word(offset));
            offset += 3 * WORD + padded(bytes);
        }
        for (success, bytes) in results {
            data.extend([word(usize::from(*success)), word(2 * WORD), word(bytes.len())].concat());
            data.extend(bytes);
            data.extend(vec![0; padded(bytes) - bytes.len()]);
        }
        data
    }

    #[test]
    fn calls_are_encoded_as_cast_encodes_them() {
        // `cast calldata 'aggregate3((address,bool,bytes)[])' "[(0x1111…,true,0x),(0x2222…,true,0xabcdef)]"`
        let words = ["20", "2", "40", "c0", &"11".repeat(20), "1", "60", "0", &"22".repeat(20), "1", "60", "3"];
        let words: String = words.iter().map(|word| format!("{word:0>64}")).collect();
        let wanted = format!("82ad56cb{words}abcdef{}", "0".repeat(58));
        let calls = [call(0x11, &[]), call(0x22, &[0xab, 0xcd, 0xef])];
        assert_eq!(hex::encode(encode(&calls.iter().collect::<Vec<_>>())), wanted);
    }

    #[test]
    fn no_code_is_no_answer() {
        for calls in [0, 1, 2] {
            assert_eq!(decode(&[], calls), None);
        }
    }

    proptest! {
        #[test]
        fn results_are_read_as_they_were_written(
            wanted in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..100)), 0..20),
        ) {
            let data = results(&wanted);
            let read = decode(&data, wanted.len()).unwrap();
            let told: Vec<_> = wanted.iter().map(|(success, bytes)| success.then(|| bytes.clone().into())).collect();
            prop_assert_eq!(read, told);
            prop_assert_eq!(decode(&data, wanted.len() + 1), None);
            prop_assert_eq!(decode(&data[..data.len().saturating_sub(WORD)], wanted.len().max(1)), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), calls in 0_usize..4) {
            let _either = decode(&bytes, calls);
        }

        #[test]
        fn a_right_answer_with_a_word_changed_gives_as_many_results_or_none(
            place in 0_usize..14, value in prop::option::of(0_usize..500), calls in 1_usize..3,
        ) {
            let mut data = results(&vec![(true, vec![7; 40]); calls]);
            let changed = value.map_or([0xff; WORD], word);
            if let Some(slot) = data.get_mut(place * WORD..(place + 1) * WORD) {
                slot.copy_from_slice(&changed);
            }
            prop_assert!(decode(&data, calls).is_none_or(|results| results.len() == calls));
        }
    }
}
