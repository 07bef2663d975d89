//! `watchkeeper account show NAME`: what the configuration says of an account. Asks nobody.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};
use watchkeeper_config::{AccountSettings, Currency, KeySource, TokenPolicy, show_amount, show_duration};
use watchkeeper_keys::read_keystore;
use watchkeeper_model::AccountName;

use super::{args::ShowOptions, json};
use crate::{args::Format, assemble, failure::Failure, run::block_on};

/// An account. Amounts are texts in the currency.
#[derive(Serialize)]
struct Configured {
    account: String,
    chain: String,
    chain_id: u64,
    /// None where a keystore doesn't say it.
    address: Option<String>,
    signer: &'static str,
    caps: Caps,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipients: Option<Vec<String>>,
    tokens: BTreeMap<String, Token>,
}

#[derive(Serialize)]
struct Token {
    address: String,
    caps: Caps,
}

/// Keys of the configuration and what they say, in the order in which people read them.
struct Caps(Vec<(&'static str, String)>);

pub(super) fn show(name: &AccountName, options: &ShowOptions) -> Result<(), Failure> {
    block_on(async {
        let settings = assemble::assembly(&options.config)?.settings()?;
        let account = settings.accounts.get(name).ok_or_else(|| {
            let names: Vec<&str> = settings.accounts.keys().map(AccountName::as_str).collect();
            let hint = match names.as_slice() {
                [] => format!("add it as `[accounts.{name}]`"),
                names => format!("the accounts are {}", names.join(", ")),
            };
            Failure::Config(format!("{}: no account `{name}`\nhint: {hint}", options.config.display()))
        })?;
        let shown = describe(name, account)?;
        match options.format {
            Format::Json => json(&shown)?,
            Format::Text => print!("{shown}"),
        }
        Ok(())
    })
}

fn describe(name: &AccountName, account: &AccountSettings) -> Result<Configured, Failure> {
    let address = match &account.key {
        KeySource::Keystore { path, .. } => read_keystore(path).map_err(Failure::failed)?.address(),
        remote => remote.address(),
    };
    let AccountSettings { policy, currency, .. } = account;
    let own = |amount| Some(show_amount(amount, currency));
    let maybe = |amount: Option<_>| amount.and_then(own);
    let caps = [
        ("max_payment", own(policy.max_payment)),
        ("max_24h", own(policy.max_24h)),
        ("max_7d", maybe(policy.max_7d)),
        ("max_lifetime", maybe(policy.max_lifetime)),
        ("max_fee", own(policy.max_fee)),
        ("max_fee_per_gas", maybe(policy.max_fee_per_gas)),
        ("keep", own(policy.keep)),
        ("min_interval", Some(show_duration(policy.min_interval))),
        ("confirmations", Some(policy.confirmations.to_string())),
        ("replace_after", Some(show_duration(policy.replace_after))),
    ];
    let token = |(symbol, token): (&String, &TokenPolicy)| {
        let currency = Currency { symbol: symbol.clone(), decimals: token.decimals };
        let own = |amount| Some(show_amount(amount, &currency));
        let caps = [
            ("max_payment", own(token.max_payment)),
            ("max_24h", own(token.max_24h)),
            ("max_7d", token.max_7d.and_then(own)),
            ("max_lifetime", token.max_lifetime.and_then(own)),
        ];
        (symbol.clone(), Token { address: token.address.to_string(), caps: given(caps) })
    };
    Ok(Configured {
        account: name.to_string(),
        chain: account.chain.to_string(),
        chain_id: account.chain_id,
        address: address.map(|address| address.to_string()),
        signer: account.key.kind(),
        caps: given(caps),
        recipients: policy.recipients.as_ref().map(|all| all.iter().map(ToString::to_string).collect()),
        tokens: account.tokens.iter().map(token).collect(),
    })
}

fn given<const N: usize>(caps: [(&'static str, Option<String>); N]) -> Caps {
    Caps(caps.into_iter().filter_map(|(name, cap)| Some((name, cap?))).collect())
}

impl Serialize for Caps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, cap)| (name, cap)))
    }
}

impl fmt::Display for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.as_deref().unwrap_or("not said by its keystore");
        writeln!(f, "{} on {} (chain {})", self.account, self.chain, self.chain_id)?;
        writeln!(f, "  address {address}, {}", self.signer)?;
        for (name, cap) in &self.caps.0 {
            writeln!(f, "  {name} {cap}")?;
        }
        for address in self.recipients.iter().flatten() {
            writeln!(f, "  may pay {address}")?;
        }
        for (symbol, token) in &self.tokens {
            writeln!(f, "  {symbol} {}", token.address)?;
            for (name, cap) in &token.caps.0 {
                writeln!(f, "    {name} {cap}")?;
            }
        }
        Ok(())
    }
}
