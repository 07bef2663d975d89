//! From a store's address and options to its objects. Nothing is asked of the store here.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreScheme, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum, S3ConditionalPut},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    local::LocalFileSystem,
    multipart::MultipartStore,
    path::Path,
};
use url::Url;
use watchkeeper_config::Secret;

use super::{Backend, Faults, Folder, Parts};

/// Parts of the names of options whose values never show.
const SECRET_WORDS: [&str; 6] = ["key", "secret", "token", "password", "credential", "sas"];

impl Backend {
    /// The store at an address.
    ///
    /// # Errors
    /// What is wrong with address or options; never an option's value.
    pub(crate) fn open(name: &str, url: &Url, options: &BTreeMap<String, Secret>) -> Result<Self, String> {
        let hidden =
            |(key, _): &(&String, &Secret)| SECRET_WORDS.iter().any(|word| key.to_ascii_lowercase().contains(word));
        let secrets = options.iter().filter(hidden).map(|(_, value)| value.clone());
        let faults = Faults::new(name, secrets.filter(|value| !value.expose().is_empty()).collect());
        let (scheme, prefix) = ObjectStoreScheme::parse(url).map_err(|error| faults.words(&error))?;
        let wrong = |error: object_store::Error| faults.words(&error);
        match scheme {
            ObjectStoreScheme::Local => {
                no_options(options)?;
                let root = url.to_file_path().map_err(|()| format!("{url} names no folder"))?;
                let prefix = Path::from_absolute_path(&root).map_err(|error| error.to_string())?;
                Ok(Self::folder_at(faults, root, prefix))
            }
            ObjectStoreScheme::AmazonS3 => {
                // Where keys are deleted one by one, deleting many at once gains nothing, and not every store can.
                let builder = AmazonS3Builder::new()
                    .with_url(url.as_str())
                    .with_retry(retries())
                    .with_client_options(client())
                    .with_conditional_put(S3ConditionalPut::ETagMatch)
                    // Some stores look at no other digest of what arrives.
                    .with_checksum_algorithm(Checksum::SHA256)
                    .with_config(AmazonS3ConfigKey::DisableBulkDelete, "true");
                let set = |builder: AmazonS3Builder, key, value: &Secret| builder.with_config(key, value.expose());
                let store = with_options(builder, options, set)?.build().map_err(wrong)?;
                Ok(Self::new(faults, Arc::new(store), prefix))
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                let builder = GoogleCloudStorageBuilder::new()
                    .with_url(url.as_str())
                    .with_retry(retries())
                    .with_client_options(client());
                let set = |builder: GoogleCloudStorageBuilder, key: GoogleConfigKey, value: &Secret| {
                    builder.with_config(key, value.expose())
                };
                let store = with_options(builder, options, set)?.build().map_err(wrong)?;
                Ok(Self::new(faults, Arc::new(store), prefix))
            }
            ObjectStoreScheme::MicrosoftAzure => {
                let builder = MicrosoftAzureBuilder::new()
                    .with_url(url.as_str())
                    .with_retry(retries())
                    .with_client_options(client());
                let set = |builder: MicrosoftAzureBuilder, key: AzureConfigKey, value: &Secret| {
                    builder.with_config(key, value.expose())
                };
                let store = with_options(builder, options, set)?.build().map_err(wrong)?;
                Ok(Self::new(faults, Arc::new(store), prefix))
            }
            _ => Err(format!("{url}: not a folder, S3, GCS or Azure")),
        }
    }

    pub(super) fn new<S: ObjectStore + MultipartStore>(faults: Faults, store: Arc<S>, prefix: Path) -> Self {
        let parts = Parts::Uploads(Arc::<S>::clone(&store) as Arc<dyn MultipartStore>);
        Self { faults, objects: store, parts, prefix, folder: None }
    }

    fn folder_at(faults: Faults, root: PathBuf, prefix: Path) -> Self {
        let folder = Folder::new(root);
        let objects = Arc::new(LocalFileSystem::new().with_fsync(true));
        Self { faults, objects, parts: Parts::Files(folder.clone()), prefix, folder: Some(folder) }
    }
}

/// Sets each option by its name. A name that nobody knows is a mistake, and none to be silent about.
fn with_options<B, K: std::str::FromStr>(
    builder: B,
    options: &BTreeMap<String, Secret>,
    set: impl Fn(B, K, &Secret) -> B,
) -> Result<B, String> {
    // Requests over TLS need a provider of cryptography for the process; the first stays.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    options.iter().try_fold(builder, |builder, (name, value)| {
        let key = name.to_ascii_lowercase().parse().map_err(|_| {
            format!(
                "options: `{name}` isn't known\nhint: names are those of the crate `object_store`, such as `aws_region`"
            )
        })?;
        Ok(set(builder, key, value))
    })
}

fn no_options(options: &BTreeMap<String, Secret>) -> Result<(), String> {
    match options.keys().next() {
        Some(name) => Err(format!("options: a folder has none, so not `{name}` either")),
        None => Ok(()),
    }
}

/// An outage of seconds is survived, one of a minute is told.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
        max_retries: 12,
        retry_timeout: Duration::from_secs(40),
    }
}

/// How long a request may take is counted by who asks: it depends on its bytes.
fn client() -> ClientOptions {
    ClientOptions::new().with_timeout_disabled().with_connect_timeout(Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(url: &str, options: &[(&str, &str)]) -> Result<Backend, String> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
        Backend::open("main", &Url::parse(url).unwrap(), &options)
    }

    #[test]
    fn each_kind_of_store_opens_by_its_address() {
        assert!(open("file:///srv/backup", &[]).is_ok());
        let keys = [("aws_access_key_id", "a"), ("aws_secret_access_key", "b"), ("aws_endpoint", "http://127.0.0.1:1")];
        let allowed = [("aws_region", "eu"), ("aws_allow_http", "true")];
        assert!(open("s3://bucket/some/where", &[keys.as_slice(), &allowed].concat()).is_ok());
        assert!(open("gs://bucket", &[("google_skip_signature", "true")]).is_ok());
        assert!(
            open("az://container", &[("azure_storage_account_name", "a"), ("azure_storage_account_key", "aGk=")])
                .is_ok()
        );
    }

    #[test]
    fn an_option_that_nobody_knows_is_refused_by_name_and_without_its_value() {
        let Err(why) = open("s3://bucket", &[("aws_acces_key_id", "hunter2")]) else { panic!("it is misspelt") };
        assert!(why.starts_with("options: `aws_acces_key_id` isn't known"), "{why}");
        assert!(!why.contains("hunter2"), "{why}");
        assert!(open("file:///srv/backup", &[("aws_region", "eu")]).is_err());
    }
}
