//! Dashboards, as the API takes them back.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use watchkeeper_sdk::prelude::*;

use super::Export;
use crate::{api, entry::Kind, uid::Uid};

#[derive(Deserialize)]
struct Found {
    dashboard: Map<String, Value>,
    meta: Meta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    folder_uid: Option<String>,
    api_version: Option<String>,
}

impl Export {
    pub(super) async fn dashboards(&mut self) -> Result<()> {
        for listed in self.grafana.list("/api/search?type=dash-db").await? {
            if let Some(uid) = self.uid(Kind::Dashboard, &listed.uid) {
                self.dashboard(uid).await?;
            }
        }
        Ok(())
    }

    async fn dashboard(&mut self, uid: Uid) -> Result<()> {
        let path = format!("/api/dashboards/uid/{uid}");
        let response = self.grafana.ask(&path).await?;
        let Found { mut dashboard, meta } = match response.status {
            // Deleted since.
            404 => return Ok(()),
            406 => {
                self.manifest
                    .lacks(format!("dashboard `{uid}`"), "it has the newer schema v2, which this API doesn't give");
                return Ok(());
            }
            _ => api::read(&response, &path)?,
        };
        if dashboard.get("uid").and_then(Value::as_str) != Some(uid.as_str()) {
            return Err(Error::failed(format!("grafana's answer to {path} is another dashboard")));
        }
        if meta.api_version.is_some_and(|version| version.starts_with("v2")) {
            let why = "it is exported as grafana turns it into the older schema, which may lose some of it";
            self.manifest.lacks(format!("the schema v2 of dashboard `{uid}`"), why);
        }
        // It is the instance's own number of it.
        dashboard.insert("id".to_owned(), Value::Null);
        let file = json!({ "dashboard": dashboard, "folderUid": meta.folder_uid.unwrap_or_default() });
        self.object(Kind::Dashboard, uid, &file).await
    }
}
