//! Alert rules with their groups' intervals, and what is notified: contact points and policies, which aren't imported again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use watchkeeper_sdk::prelude::*;

use super::Export;
use crate::{api, entry::Kind, manifest::shown, uid::Uid};

/// What Grafana writes in place of a contact point's secret.
const REDACTED: &str = "[REDACTED]";

/// What is this instance's own in a rule.
const OWN: [&str; 3] = ["id", "orgID", "updated"];

/// A rule in the list of all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(rename = "folderUID")]
    folder_uid: String,
    rule_group: String,
    #[serde(default)]
    provenance: String,
}

#[derive(Deserialize)]
struct Group {
    interval: u64,
    rules: Vec<Map<String, Value>>,
}

impl Export {
    pub(super) async fn alert_rules(&mut self) -> Result<()> {
        let found: Option<Vec<Listed>> = self.grafana.find("/api/v1/provisioning/alert-rules").await?;
        let Some(listed) = found else {
            self.manifest
                .lacks("alert rules".to_owned(), "grafana has no API for them: its alerting is off, or it is too old");
            return Ok(());
        };
        // Whether all of a group may be edited: what a file provisions comes from that file again.
        let mut groups: BTreeMap<(String, String), bool> = BTreeMap::new();
        for rule in listed {
            *groups.entry((rule.folder_uid, rule.rule_group)).or_insert(true) &= rule.provenance != "file";
        }
        let mut intervals = Vec::new();
        for ((folder, name), editable) in groups {
            let Some(folder) = self.uid(Kind::Folder, &folder) else { continue };
            if !editable {
                let what = format!("alert rule group `{}` in folder `{folder}`", shown(&name));
                self.manifest.lacks(what, "a file provisions it");
                continue;
            }
            if let Some(interval) = self.group(&folder, &name).await? {
                let provenance = interval.provenance;
                intervals.push(json!({ "folderUid": folder.as_str(), "title": name, "interval": interval.seconds, "provenance": provenance }));
            }
        }
        let count = intervals.len();
        self.all(Kind::AlertRuleGroup, &Value::Array(intervals), count).await
    }

    /// The rules of a group in their order; its interval.
    async fn group(&mut self, folder: &Uid, name: &str) -> Result<Option<Interval>> {
        let path = format!("/api/v1/provisioning/folder/{folder}/rule-groups/{}", api::part(name));
        let Some(Group { interval, rules }) = self.grafana.find(&path).await? else {
            let what = format!("alert rule group `{}` in folder `{folder}`", shown(name));
            self.manifest.lacks(what, "grafana doesn't find it by its name");
            return Ok(None);
        };
        let mut provenance = String::new();
        for mut rule in rules {
            let text = |key| rule.get(key).and_then(Value::as_str).unwrap_or_default();
            if text("provenance") == "api" {
                "api".clone_into(&mut provenance);
            }
            let Some(uid) = self.uid(Kind::AlertRule, text("uid")) else { continue };
            rule.retain(|key, _| !OWN.contains(&key.as_str()));
            self.object(Kind::AlertRule, uid, &Value::Object(rule)).await?;
        }
        Ok(Some(Interval { seconds: interval, provenance }))
    }

    /// Contact points and notification policies, if Grafana gives them.
    pub(super) async fn notifications(&mut self) -> Result<()> {
        if let Some(points) = self.given::<Vec<Value>>("/api/v1/provisioning/contact-points", "contact points").await? {
            for point in &points {
                self.lacks_secrets(point);
            }
            let count = points.len();
            self.all(Kind::ContactPoint, &Value::Array(points), count).await?;
        }
        if let Some(tree) = self.given::<Value>("/api/v1/provisioning/policies", "notification policies").await? {
            self.all(Kind::NotificationPolicies, &tree, 1).await?;
        }
        Ok(())
    }

    async fn given<T: serde::de::DeserializeOwned>(&mut self, path: &str, what: &str) -> Result<Option<T>> {
        let response = self.grafana.ask(path).await?;
        let why = match response.status {
            403 => "the service account may not read them",
            404 => "grafana has no API for them: its alerting is off, or it is too old",
            _ => return api::read(&response, path).map(Some),
        };
        self.manifest.lacks(what.to_owned(), why);
        Ok(None)
    }

    fn lacks_secrets(&mut self, point: &Value) {
        let name = shown(point.get("name").and_then(Value::as_str).unwrap_or_default());
        let mut secrets = BTreeSet::new();
        redacted(point.get("settings").unwrap_or(&Value::Null), "", &mut secrets);
        for secret in secrets {
            let what = format!("secret `{}` of contact point `{name}`", shown(&secret));
            self.manifest.lacks(what, "grafana gives it to nobody");
        }
    }
}

/// Of a group.
struct Interval {
    seconds: u64,
    /// "api" where the API made its rules, so that people can't edit them.
    provenance: String,
}

/// The keys of what was left out of settings.
fn redacted(settings: &Value, key: &str, found: &mut BTreeSet<String>) {
    match settings {
        Value::String(text) if text == REDACTED => drop(found.insert(key.to_owned())),
        Value::Object(inner) => inner.iter().for_each(|(key, value)| redacted(value, key, found)),
        Value::Array(inner) => inner.iter().for_each(|value| redacted(value, key, found)),
        _ => {}
    }
}
