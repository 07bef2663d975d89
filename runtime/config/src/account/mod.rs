//! `[accounts.NAME]` of `watchkeeper.toml`: whose key signs payments on which chain, and the most that may be paid whatever
//! any job is granted. Opens no key.

mod key;
mod policy;
mod token;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use watchkeeper_model::AccountName;

pub use self::{
    key::{AwsKms, KeySource, PasswordSource, Web3Signer},
    policy::AccountPolicy,
    token::TokenPolicy,
};
use self::{
    key::{AwsKmsShape, KeyShape, Web3SignerShape},
    policy::PolicyShape,
    token::TokenShape,
};
use crate::{
    ChainName, ChainSettings, ConfigError, Currency,
    secret::Environment,
    source::{KeyPath, Source},
    values::{Count, Money, Span},
};

/// An account that payments are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSettings {
    /// The chain that it pays on.
    pub chain: ChainName,
    /// The chain's id, which every transaction names.
    pub chain_id: u64,
    /// The chain's own currency.
    pub currency: Currency,
    /// Where its key is.
    pub key: KeySource,
    /// What it may do at most.
    pub policy: AccountPolicy,
    /// The ERC-20 tokens that it may pay in, by symbol.
    pub tokens: BTreeMap<String, TokenPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountShape {
    chain: String,
    keystore: Option<PathBuf>,
    password_file: Option<PathBuf>,
    password: Option<String>,
    aws_kms: Option<AwsKmsShape>,
    web3signer: Option<Web3SignerShape>,
    max_payment: Money,
    max_24h: Money,
    max_7d: Option<Money>,
    max_lifetime: Option<Money>,
    max_fee: Money,
    max_fee_per_gas: Option<Money>,
    keep: Option<Money>,
    min_interval: Option<Span>,
    confirmations: Option<Count>,
    replace_after: Option<Span>,
    recipients: Option<Vec<String>>,
    #[serde(default)]
    tokens: BTreeMap<String, TokenShape>,
}

/// Resolves all accounts; `folder` is what paths are relative to.
pub(crate) fn resolve_all(
    shapes: BTreeMap<String, AccountShape>,
    source: &Source<'_>,
    folder: &Path,
    chains: &BTreeMap<ChainName, ChainSettings>,
    environment: Environment<'_>,
) -> Result<BTreeMap<AccountName, AccountSettings>, ConfigError> {
    let resolve = |(name, shape): (String, AccountShape)| {
        let key = KeyPath::of(&["accounts", &name]);
        let name = AccountName::new(&name)
            .map_err(|error| source.error(&key, error.to_string(), "write a name such as `funder`"))?;
        Ok((name, shape.resolve(source, &key, folder, chains, environment)?))
    };
    shapes.into_iter().map(resolve).collect()
}

impl AccountShape {
    fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
        chains: &BTreeMap<ChainName, ChainSettings>,
        environment: Environment<'_>,
    ) -> Result<AccountSettings, ConfigError> {
        let (chain, settings) = chains.iter().find(|(name, _)| name.as_str() == self.chain).ok_or_else(|| {
            let names: Vec<String> = chains.keys().map(|name| format!("`{name}`")).collect();
            let hint = match names.as_slice() {
                [] => "add it as `[chains.NAME]`".to_owned(),
                names => format!("the chains are {}; another one is added as `[chains.NAME]`", names.join(", ")),
            };
            source.error(&key.with("chain"), format!("there is no chain {:?}", self.chain), hint)
        })?;
        let currency = settings.currency.clone().ok_or_else(|| {
            let message = format!("the chain `{chain}` says nothing of its currency, and amounts are written in it");
            let hint =
                format!("add `currency = {{ symbol = \"ETH\", decimals = 18 }}` with its own to `[chains.{chain}]`");
            source.error(&key.with("chain"), message, hint)
        })?;
        let signer = KeyShape {
            keystore: self.keystore,
            password_file: self.password_file,
            password: self.password,
            aws_kms: self.aws_kms,
            web3signer: self.web3signer,
        };
        let policy = PolicyShape {
            max_payment: self.max_payment,
            max_24h: self.max_24h,
            max_7d: self.max_7d,
            max_lifetime: self.max_lifetime,
            max_fee: self.max_fee,
            max_fee_per_gas: self.max_fee_per_gas,
            keep: self.keep,
            min_interval: self.min_interval,
            confirmations: self.confirmations,
            replace_after: self.replace_after,
            recipients: self.recipients,
        };
        Ok(AccountSettings {
            chain: chain.clone(),
            chain_id: settings.chain_id,
            key: signer.resolve(source, key, folder, environment)?,
            policy: policy.resolve(source, key, &currency)?,
            tokens: token::resolve_all(self.tokens, source, &key.with("tokens"), &currency)?,
            currency,
        })
    }
}
