//! Objects, brought back one by one in the order of the backup: folders before what is in them, data sources before what asks them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use watchkeeper_sdk::{backup::Report, prelude::*};

use super::{
    reading::value_at,
    report::{Counts, Outcome},
};
use crate::{
    Metrics,
    api::{self, Change, Grafana},
    entry::{Entry, Kind},
    export::SECRET_NAMES,
    manifest::{Manifest, shown},
    uid::Uid,
};

/// After so many problems the rest isn't tried: most have one cause.
const MOST_PROBLEMS: usize = 20;

/// An import in the making.
pub(super) struct Import<'a> {
    grafana: &'a Grafana,
    path: &'a str,
    overwrite: bool,
    dry_run: bool,
    counts: Counts,
    /// Groups of which a rule was brought back, by folder and name.
    groups: BTreeSet<(String, String)>,
    /// Secrets of data sources that people have to enter.
    secrets: usize,
    problems: usize,
    report: Report,
}

impl<'a> Import<'a> {
    pub(super) fn new(grafana: &'a Grafana, path: &'a str, overwrite: bool, dry_run: bool) -> Self {
        let (counts, groups, report) = (Counts::default(), BTreeSet::new(), Report::default());
        Self { grafana, path, overwrite, dry_run, counts, groups, secrets: 0, problems: 0, report }
    }

    /// Brings a file's object back.
    pub(super) async fn take(&mut self, entry: &Entry, content: Value) -> Result<()> {
        match entry {
            Entry::Object(kind, uid) => match self.object(*kind, uid, content).await {
                Ok(outcome) => self.counts.count(*kind, outcome),
                Err(error) => return self.problem(format!("{} `{uid}`", kind.words(1)), error),
            },
            Entry::All(Kind::AlertRuleGroup) => {
                for group in content.as_array().into_iter().flatten() {
                    self.group(group).await?;
                }
            }
            Entry::All(_) | Entry::Manifest => {}
        }
        Ok(())
    }

    /// Whether each object was brought back, so that the backup is proved to be good for that.
    pub(super) fn is_whole(&self) -> bool {
        self.problems == 0 && !self.dry_run && self.counts.has_all_brought_back()
    }

    pub(super) fn finish(mut self, manifest: &Manifest, metrics: &Metrics) -> Result<String> {
        for (kind, outcome, count) in self.counts.each() {
            metrics.grafana_import_objects.set([kind.label(), outcome.label()], count);
        }
        let dry = if self.dry_run { "a dry run changes nothing; else " } else { "" };
        self.report.done(format!("{}: {dry}{}", self.path, self.counts));
        if self.secrets > 0 {
            self.report.done(format!("{} secrets of data sources are to be entered by hand", self.secrets));
        }
        let left = [Kind::ContactPoint, Kind::NotificationPolicies].map(|kind| manifest.counts.get(&kind));
        if left.into_iter().flatten().any(|count| *count > 0) {
            self.report.done("contact points and notification policies are in the backup and are not imported");
        }
        self.report.finish()
    }

    async fn object(&mut self, kind: Kind, uid: &Uid, mut content: Value) -> Result<Outcome> {
        let (there, create) = match kind {
            Kind::Folder => (format!("/api/folders/{uid}"), "/api/folders"),
            Kind::DataSource => (format!("/api/datasources/uid/{uid}"), "/api/datasources"),
            Kind::Dashboard => (format!("/api/dashboards/uid/{uid}"), "/api/dashboards/db"),
            _ => (format!("/api/v1/provisioning/alert-rules/{uid}"), "/api/v1/provisioning/alert-rules"),
        };
        let outcome = match (self.exists(&there).await?, kind) {
            (false, _) => Outcome::Created,
            (true, Kind::Dashboard | Kind::AlertRule) if self.overwrite => Outcome::Replaced,
            (true, _) => return Ok(Outcome::Kept),
        };
        let (mut method, mut path, mut provenance) = ("POST", create, true);
        match kind {
            Kind::DataSource => self.note_secrets(uid, &mut content),
            Kind::Dashboard => set(
                &mut content,
                &[
                    ("overwrite", (outcome == Outcome::Replaced).into()),
                    ("message", format!("imported from {}", self.path).into()),
                ],
            ),
            Kind::AlertRule => {
                let text = |key| value_at(&content, key).as_str().unwrap_or_default().to_owned();
                self.groups.insert((text("folderUID"), text("ruleGroup")));
                provenance = text("provenance") == "api";
                if outcome == Outcome::Replaced {
                    (method, path) = ("PUT", &there);
                }
            }
            _ => {}
        }
        self.send(Change { method, path, body: &content, provenance }).await?;
        Ok(outcome)
    }

    /// Gives a group its interval, if any of its rules was brought back.
    async fn group(&mut self, group: &Value) -> Result<()> {
        let text = |key| value_at(group, key).as_str().unwrap_or_default().to_owned();
        let (folder, name) = (text("folderUid"), text("title"));
        let Some(uid) = Uid::parse(&folder).filter(|_| self.groups.contains(&(folder, name.clone()))) else {
            return Ok(());
        };
        // Without rules only the interval is changed.
        let body = json!({ "title": name, "folderUid": uid.as_str(), "interval": value_at(group, "interval") });
        let path = format!("/api/v1/provisioning/folder/{uid}/rule-groups/{}", api::part(&name));
        let provenance = text("provenance") == "api";
        match self.send(Change { method: "PUT", path: &path, body: &body, provenance }).await {
            Ok(()) => Ok(()),
            Err(error) => self.problem(format!("interval of alert rule group `{}`", shown(&name)), error),
        }
    }

    async fn exists(&self, path: &str) -> Result<bool> {
        let response = self.grafana.ask(path).await?;
        match response.status {
            404 => Ok(false),
            // A dashboard of a newer schema.
            406 => Ok(true),
            _ => api::read::<Value>(&response, path).map(|_| true),
        }
    }

    async fn send(&self, change: Change<'_>) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        self.grafana.send(change).await
    }

    /// Says which secrets a data source comes without.
    fn note_secrets(&mut self, uid: &Uid, source: &mut Value) {
        let named = source.as_object_mut().and_then(|source| source.remove(SECRET_NAMES));
        let named = named.as_ref().and_then(Value::as_object).into_iter().flatten();
        let secrets: Vec<String> =
            named.filter(|(_, set)| set.as_bool() == Some(true)).map(|(name, _)| shown(name)).collect();
        if !secrets.is_empty() {
            self.secrets += secrets.len();
            warn!("data source `{uid}` comes without its secrets, enter them in grafana: {}", secrets.join(", "));
        }
    }

    /// Notes what can't be brought back; an error once there are too many.
    fn problem(&mut self, what: String, error: Error) -> Result<()> {
        self.problems += 1;
        if self.problems >= MOST_PROBLEMS {
            let text = format!(
                "{what}: {error}; that was the {MOST_PROBLEMS}th problem, and the rest wasn't tried; {}",
                self.counts
            );
            return Err(Error::failed(text));
        }
        self.report.problem(what, error);
        Ok(())
    }
}

fn set(object: &mut Value, fields: &[(&str, Value)]) {
    for (key, value) in fields {
        if let Some(object) = object.as_object_mut() {
            object.insert((*key).to_owned(), value.clone());
        }
    }
}
