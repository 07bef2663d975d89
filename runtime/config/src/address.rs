//! Addresses as operators write them: a slip of one character must not become somebody else's address.

use alloy_primitives::Address;

use crate::Misread;

/// Reads `0x` and 40 hexadecimal digits. With letters of both cases they are a checksum (EIP-55), which must be right.
///
/// # Errors
/// Any other text, a wrong checksum, and the zero address, which is nobody's.
pub fn parse_address(text: &str) -> Result<Address, Misread> {
    let misread = |message: String, hint: &str| Misread { message, hint: hint.to_owned() };
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
    let address = digits
        .and_then(|digits| digits.parse::<Address>().ok())
        .ok_or_else(|| misread(format!("{text:?} is no address"), "write 0x and 40 hexadecimal digits"))?;
    let digits = digits.unwrap_or_default();
    let both_cases =
        digits.bytes().any(|byte| byte.is_ascii_lowercase()) && digits.bytes().any(|byte| byte.is_ascii_uppercase());
    if both_cases && address.to_checksum(None) != text {
        let hint =
            "copy it anew from where it is right; its capital letters are a checksum, and one character is wrong";
        return Err(misread(format!("{text:?} is misspelt"), hint));
    }
    if address.is_zero() {
        return Err(misread("the zero address is nobody's".to_owned(), "write the address that is meant"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_held_to_where_there_is_one() {
        let right = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789";
        let address = parse_address(right).unwrap();
        assert_eq!(parse_address(&right.to_lowercase()), Ok(address));
        assert_eq!(parse_address(&format!("0x{}", right[2..].to_uppercase())), Ok(address));
        let wrong = right.replace("b0F", "B0F");
        assert_eq!(parse_address(&wrong).unwrap_err().message, format!("{wrong:?} is misspelt"));
    }

    #[test]
    fn nothing_else_is_an_address() {
        let digits = "5ff137d4b0fdcd49dca30c7cf57e578a026d2789";
        for text in [
            "",
            "0x",
            digits,
            &format!("0X{digits}"),
            &format!("0x{}", &digits[1..]),
            &format!("0x{digits}0"),
            &format!(" 0x{digits}"),
            &format!("0x0x{}", &digits[2..]),
            &format!("0xg{}", &digits[1..]),
            &format!("0x\u{e4}{}", &digits[2..]),
        ] {
            assert_eq!(parse_address(text).unwrap_err().message, format!("{text:?} is no address"));
        }
        assert!(parse_address(&format!("0x{}", "0".repeat(40))).unwrap_err().message.contains("nobody's"));
    }
}
