//! One block's header, as `header.GetByHeight` and its siblings tell it: the height is a text there, as CometBFT writes it.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    namespace::{LENGTH, Namespace},
    number::Number,
    time::Time,
};

/// What this plugin reads of a header. Blocks are final: a network by CometBFT doesn't reorganise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Answer")]
pub(crate) struct Header {
    pub(crate) network: String,
    pub(crate) height: u64,
    /// The block's own time.
    pub(crate) time: Time,
    /// Upper-case hexadecimal digits.
    pub(crate) hash: String,
    /// None for the first block.
    pub(crate) previous: Option<String>,
    rows: Vec<Row>,
}

/// The first and the last namespace of a row of the block's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    first: Namespace,
    last: Namespace,
}

impl Header {
    /// The rows that may hold data of a namespace, in their order: a block's shares are sorted by namespace, and the root of
    /// each row begins with its first and its last one. Rows of parity have a namespace above all others.
    pub(crate) fn rows_of(&self, namespace: Namespace) -> impl Iterator<Item = Row> {
        self.rows.iter().filter(move |row| row.first <= namespace && namespace <= row.last).copied()
    }
}

impl Row {
    /// Whether the row surely holds data of a namespace: its first or its last share is of it.
    pub(crate) fn surely_holds(self, namespace: Namespace) -> bool {
        self.first == namespace || self.last == namespace
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let root = STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        let namespace = |place: usize| Namespace::from_bytes(root.get(place * LENGTH..(place + 1) * LENGTH)?);
        match (root.len(), namespace(0), namespace(1)) {
            (ROOT_LENGTH, Some(first), Some(last)) => Ok(Self { first, last }),
            (length, ..) => Err(D::Error::custom(format!("a row's root of {length} bytes"))),
        }
    }
}

/// Two namespaces and a SHA-256.
const ROOT_LENGTH: usize = 2 * LENGTH + 32;

#[derive(Deserialize)]
struct Answer {
    header: Raw,
    commit: Commit,
    dah: Roots,
}

#[derive(Deserialize)]
struct Raw {
    chain_id: String,
    height: Number,
    time: Time,
    last_block_id: BlockId,
}

#[derive(Deserialize)]
struct Commit {
    block_id: BlockId,
}

#[derive(Deserialize)]
struct BlockId {
    hash: String,
}

#[derive(Deserialize)]
struct Roots {
    row_roots: Vec<Row>,
}

impl From<Answer> for Header {
    fn from(Answer { header, commit, dah }: Answer) -> Self {
        Self {
            network: header.chain_id,
            height: header.height.0,
            time: header.time,
            hash: commit.block_id.hash,
            previous: Some(header.last_block_id.hash).filter(|hash| !hash.is_empty()),
            rows: dah.row_roots,
        }
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::{Value, from_value, json};

    use super::*;
    use crate::namespace::PAY_FOR_BLOB;

    /// The example of the node's own API reference, shortened to what is read; two rows of an empty block.
    fn example() -> Value {
        json!({
            "header": {
                "version": { "block": "11" }, "chain_id": "mocha-4", "height": "67374",
                "time": "2023-02-25T12:10:28.067566292Z",
                "last_block_id": { "hash": "47A2C7758760988500B2F043D3903BBBF1C8B383CA33CF7056AA45E22055663E" },
            },
            "commit": {
                "height": "67374",
                "block_id": { "hash": "A7F6B1CF33313121539206754A73FDC22ADA48C4AA8C4BB4F707ED2E089E59D3" },
            },
            "dah": { "row_roots": [
                "//////////7//////////ql+/VFmJ8PWE9BcjrTDLrY/hzVeGdzFCpfEhiXDXZmt",
                "/////////////////////zHeGnUtPJn8QyPpePSYl4qRVrcUvG2fwptyoA85Myik",
            ] },
        })
    }

    fn root(first: u8, last: u8) -> String {
        let mut bytes = [0; ROOT_LENGTH];
        bytes[LENGTH - 1] = first;
        bytes[2 * LENGTH - 1] = last;
        STANDARD.encode(bytes)
    }

    fn with_rows(rows: &[(u8, u8)]) -> Header {
        let mut header = example();
        header["dah"]["row_roots"] = rows.iter().map(|(first, last)| root(*first, *last)).collect();
        from_value(header).unwrap()
    }

    #[test]
    fn a_header_is_read_with_its_height_as_text() {
        let mut answer = example();
        // The example is of an older network, whose namespaces had 8 bytes.
        answer["dah"]["row_roots"] = json!([]);
        let header: Header = from_value(answer).unwrap();
        assert_eq!((&*header.network, header.height), ("mocha-4", 67374));
        assert_eq!(header.time.seconds(), 1_677_327_028.067_566_3);
        assert!(header.hash.starts_with("A7F6") && header.previous.unwrap().starts_with("47A2"));
    }

    #[test]
    fn rows_tell_where_a_namespace_may_be_and_where_it_must_be() {
        let holds = |header: &Header| -> Vec<bool> {
            header.rows_of(PAY_FOR_BLOB).map(|row| row.surely_holds(PAY_FOR_BLOB)).collect()
        };
        assert_eq!(holds(&with_rows(&[(1, 3), (3, 4), (4, 4), (4, 90)])), [true, true, true]);
        assert_eq!(holds(&with_rows(&[(1, 90), (90, 255)])), [false]);
        assert_eq!(holds(&with_rows(&[(255, 255), (255, 255)])), [false; 0]);
    }

    #[test]
    fn what_is_no_header_is_an_error() {
        let wrong = |change: fn(&mut Value)| {
            let mut answer = example();
            answer["dah"]["row_roots"] = json!([]);
            change(&mut answer);
            assert!(from_value::<Header>(answer.clone()).is_err(), "{answer}");
        };
        wrong(|answer| answer["header"]["height"] = json!(""));
        wrong(|answer| answer["header"]["height"] = json!("-1"));
        wrong(|answer| answer["header"]["time"] = json!(1_677_327_028));
        wrong(|answer| answer["commit"] = json!(null));
        wrong(|answer| answer["dah"] = json!({}));
        wrong(|answer| answer["dah"]["row_roots"] = json!(["AAAA"]));
        wrong(|answer| *answer = json!({}));
        assert!(from_value::<Header>(example()).is_err(), "roots of 48 bytes are of a network before namespaces of 29");
    }
}
