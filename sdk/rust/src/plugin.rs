//! What stands between a plugin's one function and the contract's exports. `#[plugin]` implements [`Plugin`] and exports
//! [`Exports`] of it; nobody else needs this module.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    Error, Result,
    bindings::{exports::watchkeeper::plugin::job::Guest, watchkeeper::plugin::types::Failure},
    config, host,
    metrics::{self, Families, MetricSet},
};

/// A plugin, as `#[plugin]` sees it.
pub trait Plugin {
    /// The job's `[config]` table.
    type Config: DeserializeOwned + JsonSchema;
    /// The metrics that it declares.
    type Metrics: MetricSet<Self::Config>;
    /// The package's name.
    const NAME: &'static str;
    /// The package's version.
    const VERSION: &'static str;
    /// The package's description; empty where it has none.
    const DESCRIPTION: &'static str = "";

    /// One run.
    fn run(config: Self::Config, metrics: &Self::Metrics) -> impl Future<Output = Result<String>>;
}

/// The contract's exports for a plugin.
#[derive(Debug)]
pub struct Exports<P>(std::marker::PhantomData<P>);

impl<P: Plugin> Guest for Exports<P> {
    fn schema() -> String {
        host::report_panics();
        config::schema::<P>()
    }

    fn describe(config: String) -> Result<String, String> {
        host::report_panics();
        let config: P::Config = config::parse(&config)?;
        let families = Families::of::<P::Metrics, _>(&config)?;
        serde_json::to_string(&families).map_err(|error| error.to_string())
    }

    async fn run() -> Result<String, Failure> {
        host::report_panics();
        Ok(run::<P>(&host::config()).await?)
    }
}

async fn run<P: Plugin>(config: &str) -> Result<String> {
    let config: P::Config = config::parse(config).map_err(Error::InvalidConfig)?;
    let metrics = P::Metrics::declare(&config, &mut Families::default()).map_err(Error::InvalidConfig)?;
    let done = P::run(config, &metrics).await?;
    metrics::flush();
    Ok(done)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidConfig(message) => Self::InvalidConfig(message),
            Error::Unavailable(message) => Self::Unavailable(message),
            Error::Denied(message) => Self::Denied(message),
            Error::Indeterminate(message) => Self::Indeterminate(message),
            Error::Failed(message) => Self::Failed(message),
        }
    }
}
