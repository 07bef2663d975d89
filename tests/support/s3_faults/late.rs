//! Lists that are behind: what was written is not in them yet, what was removed still is.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    On,
    exchange::{Answer, Request},
};
use crate::support::texts;

/// What lists are to hide and to show.
#[derive(Default)]
pub(super) struct Late {
    /// Since when lists are behind: keys that came since, and entries that went. None: they tell the truth.
    since: Option<Since>,
    /// The newest entry that a list showed of each key.
    entries: BTreeMap<String, String>,
    /// Keys that were written through the proxy while lists told the truth.
    written: BTreeSet<String>,
}

#[derive(Default)]
struct Since {
    new: BTreeSet<String>,
    gone: BTreeMap<String, String>,
}

impl Late {
    pub(super) fn begin(&mut self) {
        self.since = Some(Since::default());
    }

    pub(super) fn end(&mut self) {
        let Some(since) = self.since.take() else { return };
        self.written.extend(since.new);
        self.entries.retain(|key, _| !since.gone.contains_key(key));
    }

    /// Notes what a request did, and rewrites the answer to a list.
    pub(super) fn pass(&mut self, request: &Request, answer: &mut Answer) {
        if !(200..300).contains(&answer.status) {
            return;
        }
        if request.is(On::List) {
            self.rewrite(request.parameter("prefix").unwrap_or_default(), answer);
        } else if request.is(On::Put("")) || request.is(On::Complete) {
            self.wrote(request.key());
        } else if request.is(On::Delete) {
            let many = texts(&String::from_utf8_lossy(&request.body), "Key");
            let one = Some(request.key().to_owned()).filter(|key| !key.is_empty());
            many.into_iter().chain(one).for_each(|key| self.removed(&key));
        }
    }

    fn wrote(&mut self, key: &str) {
        let is_known = self.written.contains(key) || self.entries.contains_key(key);
        match &mut self.since {
            Some(since) if !is_known => drop(since.new.insert(key.to_owned())),
            Some(since) => drop(since.gone.remove(key)),
            None => drop(self.written.insert(key.to_owned())),
        }
    }

    fn removed(&mut self, key: &str) {
        let Some(since) = &mut self.since else {
            self.written.remove(key);
            self.entries.remove(key);
            return;
        };
        if !since.new.remove(key)
            && let Some(entry) = self.entries.get(key)
        {
            since.gone.insert(key.to_owned(), entry.clone());
        }
    }

    fn rewrite(&mut self, prefix: &str, answer: &mut Answer) {
        let xml = String::from_utf8_lossy(&answer.body).into_owned();
        let mut entries: BTreeMap<_, _> = texts(&xml, ENTRY).into_iter().map(|entry| (key(&entry), entry)).collect();
        let Some(since) = &self.since else { return self.entries.extend(entries) };
        entries.retain(|key, _| !since.new.contains(key));
        self.entries.extend(entries.clone());
        if texts(&xml, "IsTruncated") != ["true"] {
            let gone = since.gone.iter().filter(|(key, _)| key.starts_with(prefix));
            entries.extend(gone.map(|(key, entry)| (key.clone(), entry.clone())));
        }
        // Everything but the entries stays; they follow one another.
        let (start, end) = (format!("<{ENTRY}>"), format!("</{ENTRY}>"));
        let mut rest = String::new();
        for (number, part) in xml.split(&start).enumerate() {
            rest.push_str(if number == 0 { part } else { part.split_once(&end).map_or(part, |(_, after)| after) });
        }
        let count = entries.len();
        let shown: String = entries.values().map(|entry| format!("{start}{entry}{end}")).collect();
        for old in texts(&rest, "KeyCount") {
            rest = rest.replace(&format!("<KeyCount>{old}<"), &format!("<KeyCount>{count}<"));
        }
        answer.body = rest.replace("</ListBucketResult>", &format!("{shown}</ListBucketResult>")).into_bytes();
    }
}

const ENTRY: &str = "Contents";

fn key(entry: &str) -> String {
    texts(entry, "Key").into_iter().next().unwrap_or_default()
}
