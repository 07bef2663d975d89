//! Where in an answer a value is, and what can be made of it: `r0`, `prices.2`, `owners.length`.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_json_abi::Param;

use crate::{config::Path, text};

/// A place in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// First the returned value, then places in tuples and arrays.
    steps: Vec<usize>,
    length: bool,
}

/// What a place holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
}

impl Place {
    /// The place of a function's only returned value.
    pub(super) fn only() -> Self {
        Self { steps: vec![0], length: false }
    }

    /// Finds a place in what a function returns.
    ///
    /// # Errors
    /// What is wrong with the path.
    pub(super) fn find(path: &Path, names: &[Param], types: &[DynSolType]) -> Result<(Self, Kind), String> {
        let Some((first, rest)) = path.0.split_first() else { return Err("the path is empty".to_owned()) };
        let named = names.iter().position(|parameter| !parameter.name.is_empty() && parameter.name == *first);
        let first = named.or_else(|| first.parse().ok()).filter(|place| *place < types.len()).ok_or_else(|| {
            let there = names.iter().enumerate();
            let there: Vec<_> = there.map(|(place, parameter)| shown(place, &parameter.name)).collect();
            format!("nothing that is returned is called `{first}`; there are {}", there.join(", "))
        })?;
        let mut found = Self { steps: vec![first], length: false };
        let mut here = types.get(first);
        for part in rest {
            here = match (here, part.as_str()) {
                (Some(DynSolType::Array(_)), "length") if !found.length => {
                    found.length = true;
                    None
                }
                (Some(outer), part) => {
                    let place = part.parse().ok().filter(|_| part.bytes().all(|digit| digit.is_ascii_digit()));
                    let place = place.ok_or_else(|| format!("`{part}` is no place in a `{outer}`"))?;
                    found.steps.push(place);
                    Some(inner(outer, place).ok_or_else(|| format!("a `{outer}` has no place {place}"))?)
                }
                (None, part) => return Err(format!("nothing follows `length`, and here `{part}` does")),
            };
        }
        let Some(leaf) = here else { return Ok((found, Kind::Number)) };
        match leaf {
            DynSolType::Uint(_) | DynSolType::Int(_) | DynSolType::Bool => Ok((found, Kind::Number)),
            DynSolType::Address | DynSolType::String | DynSolType::FixedBytes(_) => Ok((found, Kind::Text)),
            other => Err(format!(
                "a `{other}` is no number and no text; of a tuple or an array name a place, as `{}.0`",
                path.0.join(".")
            )),
        }
    }

    /// The number there; none if there is no such place in this answer.
    pub(crate) fn number(&self, answer: &[DynSolValue]) -> Option<String> {
        let value = self.value(answer)?;
        if self.length {
            return value.as_array().map(|array| array.len().to_string());
        }
        match value {
            DynSolValue::Uint(number, _) => Some(number.to_string()),
            DynSolValue::Int(number, _) => Some(number.to_string()),
            DynSolValue::Bool(truth) => Some(u8::from(*truth).to_string()),
            _ => None,
        }
    }

    /// The text there, fit for a label; none if there is no such place in this answer.
    pub(crate) fn text(&self, answer: &[DynSolValue]) -> Option<String> {
        match self.value(answer)? {
            DynSolValue::Address(address) => Some(address.to_string()),
            DynSolValue::String(words) => Some(text::clean(words)),
            DynSolValue::FixedBytes(word, length) => {
                word.get(..*length).map(watchkeeper_sdk::alloy_primitives::hex::encode_prefixed)
            }
            _ => None,
        }
    }

    fn value<'a>(&self, answer: &'a [DynSolValue]) -> Option<&'a DynSolValue> {
        let (first, rest) = self.steps.split_first()?;
        rest.iter().try_fold(answer.get(*first)?, |value, step| {
            value.as_array().or_else(|| value.as_fixed_array()).or_else(|| value.as_tuple())?.get(*step)
        })
    }
}

fn inner(outer: &DynSolType, place: usize) -> Option<&DynSolType> {
    match outer {
        DynSolType::Array(element) => Some(element),
        DynSolType::FixedArray(element, length) => (place < *length).then_some(&**element),
        DynSolType::Tuple(members) => members.get(place),
        _ => None,
    }
}

fn shown(place: usize, name: &str) -> String {
    if name.is_empty() { format!("`{place}`") } else { format!("`{name}`") }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::prelude::{Address, B256, U256};

    use super::*;
    use crate::config::FunctionSignature;

    const FUNCTION: &str =
        "f() returns (int256 price, bool, (uint8,string)[2] pairs, address[] owners, bytes4 id, bytes raw)";

    fn find(path: &str) -> Result<(Place, Kind), String> {
        let signature = FunctionSignature::try_from(FUNCTION.to_owned()).unwrap();
        let path = Path(path.split('.').map(str::to_owned).collect());
        Place::find(&path, &signature.function.outputs, &signature.outputs)
    }

    fn answer() -> Vec<DynSolValue> {
        let pair = |number: u8, text: &str| {
            DynSolValue::Tuple(vec![DynSolValue::Uint(U256::from(number), 8), DynSolValue::String(text.into())])
        };
        vec![
            DynSolValue::Int((-5).try_into().unwrap(), 256),
            DynSolValue::Bool(true),
            DynSolValue::FixedArray(vec![pair(1, "one"), pair(2, "two\u{1b}")]),
            DynSolValue::Array(vec![DynSolValue::Address(Address::ZERO); 3]),
            DynSolValue::FixedBytes(B256::right_padding_from(&[0xab, 0xcd]), 4),
            DynSolValue::Bytes(vec![1]),
        ]
    }

    #[test]
    fn numbers_and_texts_are_found_by_name_place_and_path() {
        for (path, number) in [("price", "-5"), ("0", "-5"), ("1", "1"), ("pairs.1.0", "2"), ("owners.length", "3")] {
            let (place, kind) = find(path).unwrap();
            assert_eq!((place.number(&answer()).as_deref(), kind), (Some(number), Kind::Number), "{path}");
        }
        let zero = Address::ZERO.to_string();
        for (path, text) in [("pairs.1.1", "two"), ("owners.2", zero.as_str()), ("id", "0xabcd0000")] {
            let (place, kind) = find(path).unwrap();
            assert_eq!((place.text(&answer()).as_deref(), kind), (Some(text), Kind::Text), "{path}");
        }
        assert_eq!(find("owners.3").unwrap().0.text(&answer()), None);
    }

    #[test]
    fn a_path_that_leads_nowhere_says_what_there_is() {
        for (path, why) in [
            ("prize", "there are `price`, `1`, `pairs`, `owners`, `id`, `raw`"),
            ("6", "nothing that is returned is called `6`"),
            ("pairs", "name a place, as `pairs.0`"),
            ("pairs.2.0", "has no place 2"),
            ("pairs.0.2", "has no place 2"),
            ("pairs.length", "`length` is no place"),
            ("owners.length.0", "nothing follows `length`"),
            ("price.0", "has no place 0"),
            ("owners.+1", "`+1` is no place"),
            ("raw", "is no number and no text"),
        ] {
            let problem = find(path).unwrap_err();
            assert!(problem.contains(why), "{path}: {problem}");
        }
    }
}
