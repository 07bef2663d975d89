//! Alert rules and their groups. A rule by itself doesn't tell how often it is evaluated: its group does.

use serde_json::{Value, json};

use super::{Answer, Model, Request, found, message, text};

const TIME: &str = "2026-01-31T17:43:12Z";
const INTERVAL: u64 = 60;
const NEEDED: [&str; 7] = ["folderUID", "ruleGroup", "title", "condition", "noDataState", "execErrState", "for"];

impl Model {
    pub(super) fn list_rules(&mut self, _: &Request, _: &str) -> Answer {
        found(self.rules.values().cloned().collect())
    }

    pub(super) fn read_rule(&mut self, _: &Request, uid: &str) -> Answer {
        self.rules.get(uid).map_or((404, None), |rule| found(rule.clone()))
    }

    pub(super) fn create_rule(&mut self, request: &Request, _: &str) -> Answer {
        let uid = self.uid(&request.body["uid"]);
        if self.rules.contains_key(&uid) {
            return conflict(&uid, "rule UID under the same organisation should be unique");
        }
        if let Some(refused) = self.refused_rule(&uid, &request.body) {
            return refused;
        }
        let rule = completed(&request.body, self.next_id(), &uid, request.disables_provenance());
        self.rules.insert(uid, rule.clone());
        (201, Some(rule))
    }

    pub(super) fn update_rule(&mut self, request: &Request, uid: &str) -> Answer {
        let Some(id) = self.rules.get(uid).and_then(|rule| rule["id"].as_u64()) else { return (404, None) };
        if let Some(refused) = self.refused_rule(uid, &request.body) {
            return refused;
        }
        let rule = completed(&request.body, id, uid, request.disables_provenance());
        self.rules.insert(uid.to_owned(), rule.clone());
        found(rule)
    }

    pub(super) fn read_group(&mut self, request: &Request, group: &str) -> Answer {
        let folder = group_folder(request);
        let is_in = |rule: &&Value| rule["folderUID"] == folder && rule["ruleGroup"] == group;
        let rules: Vec<_> = self.rules.values().filter(is_in).cloned().collect();
        if rules.is_empty() {
            return message(404, "rule group not found");
        }
        let interval = self.intervals.get(&(folder.to_owned(), group.to_owned())).copied().unwrap_or(INTERVAL);
        found(json!({"title": group, "folderUid": folder, "interval": interval, "rules": rules}))
    }

    /// Sets the interval, and replaces the group's rules by those that are given.
    pub(super) fn set_group(&mut self, request: &Request, group: &str) -> Answer {
        let folder = group_folder(request);
        let Some(interval) = request.body["interval"].as_u64().filter(|seconds| *seconds > 0) else {
            return message(400, "invalid alert rule: interval must be greater than zero");
        };
        let mut rules = request.body["rules"].as_array().cloned().unwrap_or_default();
        for rule in &mut rules {
            (rule["folderUID"], rule["ruleGroup"]) = (json!(folder), json!(group));
            if let Some(refused) = self.refused_rule(rule["uid"].as_str().unwrap_or_default(), rule) {
                return refused;
            }
        }
        self.intervals.insert((folder.to_owned(), group.to_owned()), interval);
        self.rules.retain(|_, rule| rule["folderUID"] != folder || rule["ruleGroup"] != group);
        for rule in rules {
            let uid = self.uid(&rule["uid"]);
            let rule = completed(&rule, self.next_id(), &uid, request.disables_provenance());
            self.rules.insert(uid, rule);
        }
        found(request.body.clone())
    }

    /// Why a rule isn't taken under a uid, if it isn't.
    fn refused_rule(&self, uid: &str, rule: &Value) -> Option<Answer> {
        if let Some(name) = NEEDED.iter().find(|name| text(&rule[**name]).is_none()) {
            return Some(message(400, &format!("invalid alert rule: no {name}")));
        }
        if rule["data"].as_array().is_none_or(Vec::is_empty) {
            return Some(message(400, "invalid alert rule: no queries or expressions are found"));
        }
        if !self.folders.contains_key(rule["folderUID"].as_str().unwrap_or_default()) {
            return Some(message(400, "invalid alert rule: folder does not exist"));
        }
        let is_same = |other: &Value| other["folderUID"] == rule["folderUID"] && other["title"] == rule["title"];
        let clashes = self.rules.iter().any(|(other, rule)| other != uid && is_same(rule));
        clashes.then(|| conflict(uid, "rule title under the same organisation and folder should be unique"))
    }
}

/// The folder of `…/folder/FOLDER/rule-groups/GROUP`.
fn group_folder(request: &Request) -> &str {
    request.path.iter().rev().nth(2).map_or("", String::as_str)
}

fn conflict(uid: &str, why: &str) -> Answer {
    let text = format!("Failed to save alert rule '{uid}' in organization 1 due to conflict: {why}");
    message(400, &format!("[alerting.alert-rule.conflict] {text}"))
}

/// A rule as it is answered.
fn completed(posted: &Value, id: u64, uid: &str, disables_provenance: bool) -> Value {
    let mut rule = json!({"keep_firing_for": "0s", "isPaused": false, "notification_settings": null, "record": null});
    let fields = rule.as_object_mut().expect("an object");
    fields.extend(posted.as_object().cloned().unwrap_or_default());
    fields.remove("provenance");
    let own = [("id", json!(id)), ("uid", json!(uid)), ("orgID", json!(1)), ("updated", json!(TIME))];
    fields.extend(own.map(|(name, value)| (name.to_owned(), value)));
    if !disables_provenance {
        fields.insert("provenance".to_owned(), json!("api"));
    }
    rule
}
