//! The node, asked by JSON-RPC. What a run can do without is asked for by [`Node::ask`]: no answer leaves the series absent and
//! never fails the run. What the node doesn't offer, or the job may not ask, is said once and remembered in the job's state;
//! any other error is said each time.

use std::{cell::RefCell, collections::BTreeSet};

use serde::de::DeserializeOwned;
use watchkeeper_sdk::{
    http::{self, Error},
    prelude::*,
    serde::Serialize,
};

/// A node, and what is known to be missing there.
pub(crate) struct Node<'a> {
    url: &'a str,
    network: &'a str,
    /// What was said to be missing before this run.
    said: BTreeSet<String>,
    /// What is missing now.
    missing: RefCell<BTreeSet<String>>,
}

impl<'a> Node<'a> {
    pub(crate) async fn load(url: &'a str, network: &'a str) -> Result<Self, state::Error> {
        let said: BTreeSet<String> = state::get(KEY).await?.unwrap_or_default();
        Ok(Self { url, network, missing: RefCell::new(said.clone()), said })
    }

    /// The value of the label `network`.
    pub(crate) fn network(&self) -> &str {
        self.network
    }

    /// The answer, or why there is none.
    pub(crate) async fn call<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        http::json_rpc(self.url, method, params).await
    }

    /// The answer, or none. `what` names the read for people.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, what: &str, method: &str, params: impl Serialize) -> Option<T> {
        match self.call::<Option<T>>(method, params).await {
            Ok(Some(answer)) => {
                self.missing.borrow_mut().remove(what);
                return Some(answer);
            }
            Ok(None) => self.say_once(what, method, "the node answers null"),
            Err(error) if is_not_offered(&error) => self.say_once(what, method, &error.to_string()),
            Err(error) => self.say(what, method, &error.to_string()),
        }
        None
    }

    /// Says that an answer can't be used.
    pub(crate) fn say(&self, what: &str, method: &str, why: &str) {
        warn!(network = self.network, method = method, "no {what}: {why}");
    }

    /// Remembers what was said, if that changed.
    pub(crate) async fn save(self) -> Result<(), state::Error> {
        let missing = self.missing.into_inner();
        if missing == self.said {
            return Ok(());
        }
        state::set(KEY, &missing).await
    }

    fn say_once(&self, what: &str, method: &str, why: &str) {
        if self.missing.borrow_mut().insert(what.to_owned()) {
            info!(network = self.network, method = method, "no {what}, said once: {why}");
        }
    }
}

const KEY: &str = "missing";

/// Whether asking again is in vain: the job has no grant, the token lacks the permission, or the node has no such part.
///
/// The node's own errors all have the code 1, and only their words tell (`go-jsonrpc`, `auth/auth.go`; `celestia-node`,
/// `nodebuilder/das/constructors.go`, `nodebuilder/state/stub.go`).
fn is_not_offered(error: &Error) -> bool {
    match error {
        Error::Denied(_) => true,
        Error::Rpc { code: -32601, .. } => true,
        Error::Rpc { code: 1, message } => ["missing permission to invoke", "stubbed", "without state access"]
            .iter()
            .any(|words| message.contains(words)),
        _ => false,
    }
}
