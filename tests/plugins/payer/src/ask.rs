//! One question to the wallet, and its answer in words.

use watchkeeper_sdk::{
    bindings::wallet::watchkeeper::wallet::wallet::{self, Error, Payment, Receipt},
    prelude::*,
};

use crate::bytes::{self, Written};

/// What is asked of the wallet.
#[config]
#[derive(Clone, Copy, Default)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// To pay.
    #[default]
    Pay,
    /// What became of an earlier payment.
    Find,
    /// The account's address.
    Address,
    /// What it holds.
    Balance,
    /// What may still be spent.
    Allowances,
}

/// A question, asked so often as it says.
#[config]
pub(crate) struct Ask {
    /// What is asked.
    #[serde(default)]
    kind: Kind,
    /// Whose account.
    account: String,
    /// The idempotency key; `{period}` in it is a number.
    #[serde(default)]
    key: String,
    /// Bytes of the recipient, as `0x…`.
    #[serde(default)]
    to: String,
    /// Bytes of the amount, as `0x…`; or digits, for 32 bytes. `{period}` in it is a number.
    #[serde(default)]
    value: String,
    /// Bytes of the call, as `0x…`.
    #[serde(default)]
    data: String,
    /// How often.
    #[serde(default = "once")]
    repeat: u32,
    /// Adds a number to the key each time.
    #[serde(default)]
    fresh_keys: bool,
}

const fn once() -> u32 {
    1
}

/// What was answered.
pub(crate) struct Outcome {
    pub(crate) key: String,
    /// `paid`, `repeated`, `found`, `nothing`, `told`, or the error's kind.
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Ask {
    /// The key of each time.
    pub(crate) fn each(&self, period: u64) -> impl Iterator<Item = String> {
        let key = self.key.replace("{period}", &period.to_string());
        (0..self.repeat).map(move |time| if self.fresh_keys { format!("{key}-{time}") } else { key.clone() })
    }

    /// Asks once.
    pub(crate) async fn put(&self, key: String, period: u64) -> Outcome {
        let answer = match self.asked(key.clone(), period) {
            Ok(payment) => self.answer(payment).await.map_err(told),
            Err(Written(text)) => Err(("miswritten".to_owned(), text)),
        };
        let (kind, text) = answer.unwrap_or_else(|error| error);
        Outcome { key, kind, text }
    }

    fn asked(&self, key: String, period: u64) -> Result<Payment, Written> {
        let value = self.value.replace("{period}", &period.to_string());
        Ok(Payment {
            idempotency_key: key,
            to: bytes::hex(&self.to)?,
            value: bytes::number(&value)?,
            data: bytes::hex(&self.data)?,
        })
    }

    async fn answer(&self, payment: Payment) -> Result<(String, String), Error> {
        let account = self.account.clone();
        let word = |kind: &str, text: String| (kind.to_owned(), text);
        Ok(match self.kind {
            Kind::Pay => {
                let receipt = wallet::pay(account, payment).await?;
                word(if receipt.repeated { "repeated" } else { "paid" }, shown(&receipt))
            }
            Kind::Find => match wallet::find(account, payment.idempotency_key).await? {
                Some(receipt) => word("found", shown(&receipt)),
                None => word("nothing", String::new()),
            },
            Kind::Address => word("told", bytes::show(&wallet::address(&account)?)),
            Kind::Balance => word("told", bytes::show(&wallet::balance(account).await?)),
            Kind::Allowances => {
                let left = wallet::allowances(account).await?;
                let left =
                    left.iter().map(|left| format!("{} {} {}", left.asset, left.window, bytes::show(&left.left)));
                word("told", left.collect::<Vec<_>>().join("; "))
            }
        })
    }
}

fn shown(receipt: &Receipt) -> String {
    format!(
        "hash={} block={} amount={} fee={} confirmed={}",
        bytes::show(&receipt.transaction_hash),
        receipt.block_number,
        bytes::show(&receipt.amount),
        bytes::show(&receipt.fee),
        receipt.confirmed
    )
}

fn told(error: Error) -> (String, String) {
    let (kind, text) = match error {
        Error::Denied(text) => ("denied", text),
        Error::OverBudget(text) => ("over_budget", text),
        Error::NotNeeded(text) => ("not_needed", text),
        Error::Conflict(text) => ("conflict", text),
        Error::Unavailable(text) => ("unavailable", text),
        Error::Indeterminate(text) => ("indeterminate", text),
        Error::Reverted(text) => ("reverted", text),
        Error::DryRun(text) => ("dry_run", text),
        Error::Other((kind, text)) => return (kind, text),
    };
    (kind.to_owned(), text)
}
