//! Reads what an operator wrote under `grants.wallet`. Every doubt is an error with its key; nothing is guessed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy_primitives::{Address, U256};
use serde::Deserialize;
use watchkeeper_config::{AccountSettings, Amount, Currency, Misread, parse_address};
use watchkeeper_contract::GrantError;
use watchkeeper_model::{AccountName, Digest};

use crate::{
    NAME,
    abi::{Function, Kind, address_word},
    account::Account,
    grant::{Granted, Lent, WalletGrant},
    limits::{self, Caps, Narrower},
    rule::{Argument, Call, Condition, Reads, Rule},
};

/// `[wallet.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LentShape {
    dry_run: Option<bool>,
    digest: Option<String>,
    allow: Vec<RuleShape>,
    max_payment: Option<String>,
    max_24h: Option<String>,
    max_7d: Option<String>,
    max_lifetime: Option<String>,
    max_fee: Option<String>,
    max_fee_per_gas: Option<String>,
    keep: Option<String>,
    min_interval: Option<String>,
    #[serde(default)]
    tokens: BTreeMap<String, CapsShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapsShape {
    max_payment: Option<String>,
    max_24h: Option<String>,
    max_7d: Option<String>,
    max_lifetime: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleShape {
    to: Option<String>,
    function: Option<String>,
    arguments: Option<Vec<String>>,
    token: Option<String>,
    recipient: Option<String>,
    below: Option<String>,
    up_to: Option<String>,
    reads: Option<ReadsShape>,
    #[serde(default)]
    unconditional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadsShape {
    to: String,
    function: String,
    #[serde(default)]
    arguments: Vec<String>,
}

/// Reads the whole of `wallet`.
///
/// # Errors
/// The first mistake, with its key below `grants`.
pub(crate) fn parse(
    accounts: &BTreeMap<AccountName, Arc<Account>>,
    written: &toml::Value,
) -> Result<WalletGrant, GrantError> {
    let tables = written.as_table().filter(|tables| !tables.is_empty()).ok_or_else(|| {
        let hint = "write a table `[grants.wallet.NAME]` with an account's name of watchkeeper.toml";
        refused(NAME, "not a table of accounts", hint)
    })?;
    let mut granted = Granted::new();
    for (name, table) in tables {
        let key = Key(format!("{NAME}.{name}"));
        let account = AccountName::new(name)
            .ok()
            .and_then(|name| accounts.get(&name))
            .ok_or_else(|| refused(&key.0, format!("there is no account {name:?}"), known(accounts)))?;
        let shape: LentShape = serde_path_to_error::deserialize(table.clone()).map_err(|error| {
            let at = error.path().to_string();
            let key = if at == "." { key.0.clone() } else { format!("{}.{at}", key.0) };
            refused(&key, error.into_inner().message(), "see \"Grants\" in docs/payments.md for the keys")
        })?;
        granted.insert(account.name.clone(), Arc::new(lent(account, shape, &key)?));
    }
    Ok(WalletGrant(Arc::new(granted)))
}

fn lent(account: &Arc<Account>, shape: LentShape, key: &Key) -> Result<Lent, GrantError> {
    let settings = &account.settings;
    if shape.allow.is_empty() {
        let hint = "add a table `[[grants.wallet.NAME.allow]]` with `to` and a condition";
        return Err(refused(&key.with("allow"), "nothing may be paid", hint));
    }
    let money = |name: &str, text: &Option<String>| key.amount(name, text.as_deref(), &settings.currency);
    let own = Caps {
        payment: money("max_payment", &shape.max_payment)?,
        day: money("max_24h", &shape.max_24h)?,
        week: money("max_7d", &shape.max_7d)?,
        lifetime: money("max_lifetime", &shape.max_lifetime)?,
    };
    let narrower = Narrower {
        max_fee: money("max_fee", &shape.max_fee)?,
        max_fee_per_gas: money("max_fee_per_gas", &shape.max_fee_per_gas)?,
        keep: money("keep", &shape.keep)?,
        min_interval: shape.min_interval.as_deref().map(|text| key.duration("min_interval", text)).transpose()?,
    };
    let mut caps = BTreeMap::from([(None, own)]);
    for (symbol, shape) in &shape.tokens {
        let key = Key(key.with(&format!("tokens.{symbol}")));
        let currency = key.token(settings, symbol)?;
        let money = |name: &str, text: &Option<String>| key.amount(name, text.as_deref(), &currency);
        let own = Caps {
            payment: money("max_payment", &shape.max_payment)?,
            day: money("max_24h", &shape.max_24h)?,
            week: money("max_7d", &shape.max_7d)?,
            lifetime: money("max_lifetime", &shape.max_lifetime)?,
        };
        caps.insert(Some(symbol.clone()), own);
    }
    let digest = shape.digest.map(|text| {
        let hint = "write what `watchkeeper plugin inspect` shows, sha256: and 64 digits";
        text.parse::<Digest>().map_err(|error| refused(&key.with("digest"), error.to_string(), hint))
    });
    let rules = shape.allow.into_iter().enumerate();
    let rules = rules.map(|(place, shape)| rule(settings, shape, &Key(key.with(&format!("allow[{place}]")))));
    Ok(Lent {
        account: Arc::clone(account),
        rules: rules.collect::<Result<_, _>>()?,
        dry_run: shape.dry_run.unwrap_or(true),
        digest: digest.transpose()?,
        caps,
        narrower,
    })
}

fn rule(settings: &AccountSettings, shape: RuleShape, key: &Key) -> Result<Rule, GrantError> {
    let (to, call, token) = match (&shape.to, &shape.token) {
        (Some(to), None) => {
            if shape.recipient.is_some() {
                return Err(refused(&key.with("recipient"), "only beside `token`", "write the recipient as `to`"));
            }
            (key.address("to", to)?, call(&shape, key)?, None)
        }
        (None, Some(symbol)) => {
            let named = settings.tokens.get(symbol).ok_or_else(|| key.no_token(settings, symbol))?;
            let recipient = shape.recipient.as_deref().ok_or_else(|| {
                refused(&key.with("recipient"), "a token goes to nobody", "write the address that it goes to")
            })?;
            if shape.function.is_some() || shape.arguments.is_some() {
                let hint = "leave `function` and `arguments` out: a token is paid by its `transfer`";
                return Err(refused(&key.with("function"), "not beside `token`", hint));
            }
            let arguments = vec![Argument::Pinned(key.address("recipient", recipient)?), Argument::Amount];
            let function = key.function("token", "transfer(address,uint256)")?;
            (named.address, Some(Call { function, arguments }), Some(symbol.clone()))
        }
        _ => {
            let hint = "write `to = \"0x…\"` for the chain's currency, or `token` and `recipient`";
            return Err(refused(&key.0, "it has to name one of `to` and `token`", hint));
        }
    };
    let mut rule = Rule { to, call, token, condition: None };
    let addresses: Vec<Address> = rule.recipients().filter(|address| rule.token.is_none() || *address != to).collect();
    if let (Some(list), stranger) = (&settings.policy.recipients, |address: &&Address| !is_in(settings, **address))
        && let Some(stranger) = addresses.iter().find(stranger)
    {
        let message = format!("{stranger} is none of the account's {} recipients", list.len());
        return Err(refused(
            &key.0,
            message,
            "add it to the account's `recipients` in watchkeeper.toml, if it belongs there",
        ));
    }
    rule.condition = condition(settings, &shape, &rule, key)?;
    Ok(rule)
}

fn is_in(settings: &AccountSettings, address: Address) -> bool {
    settings.policy.recipients.as_ref().is_none_or(|list| list.contains(&address))
}

fn call(shape: &RuleShape, key: &Key) -> Result<Option<Call>, GrantError> {
    let Some(signature) = &shape.function else {
        if shape.arguments.is_some() {
            return Err(refused(&key.with("arguments"), "arguments of no function", "name the `function`"));
        }
        return Ok(None);
    };
    let function = key.function("function", signature)?;
    let written = shape.arguments.as_deref().unwrap_or_default();
    if written.len() != function.kinds().len() {
        let message = format!("{} for a function of {} arguments", written.len(), function.kinds().len());
        let hint = "write for each argument the address that it must be, or \"amount\"";
        return Err(refused(&key.with("arguments"), message, hint));
    }
    let argument = |(place, (text, kind)): (usize, (&String, &Kind))| match kind {
        Kind::Address => key.address(&format!("arguments[{place}]"), text).map(Argument::Pinned),
        Kind::Number => {
            let hint = "a number that a plugin chooses is only held by a policy as an amount of a token: write `token` in \
                        place of `to`";
            Err(refused(&key.with(&format!("arguments[{place}]")), "not an address", hint))
        }
    };
    let arguments = written.iter().zip(function.kinds()).enumerate().map(argument).collect::<Result<_, _>>()?;
    Ok(Some(Call { function, arguments }))
}

fn condition(
    settings: &AccountSettings,
    shape: &RuleShape,
    rule: &Rule,
    key: &Key,
) -> Result<Option<Condition>, GrantError> {
    let states = shape.below.is_some() || shape.up_to.is_some() || shape.reads.is_some();
    match (states, shape.unconditional) {
        (false, true) => return Ok(None),
        (true, true) => {
            let hint = "leave one of them out";
            return Err(refused(&key.with("unconditional"), "it states a condition, too", hint));
        }
        (false, false) => {
            let hint = "write `below` and `up_to`, so that the host can see for itself that the payment is needed; \
                        `unconditional = true` pays without";
            return Err(refused(&key.0, "it states no condition", hint));
        }
        (true, false) => {}
    }
    let currency = limits::currency(settings, rule.token.as_deref()).unwrap_or_else(|| settings.currency.clone());
    let needed = |name: &str, text: &Option<String>| {
        let missing = || refused(&key.with(name), "missing", "a condition has both `below` and `up_to`");
        key.amount(name, text.as_deref(), &currency)?.ok_or_else(missing)
    };
    let (below, up_to) = (needed("below", &shape.below)?, needed("up_to", &shape.up_to)?);
    if up_to < below {
        let hint = "write at least what stands at `below`";
        return Err(refused(&key.with("up_to"), "less than `below`", hint));
    }
    let reads = match (&shape.reads, &rule.call) {
        (Some(written), _) => reads(written, key)?,
        (None, None) => Reads::Balance(rule.to),
        (None, Some(Call { arguments, .. })) if rule.token.is_some() => {
            let holder = arguments.iter().find_map(|argument| match argument {
                Argument::Pinned(address) => Some(*address),
                Argument::Amount => None,
            });
            word(rule.to, "balanceOf(address)", holder.as_slice(), key)?
        }
        (None, Some(_)) => {
            let hint = r#"write what the host shall read, such as `reads = { to = "0x…", function = "balanceOf(address)", arguments = ["0x…"] }`"#;
            return Err(refused(&key.with("reads"), "missing", hint));
        }
    };
    Ok(Some(Condition { reads, below, up_to }))
}

fn reads(shape: &ReadsShape, key: &Key) -> Result<Reads, GrantError> {
    let key = Key(key.with("reads"));
    let to = key.address("to", &shape.to)?;
    let arguments = shape.arguments.iter().map(|text| key.address("arguments", text)).collect::<Result<Vec<_>, _>>()?;
    word(to, &shape.function, &arguments, &key)
}

fn word(to: Address, signature: &str, arguments: &[Address], key: &Key) -> Result<Reads, GrantError> {
    let function = key.function("function", signature)?;
    if function.kinds().len() != arguments.len() || function.kinds().contains(&Kind::Number) {
        let message = format!("{signature} doesn't take {} addresses", arguments.len());
        return Err(refused(&key.with("arguments"), message, "write an address for each argument"));
    }
    let data = function.encode(arguments.iter().map(|address| address_word(*address)));
    Ok(Reads::Word { to, data, function: signature.to_owned() })
}

/// A key below `grants`.
struct Key(String);

impl Key {
    fn with(&self, name: &str) -> String {
        format!("{}.{name}", self.0)
    }

    fn address(&self, name: &str, text: &str) -> Result<Address, GrantError> {
        parse_address(text).map_err(|Misread { message, hint }| refused(&self.with(name), message, hint))
    }

    fn function(&self, name: &str, signature: &str) -> Result<Function, GrantError> {
        let hint = "write it without blanks and names, such as \"depositTo(address)\"";
        Function::parse(signature).map_err(|message| refused(&self.with(name), message, hint))
    }

    fn amount(&self, name: &str, text: Option<&str>, currency: &Currency) -> Result<Option<U256>, GrantError> {
        let read = |text| {
            let misread = |Misread { message, hint }| refused(&self.with(name), message, hint);
            Amount::parse(text, currency).map_err(misread)
        };
        text.map(read).transpose()
    }

    fn duration(&self, name: &str, text: &str) -> Result<Duration, GrantError> {
        watchkeeper_schedule::parse_duration(text)
            .map_err(|error| refused(&self.with(name), error.to_string(), error.hint().to_string()))
    }

    fn token(&self, settings: &AccountSettings, symbol: &str) -> Result<Currency, GrantError> {
        limits::currency(settings, Some(symbol)).ok_or_else(|| self.no_token(settings, symbol))
    }

    fn no_token(&self, settings: &AccountSettings, symbol: &str) -> GrantError {
        let names: Vec<&str> = settings.tokens.keys().map(String::as_str).collect();
        let hint = match names.as_slice() {
            [] => "add `[accounts.NAME.tokens.SYMBOL]` to watchkeeper.toml first".to_owned(),
            names => format!("the account has {}", names.join(", ")),
        };
        refused(&self.with("token"), format!("the account has no token {symbol:?}"), hint)
    }
}

fn refused(key: &str, message: impl Into<String>, hint: impl Into<String>) -> GrantError {
    GrantError { key: key.to_owned(), message: message.into(), hint: hint.into() }
}

fn known(accounts: &BTreeMap<AccountName, Arc<Account>>) -> String {
    if accounts.is_empty() {
        return "add `[accounts.NAME]` to watchkeeper.toml first; `watchkeeper account new` makes its key".to_owned();
    }
    let names: Vec<&str> = accounts.keys().map(AccountName::as_str).collect();
    format!("watchkeeper.toml has {}", names.join(", "))
}
