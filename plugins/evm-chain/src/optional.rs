//! Reads that a node may lack. No answer leaves the series absent and never fails the run: a method that isn't there is said
//! once and remembered in the job's state, any other error is said each time.

use std::{cell::RefCell, collections::BTreeSet};

use serde::de::DeserializeOwned;
use watchkeeper_sdk::{prelude::*, serde::Serialize};

/// A chain whose answers may be missing.
pub(crate) struct Optional<'a> {
    chain: &'a Chain,
    key: String,
    /// What was said to be missing before this run.
    said: BTreeSet<String>,
    /// What is missing now.
    missing: RefCell<BTreeSet<String>>,
}

impl<'a> Optional<'a> {
    pub(crate) async fn load(chain: &'a Chain) -> Result<Self, state::Error> {
        let key = format!("missing/{}", chain.name());
        let said: BTreeSet<String> = state::get(&key).await?.unwrap_or_default();
        Ok(Self { chain, key, missing: RefCell::new(said.clone()), said })
    }

    /// The chain's name, the value of the label `chain`.
    pub(crate) fn chain(&self) -> &str {
        self.chain.name()
    }

    /// The answer, or none. `what` names the read among those that use the same method.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, what: &str, method: &str, params: impl Serialize) -> Option<T> {
        match self.chain.request::<Option<T>>(method, params).await {
            Ok(Some(answer)) => {
                self.missing.borrow_mut().remove(what);
                return Some(answer);
            }
            Ok(None) => self.say_once(what, method, "the node answers null"),
            Err(error) if error.is_method_not_found() => self.say_once(what, method, &error.to_string()),
            Err(error) => {
                warn!(chain = self.chain(), method = method, "no {what}: {error}");
            }
        }
        None
    }

    /// Remembers what was said, if that changed.
    pub(crate) async fn save(self) -> Result<(), state::Error> {
        let missing = self.missing.into_inner();
        if missing == self.said {
            return Ok(());
        }
        state::set(&self.key, &missing).await
    }

    fn say_once(&self, what: &str, method: &str, why: &str) {
        if self.missing.borrow_mut().insert(what.to_owned()) {
            info!(chain = self.chain(), method = method, "no {what} from this node, said once: {why}");
        }
    }
}
