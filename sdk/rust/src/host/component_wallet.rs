//! Payments through the contract's imports. What has a wrong length is malformed; a receipt that is malformed leaves open what
//! became of the payment, so it is indeterminate.

use alloy_primitives::{Address, B256, U256};

use crate::{
    bindings::wallet::watchkeeper::wallet::wallet as wit,
    wallet::{Allowance, Error, Payment, Receipt},
};

pub(crate) fn wallet_address(account: &str) -> Result<Address, Error> {
    let bytes = wit::address(account).map_err(wallet_error)?;
    Address::try_from(bytes.as_slice()).map_err(|_| malformed("an address", &bytes))
}

pub(crate) async fn wallet_balance(account: String) -> Result<U256, Error> {
    amount(&wit::balance(account).await.map_err(wallet_error)?)
}

pub(crate) async fn wallet_allowances(account: String) -> Result<Vec<Allowance>, Error> {
    let allowances = wit::allowances(account).await.map_err(wallet_error)?;
    let lift = |allowance: wit::Allowance| {
        let left = amount(&allowance.left)?;
        Ok(Allowance { asset: allowance.asset, window: allowance.window, left })
    };
    allowances.into_iter().map(lift).collect()
}

pub(crate) async fn wallet_pay(account: String, payment: Payment) -> Result<Receipt, Error> {
    let payment = wit::Payment {
        idempotency_key: payment.key,
        to: payment.to.to_vec(),
        value: payment.value.to_be_bytes_vec(),
        data: payment.data.into(),
    };
    lift_receipt(&wit::pay(account, payment).await.map_err(wallet_error)?)
}

pub(crate) async fn wallet_find(account: String, key: String) -> Result<Option<Receipt>, Error> {
    wit::find(account, key).await.map_err(wallet_error)?.as_ref().map(lift_receipt).transpose()
}

fn lift_receipt(receipt: &wit::Receipt) -> Result<Receipt, Error> {
    let lift = || -> Result<Receipt, Error> {
        let hash = &receipt.transaction_hash;
        Ok(Receipt {
            transaction_hash: B256::try_from(hash.as_slice()).map_err(|_| malformed("a hash", hash))?,
            block_number: receipt.block_number,
            amount: amount(&receipt.amount)?,
            fee: amount(&receipt.fee)?,
            repeated: receipt.repeated,
            confirmed: receipt.confirmed,
        })
    };
    lift().map_err(|error| Error::Indeterminate(format!("the receipt can't be read: {error}")))
}

fn amount(bytes: &[u8]) -> Result<U256, Error> {
    let word: [u8; 32] = bytes.try_into().map_err(|_| malformed("an amount", bytes))?;
    Ok(U256::from_be_bytes(word))
}

fn malformed(what: &str, bytes: &[u8]) -> Error {
    Error::Other("malformed".to_owned(), format!("{what} of {} bytes", bytes.len()))
}

fn wallet_error(error: wit::Error) -> Error {
    match error {
        wit::Error::Denied(message) => Error::Denied(message),
        wit::Error::OverBudget(message) => Error::OverBudget(message),
        wit::Error::NotNeeded(message) => Error::NotNeeded(message),
        wit::Error::Conflict(message) => Error::Conflict(message),
        wit::Error::Unavailable(message) => Error::Unavailable(message),
        wit::Error::Indeterminate(message) => Error::Indeterminate(message),
        wit::Error::Reverted(message) => Error::Reverted(message),
        wit::Error::DryRun(message) => Error::DryRun(message),
        wit::Error::Other((kind, message)) => Error::Other(kind, message),
    }
}
