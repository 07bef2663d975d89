//! Data sources: all that Grafana tells of them, which excludes their secrets.

use serde::Deserialize;
use serde_json::{Map, Value};
use watchkeeper_sdk::{fail, prelude::*};

use super::Export;
use crate::{entry::Kind, manifest::shown};

/// What the API takes back. The rest is this instance's own, or a secret that very old versions still show.
const KEPT: [&str; 12] = [
    "uid",
    "name",
    "type",
    "access",
    "url",
    "user",
    "database",
    "basicAuth",
    "basicAuthUser",
    "withCredentials",
    "isDefault",
    "jsonData",
];

/// Which secrets there are: for an import to tell.
pub(crate) const SECRET_NAMES: &str = "secureJsonFields";

/// Where old versions kept secrets in the open.
const SECRETS: [&str; 2] = ["password", "basicAuthPassword"];

#[derive(Deserialize)]
struct Listed {
    uid: String,
}

impl Export {
    pub(super) async fn data_sources(&mut self) -> Result<()> {
        let mut listed: Vec<Listed> = self.grafana.get("/api/datasources").await?;
        listed.sort_unstable_by(|one, other| one.uid.cmp(&other.uid));
        for Listed { uid } in listed {
            let Some(uid) = self.uid(Kind::DataSource, &uid) else { continue };
            let found: Option<Map<String, Value>> = self.grafana.find(&format!("/api/datasources/uid/{uid}")).await?;
            // Deleted since.
            let Some(source) = found else { continue };
            for secret in secrets(&source) {
                let what = format!("secret `{}` of data source `{uid}`", shown(&secret));
                self.manifest.lacks(what, "grafana gives it to nobody");
            }
            if source.get("uid").and_then(Value::as_str) != Some(uid.as_str()) {
                fail!("grafana's answer for data source `{uid}` is another one");
            }
            let kept = source.iter().filter(|(key, _)| KEPT.contains(&key.as_str()) || *key == SECRET_NAMES);
            let file: Map<String, Value> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
            self.object(Kind::DataSource, uid, &Value::Object(file)).await?;
        }
        Ok(())
    }
}

/// The names of a data source's secrets.
fn secrets(source: &Map<String, Value>) -> Vec<String> {
    let fields = source.get(SECRET_NAMES).and_then(Value::as_object).into_iter().flatten();
    let set = fields.filter(|(_, set)| set.as_bool() == Some(true)).map(|(name, _)| name.clone());
    let open = SECRETS
        .into_iter()
        .filter(|name| source.get(*name).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
    let mut secrets: Vec<String> = set.chain(open.map(str::to_owned)).collect();
    secrets.sort_unstable();
    secrets.dedup();
    secrets
}
