//! A chain of `watchkeeper.toml`: its id, its currency, and how its endpoints are asked.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize, Serializer};
use watchkeeper_model::{InvalidName, PluginName};

use crate::{
    ConfigError, Endpoint,
    endpoint::{EndpointShape, resolve_all},
    secret::Environment,
    source::{KeyPath, Source},
    values::{Count, Size, Span, in_range, show_duration, show_size},
};

/// A chain's name in `watchkeeper.toml`, as jobs and plugins know it: the alphabet of jobs' and plugins' names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainName(Arc<str>);

impl ChainName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidName`], as for jobs and plugins.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        PluginName::new(text).map(|name| Self(name.as_str().into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ChainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// An EVM chain.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainSettings {
    /// What the chain's nodes must say that they are.
    pub chain_id: u64,
    /// The chain's own currency, where the operator named it; never assumed.
    pub currency: Option<Currency>,
    /// Whom to ask, in this order; at least one.
    pub endpoints: Vec<Endpoint>,
    /// How long one request may take. 10 s unless told.
    pub timeout: Duration,
    /// The most bytes of an answer. 16 MiB unless told.
    pub max_response: u64,
    /// Requests in flight, over all endpoints. 32 unless told.
    pub max_concurrent: u64,
    /// An endpoint whose newest block is older is out. None unless told: no head is too old.
    pub max_head_age: Option<Duration>,
    /// How many endpoints have to agree on a read of a block: at most as many as there are. 1 unless told.
    pub quorum: u64,
    /// Whether calls of contracts are gathered by the contract Multicall3. `auto` unless told.
    pub multicall: Multicall,
    /// The most bytes of answers that are kept; 0 for none. 8 MiB unless told.
    pub cache: u64,
    /// From one look at the head to the next, where jobs follow it and no WebSocket tells of it. 2 s unless told.
    pub poll_interval: Duration,
}

/// Where the contract Multicall3 is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multicall {
    /// `"auto"`: where it is on nearly every chain, if it is there.
    Auto,
    /// An address of the operator's.
    At([u8; 20]),
    /// `"off"`: it isn't used.
    Off,
}

/// A chain's own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Such as `USDC`.
    pub symbol: String,
    /// The digits behind the point of one unit.
    pub decimals: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainShape {
    chain_id: Count,
    currency: Option<CurrencyShape>,
    endpoints: Vec<EndpointShape>,
    timeout: Option<Span>,
    max_response: Option<Size>,
    max_concurrent: Option<Count>,
    max_head_age: Option<Span>,
    quorum: Option<Count>,
    multicall: Option<String>,
    cache: Option<Size>,
    poll_interval: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrencyShape {
    symbol: String,
    decimals: Count,
}

impl ChainShape {
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        environment: Environment<'_>,
    ) -> Result<ChainSettings, ConfigError> {
        let count = |name: &str, given: Count, least: u64, most: u64| {
            in_range(source, &key.with(name), given.0, least..=most, |number| number.to_string())
        };
        if self.chain_id.0 == 0 {
            return Err(source.error(
                &key.with("chain_id"),
                "0 is no chain's id",
                "write what `eth_chainId` answers, such as 1",
            ));
        }
        let endpoints = self.endpoints.len() as u64;
        let max_head_age = match self.max_head_age {
            None => None,
            Some(Span(age)) => {
                let range = Duration::from_secs(1)..=Duration::from_hours(24 * 30);
                Some(in_range(source, &key.with("max_head_age"), age, range, show_duration)?)
            }
        };
        Ok(ChainSettings {
            max_head_age,
            quorum: count("quorum", self.quorum.unwrap_or(Count(1)), 1, endpoints.max(1))?,
            chain_id: self.chain_id.0,
            currency: self.currency.map(|shape| shape.resolve(source, &key.with("currency"))).transpose()?,
            endpoints: resolve_all(self.endpoints, source, &key.with("endpoints"), environment)?,
            timeout: in_range(
                source,
                &key.with("timeout"),
                self.timeout.map_or(Duration::from_secs(10), |span| span.0),
                Duration::from_millis(10)..=Duration::from_mins(5),
                show_duration,
            )?,
            max_response: in_range(
                source,
                &key.with("max_response"),
                self.max_response.map_or(16 << 20, |size| size.0),
                1 << 10..=1 << 30,
                show_size,
            )?,
            max_concurrent: count("max_concurrent", self.max_concurrent.unwrap_or(Count(32)), 1, 1024)?,
            multicall: multicall(self.multicall.as_deref().unwrap_or("auto"), source, &key.with("multicall"))?,
            cache: in_range(
                source,
                &key.with("cache"),
                self.cache.map_or(8 << 20, |size| size.0),
                0..=1 << 30,
                show_size,
            )?,
            poll_interval: in_range(
                source,
                &key.with("poll_interval"),
                self.poll_interval.map_or(Duration::from_secs(2), |span| span.0),
                Duration::from_millis(50)..=Duration::from_mins(10),
                show_duration,
            )?,
        })
    }
}

fn multicall(written: &str, source: &Source<'_>, key: &KeyPath) -> Result<Multicall, ConfigError> {
    match written {
        "auto" => return Ok(Multicall::Auto),
        "off" => return Ok(Multicall::Off),
        _ => {}
    }
    let digits = written
        .strip_prefix("0x")
        .filter(|digits| digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let byte = |place: usize| u8::from_str_radix(digits?.get(2 * place..2 * place + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..20).map(byte).collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).map(Multicall::At).ok_or_else(|| {
        let hint = r#"write "auto", "off", or the contract's address, 0x and 40 hexadecimal digits"#;
        source.error(key, format!("{written:?} is no address"), hint)
    })
}

impl CurrencyShape {
    fn resolve(self, source: &Source<'_>, key: &KeyPath) -> Result<Currency, ConfigError> {
        currency(&self.symbol, self.decimals, source, (&key.with("symbol"), &key.with("decimals")))
    }
}

/// Checks a currency, be it a chain's or a token; `keys` are where its symbol and its decimals stand.
pub(crate) fn currency(
    symbol: &str,
    decimals: Count,
    source: &Source<'_>,
    keys: (&KeyPath, &KeyPath),
) -> Result<Currency, ConfigError> {
    let plain = |c: char| c.is_alphanumeric() || c == '.' || c == '-' || c == '_';
    if symbol.is_empty() || symbol.chars().count() > 16 || !symbol.chars().all(plain) {
        let hint = r#"write 1 to 16 letters and digits, such as "USDC""#;
        return Err(source.error(keys.0, format!("{symbol:?} is not a symbol"), hint));
    }
    if ["wei", "gwei"].iter().any(|unit| symbol.eq_ignore_ascii_case(unit)) {
        let hint = "amounts of every currency can be written in `gwei` and `wei`; choose another word";
        return Err(source.error(keys.0, format!("{symbol:?} is not a symbol"), hint));
    }
    // 10^77 is the greatest power of ten that an amount of 256 bits holds.
    let decimals = in_range(source, keys.1, decimals.0, 0..=77, |number| number.to_string())?;
    Ok(Currency { symbol: symbol.to_owned(), decimals: u8::try_from(decimals).unwrap_or(77) })
}
