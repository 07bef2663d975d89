//! One block with what it paid for: its header, and the shares of the namespace of payments where the header has any.

use watchkeeper_sdk::http::Error;

use crate::{
    header::Header,
    namespace::PAY_FOR_BLOB,
    node::Node,
    payment::Payment,
    square::{self, RowShares},
};

/// A block as far as it is counted.
pub(super) struct Block {
    pub(super) header: Header,
    pub(super) payments: Vec<Payment>,
}

impl Block {
    /// Reads a block up to the head; the head's own header is known.
    pub(super) async fn read(node: &Node<'_>, head: &Header, height: u64) -> Result<Self, Error> {
        let header = match height == head.height {
            true => head.clone(),
            false => node.call::<Header>("header.GetByHeight", (height,)).await.map_err(|error| at(height, error))?,
        };
        if header.height != height || header.network != node.network() {
            let message = format!("asked for block {height}, got {} of `{}`", header.height, header.network);
            return Err(Error::Malformed(message));
        }
        let payments = payments(node, &header).await.map_err(|error| at(height, error))?;
        Ok(Self { header, payments })
    }
}

async fn payments(node: &Node<'_>, header: &Header) -> Result<Vec<Payment>, Error> {
    let rows: Vec<_> = header.rows_of(PAY_FOR_BLOB).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let params = (header.height, PAY_FOR_BLOB.base64());
    let shares: Vec<RowShares> = node.call::<Option<_>>("share.GetNamespaceData", params).await?.unwrap_or_default();
    if shares.len() != rows.len() {
        return Err(Error::Malformed(format!(
            "{} rows of payments, where the header has {}",
            shares.len(),
            rows.len()
        )));
    }
    if rows.iter().zip(&shares).any(|(row, shares)| row.surely_holds(PAY_FOR_BLOB) && shares.is_empty()) {
        return Err(Error::Malformed("no payments in a row that has some by its header".to_owned()));
    }
    square::payments(PAY_FOR_BLOB, &shares).map_err(Error::Malformed)
}

/// The same error, with the block that it is about.
fn at(height: u64, error: Error) -> Error {
    let with = |message: String| format!("block {height}: {message}");
    match error {
        Error::Denied(message) => Error::Denied(with(message)),
        Error::Unavailable(message) => Error::Unavailable(with(message)),
        Error::Rpc { code, message } => Error::Rpc { code, message: with(message) },
        Error::Malformed(message) => Error::Malformed(with(message)),
        other => other,
    }
}
