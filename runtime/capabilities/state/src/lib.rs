//! The state capability: what a job remembers between runs. Reads see the run's own writes, then the ledger; writes
//! wait in the run's grant and are handed over when it settles, so that the ledger commits them together with the
//! run's end, or never. Nothing here writes to the ledger.

mod bindings;
mod grant;
mod remembered;

use std::sync::Arc;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Grant, GrantError, Open, Run};
use watchkeeper_ledger::Ledger;
use watchkeeper_model::JobName;

use grant::StateGrant;
pub use remembered::{Remembered, StateFault};

const NAME: &str = "state";

/// The power to remember.
#[derive(Debug, Clone, Copy)]
pub struct State;

impl Capability for State {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "watchkeeper:state"
    }

    fn power(&self) -> &'static str {
        "remember small values between its runs"
    }

    fn example(&self) -> &'static str {
        "state = true"
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        bindings::link(linker)
    }
}

/// The state of every job, in one ledger.
#[derive(Debug, Clone)]
pub struct OpenState {
    ledger: Arc<Ledger>,
}

impl OpenState {
    /// Reads come from `ledger`; who settles a run writes there.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

impl Open for OpenState {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        match written {
            toml::Value::Boolean(true) => Ok(Arc::new(StateGrant::new(Arc::clone(&self.ledger)))),
            toml::Value::Boolean(false) => Err(refused("`state = false` grants nothing")),
            _ => Err(refused("`state` takes no parameters")),
        }
    }
}

fn refused(message: &str) -> GrantError {
    GrantError {
        key: NAME.to_owned(),
        message: message.to_owned(),
        hint: "write `state = true`, or leave the line out if the plugin needs no state".to_owned(),
    }
}
