//! The asynchronous binding of `watchkeeper:wallet`: waits for its turn, charges the run, and translates types. Everything
//! else is in `purse`, for another binding to call.

use alloy_primitives::{Address, U256};
use wasmtime::component::{Accessor, HasData, Linker};
use watchkeeper_contract::{Run, bindings::wallet::watchkeeper::wallet::wallet, enter, hold};

use crate::{Allowance, PayError, Purse, Receipt, purse::Asker};

pub(crate) fn link(linker: &mut Linker<Run>) -> wasmtime::Result<()> {
    wallet::add_to_linker::<Run, Binding>(linker, |run| OneRun(run))
}

struct Binding;

/// A run, for what is answered at once.
struct OneRun<'a>(&'a mut Run);

impl HasData for Binding {
    type Data<'a> = OneRun<'a>;
}

/// What a host function answers: the outer error ends the run, the inner one is the plugin's to handle.
type Answer<T> = wasmtime::Result<Result<T, wallet::Error>>;

impl wallet::Host for OneRun<'_> {
    fn address(&mut self, account: String) -> Answer<Vec<u8>> {
        let purse = self.0.grant::<Purse>()?;
        Ok(purse.address(&account).map(|address| address.to_vec()).map_err(Into::into))
    }
}

impl wallet::HostWithStore<Run> for Binding {
    async fn balance(store: &Accessor<Run, Self>, account: String) -> Answer<Vec<u8>> {
        let _turn = enter(store, account.len()).await?;
        let (purse, _) = begin(store, &account, "balance")?;
        hold(store, 32)?;
        Ok(purse.balance(&account).await.map(word).map_err(Into::into))
    }

    async fn allowances(store: &Accessor<Run, Self>, account: String) -> Answer<Vec<wallet::Allowance>> {
        let _turn = enter(store, account.len()).await?;
        let (purse, _) = begin(store, &account, "allowances")?;
        let allowances = purse.allowances(&account).await;
        hold(store, allowances.as_ref().map_or(0, |list| list.len() * size_of::<wallet::Allowance>()))?;
        Ok(allowances.map(|list| list.into_iter().map(Into::into).collect()).map_err(Into::into))
    }

    async fn pay(store: &Accessor<Run, Self>, account: String, payment: wallet::Payment) -> Answer<wallet::Receipt> {
        let wallet::Payment { idempotency_key, to, value, data } = payment;
        let arguments = account.len() + idempotency_key.len() + to.len() + value.len() + data.len();
        let _turn = enter(store, arguments).await?;
        let (purse, asker) = begin(store, &account, "pay")?;
        let Ok(to) = Address::try_from(to.as_slice()) else {
            return Ok(Err(malformed("an address has 20 bytes", to.len())));
        };
        let Ok(value) = <[u8; 32]>::try_from(value.as_slice()) else {
            return Ok(Err(malformed("an amount has 32 bytes", value.len())));
        };
        let value = U256::from_be_bytes(value);
        let paid = purse.pay(asker, &account, &idempotency_key, to, value, data.into()).await;
        hold(store, size_of::<Receipt>())?;
        Ok(paid.map(Into::into).map_err(Into::into))
    }

    async fn find(
        store: &Accessor<Run, Self>,
        account: String,
        idempotency_key: String,
    ) -> Answer<Option<wallet::Receipt>> {
        let _turn = enter(store, account.len() + idempotency_key.len()).await?;
        let (purse, _) = begin(store, &account, "find")?;
        hold(store, size_of::<Receipt>())?;
        Ok(purse.find(&account, &idempotency_key).await.map(|found| found.map(Into::into)).map_err(Into::into))
    }
}

fn begin(store: &Accessor<Run, Binding>, account: &str, verb: &str) -> wasmtime::Result<(Purse, Asker)> {
    store.with(|mut access| {
        let run = access.data_mut();
        let info = &run.info;
        let asker = Asker { run: info.id, digest: info.digest, dry_run: info.dry_run, deadline: info.deadline };
        let purse = run.grant::<Purse>()?.clone();
        if purse.address(account).is_ok() {
            run.used(format!("wallet {account} {verb}"));
        }
        Ok((purse, asker))
    })
}

fn malformed(what: &str, bytes: usize) -> wallet::Error {
    wallet::Error::Denied(format!("{what}, not {bytes}"))
}

fn word(number: U256) -> Vec<u8> {
    number.to_be_bytes_vec()
}

impl From<Receipt> for wallet::Receipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            transaction_hash: receipt.hash.to_vec(),
            block_number: receipt.block,
            amount: word(receipt.amount),
            fee: word(receipt.fee),
            repeated: receipt.repeated,
            confirmed: receipt.confirmed,
        }
    }
}

impl From<Allowance> for wallet::Allowance {
    fn from(allowance: Allowance) -> Self {
        Self { asset: allowance.asset, window: allowance.window.as_str().to_owned(), left: word(allowance.left) }
    }
}

impl From<PayError> for wallet::Error {
    fn from(error: PayError) -> Self {
        match error {
            PayError::Denied(text) => Self::Denied(text),
            PayError::OverBudget(text) => Self::OverBudget(text),
            PayError::NotNeeded(text) => Self::NotNeeded(text),
            PayError::Conflict(text) => Self::Conflict(text),
            PayError::Unavailable(text) => Self::Unavailable(text),
            PayError::Indeterminate(text) => Self::Indeterminate(text),
            PayError::Reverted(text) => Self::Reverted(text),
            PayError::DryRun(text) => Self::DryRun(text),
            PayError::Abandoned(text) => Self::Other(("abandoned".to_owned(), text)),
        }
    }
}
