//! One transaction that pays for blobs: a Cosmos SDK transaction whose message is `celestia.blob.v1.MsgPayForBlobs`
//! (`celestia-app`, `proto/celestia/blob/v1/tx.proto`; `cosmos-sdk`, `proto/cosmos/tx/v1beta1/tx.proto`). Its fee is charged
//! as a whole before anything else is done, whatever gas is used.

use prost::Message;

use crate::{namespace::Namespace, number};

/// What a transaction says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) signer: String,
    pub(crate) blobs: Vec<Blob>,
    /// Of the smallest unit, `utia`.
    pub(crate) fee: u128,
    /// The limit, which is what is paid for.
    pub(crate) gas: u64,
}

/// A blob that is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) namespace: Namespace,
    /// Bytes of its data.
    pub(crate) size: u32,
}

/// The only coin that pays fees.
pub(crate) const DENOMINATION: &str = "utia";

/// Reads the bytes of a transaction.
pub(crate) fn read(bytes: &[u8]) -> Result<Payment, String> {
    let tx = Tx::decode(bytes).map_err(|error| error.to_string())?;
    let body = tx.body.ok_or("a transaction without a body")?;
    let fee = tx.auth_info.and_then(|info| info.fee).ok_or("a transaction without a fee")?;
    let [message] = &*body.messages else {
        return Err(format!("a transaction of {} messages", body.messages.len()));
    };
    if message.type_url != PAY_FOR_BLOBS {
        return Err(format!("a message of the type `{}`", message.type_url.escape_default()));
    }
    let message = PayForBlobs::decode(&*message.value).map_err(|error| error.to_string())?;
    if message.namespaces.len() != message.blob_sizes.len() || message.namespaces.is_empty() {
        return Err(format!("{} namespaces for {} blobs", message.namespaces.len(), message.blob_sizes.len()));
    }
    let blobs = message.namespaces.iter().zip(&message.blob_sizes).map(|(namespace, size)| {
        let namespace = Namespace::from_bytes(namespace).ok_or("a namespace that hasn't 29 bytes")?;
        Ok(Blob { namespace, size: *size })
    });
    let blobs = blobs.collect::<Result<_, String>>()?;
    Ok(Payment { signer: message.signer, blobs, fee: sum(&fee.amount)?, gas: fee.gas_limit })
}

fn sum(coins: &[Coin]) -> Result<u128, String> {
    coins.iter().try_fold(0, |sum: u128, coin| {
        if coin.denom != DENOMINATION {
            return Err(format!("a fee in `{}`", coin.denom.escape_default()));
        }
        sum.checked_add(number::parse(&coin.amount)?).ok_or_else(|| "a fee that is too large".to_owned())
    })
}

const PAY_FOR_BLOBS: &str = "/celestia.blob.v1.MsgPayForBlobs";

#[derive(Clone, PartialEq, Message)]
struct Tx {
    #[prost(message, optional, tag = "1")]
    body: Option<Body>,
    #[prost(message, optional, tag = "2")]
    auth_info: Option<AuthInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct Body {
    #[prost(message, repeated, tag = "1")]
    messages: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct PayForBlobs {
    #[prost(string, tag = "1")]
    signer: String,
    #[prost(bytes = "vec", repeated, tag = "2")]
    namespaces: Vec<Vec<u8>>,
    #[prost(uint32, repeated, tag = "3")]
    blob_sizes: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct AuthInfo {
    #[prost(message, optional, tag = "2")]
    fee: Option<Fee>,
}

#[derive(Clone, PartialEq, Message)]
struct Fee {
    #[prost(message, repeated, tag = "1")]
    amount: Vec<Coin>,
    #[prost(uint64, tag = "2")]
    gas_limit: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Coin {
    #[prost(string, tag = "1")]
    denom: String,
    #[prost(string, tag = "2")]
    amount: String,
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    /// A transaction of the test network Arabica.
    const REAL: &str = "CqABCp0BCiAvY2VsZXN0aWEuYmxvYi52MS5Nc2dQYXlGb3JCbG9icxJ5Ci9jZWxlc3RpYTFuamo2Z2ptbndxY3B3azNu\
        dTZ3cGRscnBkZnF5dHZqNDZlM2dndRIdAAAAAAAAAAAAAAAAAAAAAAAAANyNMoieoz61MzUaAulwIiC3BLJSRAga0FBq4++Z3oVOqfwcW81tz6y0NvYv\
        BdMDDkIBABJmCk4KRgofL2Nvc21vcy5jcnlwdG8uc2VjcDI1NmsxLlB1YktleRIjCiEDX3QmexAjJXBLBhuzxZsxQ6q6nTIglM1dj1KKs27+spISBAoC\
        CAESFAoNCgR1dGlhEgUyMDAwMRCAreIEGkDTYk0ZZlmSM/vYVMycruQyNvNWwl7e/3x4j4phUD+j0ja7qJel8mt2TW2ZBACA20G696DTFsttTHxGVk3u\
        wcNT";

    fn real() -> Vec<u8> {
        STANDARD.decode(REAL).unwrap()
    }

    #[test]
    fn a_real_transaction_tells_signer_blobs_and_fee() {
        let payment = read(&real()).unwrap();
        assert_eq!(payment.signer, "celestia1njj6gjmnwqcpwk3nu6wpdlrpdfqytvj46e3ggu");
        assert_eq!((payment.fee, payment.gas), (20_001, 10_000_000));
        let [blob] = &*payment.blobs else { panic!("{payment:?}") };
        assert_eq!(format!("{:?}", blob.namespace), "00000000000000000000000000000000000000dc8d32889ea33eb53335");
        assert_eq!(blob.size, 14_441);
    }

    #[test]
    fn a_transaction_that_is_cut_off_or_another_is_an_error() {
        let real = real();
        for length in 0..250 {
            assert!(read(&real[..length]).is_err(), "{length} of {} bytes", real.len());
        }
        let other = |from: &[u8], to: &[u8]| {
            let at = real.windows(from.len()).position(|window| window == from).unwrap();
            let mut bytes = real.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            read(&bytes).unwrap_err()
        };
        assert!(other(b"MsgPayForBlobs", b"MsgPayForFibre").contains("celestia.blob.v1.MsgPayForFibre"));
        assert!(other(b"utia", b"uosm").contains("a fee in `uosm`"));
        assert!(other(b"20001", b"-2000").contains("is not a decimal number"));
    }
}
