//! Namespaces: 29 bytes, the first of which is the version. A user's has version 0, 18 zeros and 10 bytes of their own
//! (Celestia's specification of namespaces, "User-Specifiable Namespaces").

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Bytes of a namespace.
pub(crate) const LENGTH: usize = 29;

/// One namespace. Ordered as the rows of a block are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Namespace([u8; LENGTH]);

/// The reserved namespace of the transactions that pay for blobs.
pub(crate) const PAY_FOR_BLOB: Namespace = reserved(4);
/// The largest of the reserved namespaces of version 0.
const LAST_RESERVED: Namespace = reserved(255);

const fn reserved(last: u8) -> Namespace {
    let mut bytes = [0; LENGTH];
    bytes[LENGTH - 1] = last;
    Namespace(bytes)
}

impl Namespace {
    /// None if there aren't 29 bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As the JSON-RPC takes it.
    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }
}

/// As an operator writes it: 29 bytes in base64 or hexadecimal, with or without `0x`.
impl TryFrom<String> for Namespace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown: String = text.chars().take(80).collect();
        let bytes = unhex(text.strip_prefix("0x").unwrap_or(&text)).or_else(|| STANDARD.decode(&text).ok());
        let namespace = bytes.as_deref().and_then(Self::from_bytes).ok_or_else(|| {
            format!("`{shown}` is not a namespace: 29 bytes, as 40 signs of base64 or 58 hexadecimal digits")
        })?;
        let user_specified = namespace.0.starts_with(&[0; 19]) && namespace > LAST_RESERVED;
        user_specified.then_some(namespace).ok_or_else(|| {
            format!("`{shown}` is no namespace for blobs: version 0, 18 bytes of zero, then 10 that are more than 255")
        })
    }
}

impl From<Namespace> for String {
    fn from(namespace: Namespace) -> Self {
        namespace.base64()
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * LENGTH || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..LENGTH).map(|place| text.get(2 * place..2 * place + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0000000000000000000000000000000000000000c27fc4694d31d10102";

    fn parse(text: &str) -> Result<Namespace, String> {
        Namespace::try_from(text.to_owned())
    }

    #[test]
    fn a_namespace_is_read_in_both_forms_and_asked_for_in_base64() {
        let namespace = parse(HEX).unwrap();
        assert_eq!(parse(&namespace.base64()), Ok(namespace));
        assert_eq!(parse(&format!("0x{}", HEX.to_uppercase().trim_start_matches("0X"))), Ok(namespace));
        assert_eq!(format!("{namespace:?}"), HEX);
        assert_eq!(PAY_FOR_BLOB.base64(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ=");
    }

    #[test]
    fn only_what_a_user_can_submit_to_is_taken() {
        let of_version_1 = format!("01{}", "00".repeat(28));
        let prefix_in_use = format!("0001{}c27f", "00".repeat(25));
        for bad in [
            "",
            "zzzz",
            "c27fc4694d31d1",
            &HEX[2..],
            &format!("{HEX}00"),
            "+000000000000000000000000000000000000000c27fc4694d31d10102",
            &of_version_1,
            &prefix_in_use,
            &PAY_FOR_BLOB.base64(),
            &LAST_RESERVED.base64(),
            &"ff".repeat(29),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
