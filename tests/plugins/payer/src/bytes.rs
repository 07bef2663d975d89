//! Bytes as a config writes them, of any length: nothing here knows how many there should be.

use watchkeeper_sdk::prelude::*;

/// What no bytes can be read from.
pub(crate) struct Written(pub(crate) String);

/// `0x` and digits; nothing at all is no byte.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, Written> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = text.strip_prefix("0x").and_then(|_| text.parse::<Bytes>().ok());
    bytes.map(Into::into).ok_or_else(|| Written(format!("{text:?} is not 0x and an even number of digits")))
}

/// The same, or decimal digits for 32 bytes.
pub(crate) fn number(text: &str) -> Result<Vec<u8>, Written> {
    if text.is_empty() || text.starts_with("0x") {
        return hex(text);
    }
    let number = U256::from_str_radix(text, 10).map_err(|error| Written(format!("{text:?}: {error}")))?;
    Ok(number.to_be_bytes_vec())
}

pub(crate) fn show(bytes: &[u8]) -> String {
    Bytes::copy_from_slice(bytes).to_string()
}
