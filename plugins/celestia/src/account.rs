//! Accounts: bech32 texts that begin with `celestia1` and stand for 20 bytes, as the Cosmos SDK writes them.

use bech32::{Bech32, Hrp, primitives::decode::CheckedHrpstring};
use serde::{Deserialize, Serialize};

const PREFIX: Hrp = Hrp::parse_unchecked("celestia");
const LENGTH: usize = 20;

/// The address of an account, in lower case and with a checksum that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Address(String);

impl Address {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown = || text.chars().take(100).collect::<String>();
        let wrong = |why: &str| format!("`{}` is not the address of an account, as `celestia1…`: {why}", shown());
        let decoded = CheckedHrpstring::new::<Bech32>(&text).map_err(|error| wrong(&error.to_string()))?;
        if decoded.hrp() != PREFIX {
            return Err(wrong("its prefix is another"));
        }
        match decoded.byte_iter().count() {
            LENGTH => Ok(Self(text.to_ascii_lowercase())),
            length => Err(wrong(&format!("it stands for {length} bytes"))),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, String> {
        Address::try_from(text.to_owned())
    }

    #[test]
    fn an_address_is_checked_by_its_checksum_prefix_and_length() {
        let good = "celestia1njj6gjmnwqcpwk3nu6wpdlrpdfqytvj46e3ggu";
        assert_eq!(parse(good).unwrap().as_str(), good);
        assert_eq!(parse(&good.to_uppercase()).unwrap().as_str(), good);
        for bad in [
            "",
            "celestia1",
            "celestia1njj6gjmnwqcpwk3nu6wpdlrpdfqytvj46e3ggv",
            "celestia1njj6gjmnwqcpwk3nu6wpdlrpdfqytvj46e3gg",
            "celestiavaloper1q3v5cugc8cdpud87u4zwy0a74uxkk6u4q4gx4p",
            "cosmos1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
