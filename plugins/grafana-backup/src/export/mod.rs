//! From Grafana into the store: an archive that is written while it is read.

mod alerting;
mod dashboards;
mod sources;

pub(crate) use self::sources::SECRET_NAMES;

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use serde::Deserialize;
use serde_json::{Value, json};
use watchkeeper_sdk::{
    artifacts::Check,
    backup::{Backups, Problem, Settings, Source},
    fail,
    prelude::*,
    stream::{Content, Sink},
};

use crate::{
    Metrics,
    api::Grafana,
    config::Config,
    entry::{Entry, Kind},
    manifest::{Manifest, shown},
    tar,
    uid::Uid,
};

/// The artifact's name.
const NAME: &str = "grafana";

/// The most lines about what isn't exported.
const MOST_LINES: usize = 50;

pub(crate) async fn run(grafana: Grafana, config: &Config, metrics: &Metrics) -> Result<String> {
    let settings = Settings { minimum_size: config.minimum_size, read_back: config.read_back };
    let mut backups = Backups::new(settings, &metrics.backup);
    let written = Rc::default();
    let made = backups.make(NAME, Check::Tar, async || produce(grafana, Rc::clone(&written)).await).await;
    if made.is_some()
        && let Some(manifest) = written.take()
    {
        show(&manifest, metrics);
        backups.note(manifest.summary());
        backups.note(format!("{} not exported, see its MANIFEST.json", manifest.lacking().len()));
    }
    backups.finish()
}

fn show(manifest: &Manifest, metrics: &Metrics) {
    for (kind, count) in &manifest.counts {
        metrics.grafana_backup_objects.set([kind.label()], *count);
    }
    let lacking = manifest.lacking();
    metrics.grafana_backup_not_exported.set([], lacking.len());
    for lack in lacking.iter().take(MOST_LINES) {
        info!("not exported: {}: {}", lack.what, lack.why);
    }
    if let Some(more) = lacking.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
        info!("not exported: {more} more");
    }
}

/// What the archive is made of; `written` is its manifest once all of it is.
async fn produce(grafana: Grafana, written: Rc<RefCell<Option<Manifest>>>) -> Result<Source, Problem> {
    let version = health(&grafana).await?;
    let noted = version.clone().unwrap_or_else(|| "not told".to_owned());
    let content = Content::written(async move |sink: Sink| {
        let mut export = Export { grafana, archive: tar::Writer::new(sink), manifest: Manifest::new(version) };
        export.folders().await?;
        export.data_sources().await?;
        export.dashboards().await?;
        export.alert_rules().await?;
        export.notifications().await?;
        written.replace(Some(export.finish().await?));
        Ok(())
    });
    Ok(Source::from(content).note("grafana", noted))
}

/// Whether Grafana works, and its version.
async fn health(grafana: &Grafana) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Health {
        database: String,
        version: Option<String>,
    }
    let Health { database, version } = grafana.get("/api/health").await?;
    match database.as_str() {
        "ok" => Ok(version.as_deref().map(shown)),
        _ => Err(Error::Unavailable("grafana says that its database doesn't work".to_owned())),
    }
}

/// A backup in the making.
struct Export {
    grafana: Grafana,
    archive: tar::Writer,
    manifest: Manifest,
}

impl Export {
    /// All folders, each behind the one that it is in.
    async fn folders(&mut self) -> Result<()> {
        let mut known = BTreeSet::new();
        let mut open = vec![None];
        while let Some(parent) = open.pop() {
            let query = parent.as_ref().map(|uid: &Uid| format!("parentUid={uid}")).unwrap_or_default();
            for folder in self.grafana.list(&format!("/api/folders?{query}")).await? {
                if !known.insert(folder.uid.clone()) {
                    continue;
                }
                let Some(uid) = self.uid(Kind::Folder, &folder.uid) else { continue };
                if folder.uid == "sharedwithme" {
                    let why = "it holds folders whose parents the service account doesn't see: give it the role Admin";
                    self.manifest.lacks("the virtual folder `sharedwithme`".to_owned(), why);
                    continue;
                }
                let mut file = json!({ "uid": folder.uid, "title": folder.title });
                if let (Some(parent), Some(file)) = (&parent, file.as_object_mut()) {
                    file.insert("parentUid".to_owned(), parent.as_str().into());
                }
                self.object(Kind::Folder, uid.clone(), &file).await?;
                open.push(Some(uid));
            }
        }
        Ok(())
    }

    /// Adds a file of one object.
    async fn object(&mut self, kind: Kind, uid: Uid, object: &Value) -> Result<()> {
        self.manifest.count(kind, 1);
        self.file(&Entry::Object(kind, uid), object).await
    }

    /// Adds the file of all objects of a kind.
    async fn all(&mut self, kind: Kind, objects: &Value, count: usize) -> Result<()> {
        self.manifest.count(kind, count as u64);
        self.file(&Entry::All(kind), objects).await
    }

    async fn file(&mut self, entry: &Entry, content: &impl serde::Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec(content).map_err(Error::failed)?;
        bytes.push(b'\n');
        self.archive.file(&entry.name(), &bytes).await
    }

    /// A uid that can be a file's name; one that can't is noted.
    fn uid(&mut self, kind: Kind, text: &str) -> Option<Uid> {
        let uid = Uid::parse(text);
        if uid.is_none() {
            let what = format!("{} `{}`", kind.words(1), shown(text));
            self.manifest.lacks(what, "its uid isn't 1 to 40 letters, digits, `-` and `_`, and can't be a file's name");
        }
        uid
    }

    /// Adds the manifest and ends the archive. A backup of nothing is an error: whoever asks may see nothing.
    async fn finish(mut self) -> Result<Manifest> {
        let seen = [Kind::Folder, Kind::DataSource, Kind::Dashboard];
        if seen.iter().all(|kind| !self.manifest.counts.contains_key(kind)) {
            fail!(
                "grafana shows no folder, data source or dashboard\n\
                 hint: a service account without the role Admin sees only what it was given"
            );
        }
        let manifest = self.manifest.clone();
        self.file(&Entry::Manifest, &manifest).await?;
        self.archive.end().await?;
        Ok(manifest)
    }
}
