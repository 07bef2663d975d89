//! An artifact store of `watchkeeper.toml`: where artifacts lie, for whom they are encrypted, and what opens them again. Talking to it
//! is not done here.

use std::{collections::BTreeMap, path::Path, path::PathBuf};

use serde::Deserialize;
use url::Url;

use crate::{
    ConfigError, Secret,
    paths::resolve_path,
    secret::{Environment, expand},
    source::{KeyPath, Source},
};

/// Where artifacts lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactStoreSettings {
    /// `file:///FOLDER`, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.
    pub url: Url,
    /// What the store needs beside its address, by the names that the crate `object_store` knows, such as `aws_region`.
    pub options: BTreeMap<String, Secret>,
    /// The age recipients that artifacts are encrypted to; none where they are not encrypted.
    pub recipients: Vec<String>,
    /// The file with age identities that opens them again; without one this host can store and check, but not read.
    pub identity_file: Option<PathBuf>,
}

const SCHEMES: [&str; 4] = ["file", "s3", "gs", "az"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArtifactStoreShape {
    url: String,
    #[serde(default)]
    options: BTreeMap<String, String>,
    #[serde(default)]
    recipients: Vec<String>,
    identity_file: Option<PathBuf>,
}

impl ArtifactStoreShape {
    /// `folder` is what paths are relative to.
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
        environment: Environment<'_>,
    ) -> Result<ArtifactStoreSettings, ConfigError> {
        let hint = r#"write "s3://BUCKET/PREFIX", "gs://BUCKET/PREFIX", "az://CONTAINER/PREFIX" or "file:///FOLDER""#;
        let wrong = |problem: &str| source.error(&key.with("url"), format!("not an artifact store: {problem}"), hint);
        let url = Url::parse(&self.url).map_err(|_| wrong("not a URL"))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(wrong("its scheme is none of file, s3, gs and az"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("a user, `?` or `#` stands in it; keys belong in `options`"));
        }
        match (url.scheme(), url.host_str()) {
            ("file", None) if url.path() != "/" => {}
            ("file", _) => return Err(wrong("it names no folder from `/` on")),
            (_, Some(_)) => {}
            (_, None) => return Err(wrong("it names no bucket")),
        }
        let mut options = BTreeMap::new();
        for (name, value) in self.options {
            let key = key.with("options").with(&*name);
            let value = expand(&value, environment).map_err(|(message, hint)| source.error(&key, message, hint))?;
            options.insert(name, value);
        }
        for recipient in &self.recipients {
            if !recipient.starts_with("age1") || !recipient.chars().all(|c| c.is_ascii_alphanumeric()) {
                let hint = "write the public key that `age-keygen` prints, such as \"age1…\"; never a secret key";
                return Err(source.error(&key.with("recipients"), "not an age recipient", hint));
            }
        }
        let identity_file = match self.identity_file {
            Some(path) => Some(resolve_path(source, &key.with("identity_file"), folder, path)?),
            None => None,
        };
        Ok(ArtifactStoreSettings { url, options, recipients: self.recipients, identity_file })
    }
}
