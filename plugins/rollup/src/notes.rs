//! What is said once: a lack that lasts is a line when it begins, and again only if it was gone in between.

use std::collections::BTreeSet;

use watchkeeper_sdk::prelude::*;

const KEY: &str = "missing";

/// What is missing, across runs.
pub(crate) struct Notes {
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Notes {
    pub(crate) async fn load() -> Result<Self, state::Error> {
        let before: BTreeSet<String> = state::get(KEY).await?.unwrap_or_default();
        Ok(Self { now: before.clone(), before })
    }

    /// `what` isn't to be had, because of `why`.
    pub(crate) fn missing(&mut self, chain: &str, what: &str, why: &str) {
        if self.now.insert(key(chain, what)) {
            info!(chain = chain, "no {what}, said once: {why}");
        }
    }

    /// `what` is there.
    pub(crate) fn found(&mut self, chain: &str, what: &str) {
        self.now.remove(&key(chain, what));
    }

    pub(crate) async fn save(self) -> Result<(), state::Error> {
        if self.now == self.before {
            return Ok(());
        }
        state::set(KEY, &self.now).await
    }
}

fn key(chain: &str, what: &str) -> String {
    format!("{chain}/{what}")
}
