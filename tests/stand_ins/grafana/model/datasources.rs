//! Data sources. Their secrets go in and never come out: only their names do.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Answer, DataSource, Model, Request, found, message, text};

/// What only a single one has, and a list lacks.
const UNLISTED: [&str; 5] = ["basicAuthUser", "withCredentials", "secureJsonFields", "version", "apiVersion"];

impl Model {
    pub(super) fn list_datasources(&mut self, _: &Request, _: &str) -> Answer {
        let mut all: Vec<_> = self.datasources.iter().map(|(uid, source)| shown(uid, source)).collect();
        all.sort_by_key(|source| source["name"].as_str().map(str::to_lowercase));
        for source in &mut all {
            source["typeName"] = source["type"].clone();
            UNLISTED.iter().for_each(|name| drop(source.as_object_mut().expect("an object").remove(*name)));
        }
        found(all.into())
    }

    pub(super) fn read_datasource(&mut self, _: &Request, uid: &str) -> Answer {
        match self.datasources.get(uid) {
            Some(source) => found(shown(uid, source)),
            None => message(404, "Data source not found"),
        }
    }

    pub(super) fn create_datasource(&mut self, request: &Request, _: &str) -> Answer {
        let Some((fields, secrets)) = parts(&request.body) else { return message(400, "bad request data") };
        if self.datasources.values().any(|source| source.fields["name"] == fields["name"]) {
            return message(409, "data source with the same name already exists");
        }
        let uid = self.uid(&request.body["uid"]);
        if self.datasources.contains_key(&uid) {
            return message(409, "data source with the same uid already exists");
        }
        let id = self.next_id();
        self.keep(uid, DataSource { id, version: 1, fields, secrets }, "Datasource added")
    }

    /// Secrets that aren't given stay as they are.
    pub(super) fn update_datasource(&mut self, request: &Request, uid: &str) -> Answer {
        let Some((fields, given)) = parts(&request.body) else { return message(400, "bad request data") };
        let Some(old) = self.datasources.get(uid) else { return message(404, "Data source not found") };
        let mut secrets = old.secrets.clone();
        secrets.extend(given);
        let source = DataSource { id: old.id, version: old.version + 1, fields, secrets };
        self.keep(uid.to_owned(), source, "Datasource updated")
    }

    fn keep(&mut self, uid: String, source: DataSource, message: &str) -> Answer {
        // Only one is the default.
        if source.fields.get("isDefault") == Some(&json!(true)) {
            let others = self.datasources.values_mut();
            others.for_each(|other| drop(other.fields.insert("isDefault".to_owned(), json!(false))));
        }
        let shown = shown(&uid, &source);
        self.datasources.insert(uid, source);
        found(json!({"id": shown["id"], "name": shown["name"], "message": message, "datasource": shown}))
    }
}

/// The fields and the secrets of what was posted; none if something is missing that has to be there.
fn parts(body: &Value) -> Option<(Map<String, Value>, BTreeMap<String, String>)> {
    let mut fields = body.as_object()?.clone();
    ["name", "type", "access"].iter().try_for_each(|name| fields.get(*name).and_then(text).map(drop))?;
    let secrets = fields.remove("secureJsonData").unwrap_or_default();
    let secrets = secrets.as_object().into_iter().flatten();
    let secrets = secrets.filter_map(|(name, value)| Some((name.clone(), text(value)?.to_owned()))).collect();
    for name in
        ["id", "uid", "orgId", "version", "secureJsonFields", "readOnly", "typeName", "typeLogoUrl", "apiVersion"]
    {
        fields.remove(name);
    }
    Some((fields, secrets))
}

fn shown(uid: &str, source: &DataSource) -> Value {
    let names: Map<_, _> = source.secrets.keys().map(|name| (name.clone(), json!(true))).collect();
    let mut shown = json!({
        "id": source.id, "uid": uid, "orgId": 1, "version": source.version, "secureJsonFields": names,
        "typeLogoUrl": "public/img/icn-datasource.svg", "url": "", "user": "", "database": "", "basicAuth": false,
        "basicAuthUser": "", "withCredentials": false, "isDefault": false, "jsonData": {}, "readOnly": false,
        "apiVersion": "",
    });
    shown.as_object_mut().expect("an object").extend(source.fields.clone());
    shown
}
