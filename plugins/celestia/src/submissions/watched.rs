//! Which submissions are watched, and by which names they are shown: the operator's, so that labels are few and short.

use std::collections::BTreeMap;

use crate::{account::Address, namespace::Namespace, payment::Payment};

/// Where nothing is named, everything is watched.
const ANY: &str = "any";

/// What an operator named. With both, only blobs in these namespaces by these signers.
#[derive(Clone, Copy)]
pub(crate) struct Watched<'a> {
    pub(crate) signers: &'a BTreeMap<String, Address>,
    pub(crate) namespaces: &'a BTreeMap<String, Namespace>,
}

/// What is watched of one transaction.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen<'a> {
    pub(crate) signer: &'a str,
    /// The name of the namespace, and the bytes of the blob.
    pub(crate) blobs: Vec<(&'a str, u32)>,
}

impl<'a> Watched<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.signers.is_empty() && self.namespaces.is_empty()
    }

    pub(crate) fn signers(&self) -> Vec<&'a str> {
        names(self.signers)
    }

    pub(crate) fn namespaces(&self) -> Vec<&'a str> {
        names(self.namespaces)
    }

    /// None for a transaction of somebody else, or to somewhere else.
    pub(crate) fn sees(&self, payment: &Payment) -> Option<Seen<'a>> {
        let signer = name(self.signers, |address| address.as_str() == payment.signer)?;
        let blobs = payment.blobs.iter();
        let blobs: Vec<_> = blobs
            .filter_map(|blob| Some((name(self.namespaces, |namespace| *namespace == blob.namespace)?, blob.size)))
            .collect();
        (!blobs.is_empty()).then_some(Seen { signer, blobs })
    }
}

fn names<T>(named: &BTreeMap<String, T>) -> Vec<&str> {
    match named.is_empty() {
        true => vec![ANY],
        false => named.keys().map(String::as_str).collect(),
    }
}

fn name<T>(named: &BTreeMap<String, T>, is_it: impl Fn(&T) -> bool) -> Option<&str> {
    match named.is_empty() {
        true => Some(ANY),
        false => named.iter().find(|(_, value)| is_it(value)).map(|(name, _)| name.as_str()),
    }
}
