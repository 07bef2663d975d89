//! The transactions that pay for blobs, out of the shares of their reserved namespace.
//!
//! A share is 512 bytes: namespace (29), info (1: version and whether a sequence starts), in the first of a sequence its
//! length (4), then, since these are compact shares, the place of the first unit (4), then data. The sequence is a list of
//! units, each behind its length as a varint, each an `IndexWrapper` (Celestia's specification of shares, "Transaction
//! Shares"; `go-square`, `proto/blob/v4/blob.proto`). What doesn't fit that is an error: a block is read as a whole or not.

use base64::{Engine, engine::general_purpose::STANDARD};
use prost::Message;
use serde::Deserialize;

use crate::{
    namespace::{LENGTH as NAMESPACE, Namespace},
    payment::{self, Payment},
};

const SHARE: usize = 512;
const SEQUENCE_LENGTH: usize = 4;
const RESERVED: usize = 4;
const STARTS: u8 = 1;
/// Bytes of data in any share but the first, which has fewer.
const CONTENT: usize = SHARE - NAMESPACE - 1 - RESERVED;

/// The shares of one row that are of one namespace, as `share.GetNamespaceData` tells them.
#[derive(Debug, Deserialize)]
pub(crate) struct RowShares {
    /// In base64; null for a row without any.
    shares: Option<Vec<String>>,
}

impl RowShares {
    pub(crate) fn is_empty(&self) -> bool {
        self.shares.as_ref().is_none_or(Vec::is_empty)
    }
}

/// What the shares of a block's namespace of payments hold.
pub(crate) fn payments(namespace: Namespace, rows: &[RowShares]) -> Result<Vec<Payment>, String> {
    let shares: Vec<&String> = rows.iter().filter_map(|row| row.shares.as_ref()).flatten().collect();
    let sequence = sequence(namespace, &shares)?;
    units(&sequence)?.into_iter().map(payment).collect()
}

/// The bytes that the shares carry, without what surrounds and fills them.
fn sequence(namespace: Namespace, shares: &[&String]) -> Result<Vec<u8>, String> {
    let mut data = Vec::with_capacity(shares.len() * SHARE);
    let mut length = 0;
    for (place, share) in shares.iter().enumerate() {
        let bytes =
            STANDARD.decode(share.as_bytes()).map_err(|error| format!("share {place} is no base64: {error}"))?;
        let wrong = |what: &str| format!("share {place} {what}");
        let (of, rest) = bytes.split_at_checked(NAMESPACE).ok_or_else(|| wrong("is too short"))?;
        if bytes.len() != SHARE || Namespace::from_bytes(of) != Some(namespace) {
            return Err(wrong("isn't one of 512 bytes of the namespace that was asked for"));
        }
        let (info, rest) = rest.split_first().ok_or_else(|| wrong("is too short"))?;
        if info >> 1 != 0 || (info & STARTS == STARTS) != (place == 0) {
            return Err(wrong("has another version, or starts where none should"));
        }
        let mut skipped = RESERVED;
        if place == 0 {
            let prefix = rest.first_chunk::<SEQUENCE_LENGTH>().ok_or_else(|| wrong("is too short"))?;
            length = u32::from_be_bytes(*prefix) as usize;
            skipped += SEQUENCE_LENGTH;
        }
        data.extend(rest.iter().skip(skipped));
    }
    if length > data.len() || data.len() - length >= CONTENT {
        return Err(format!("{} shares for a sequence of {length} bytes", shares.len()));
    }
    data.truncate(length);
    Ok(data)
}

/// The parts of a sequence, each behind its length.
fn units(mut sequence: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut units = Vec::new();
    while !sequence.is_empty() {
        let length = prost::decode_length_delimiter(&mut sequence).map_err(|error| error.to_string())?;
        let (unit, rest) =
            sequence.split_at_checked(length).ok_or_else(|| format!("transaction {} is cut off", units.len()))?;
        units.push(unit);
        sequence = rest;
    }
    Ok(units)
}

fn payment(unit: &[u8]) -> Result<Payment, String> {
    let wrapper = IndexWrapper::decode(unit).map_err(|error| error.to_string())?;
    if wrapper.type_id != TYPE_ID {
        return Err(format!("a transaction of the kind `{}`", wrapper.type_id.escape_default()));
    }
    payment::read(&wrapper.tx)
}

const TYPE_ID: &str = "INDX";

#[derive(Clone, PartialEq, Message)]
struct IndexWrapper {
    #[prost(bytes = "vec", tag = "1")]
    tx: Vec<u8>,
    #[prost(string, tag = "3")]
    type_id: String,
}
