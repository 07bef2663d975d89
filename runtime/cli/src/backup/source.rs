//! Where the settings of a store come from: the configuration, or an address and the environment. What else is wrong with a
//! configuration must not stop a restore.

use std::{collections::BTreeMap, env, path::Path, str::FromStr};

use object_store::{aws::AmazonS3ConfigKey, azure::AzureConfigKey, gcp::GoogleConfigKey};
use url::Url;
use watchkeeper_config::{ArtifactStoreSettings, Secret, Settings, read_trusted, text_of};

use super::print;
use crate::failure::Failure;

/// The most bytes of a configuration.
pub(super) const LIMIT: u64 = 1 << 20;

/// Reads a configuration. If it is wrong, then what concerns its artifact stores alone, and only the one that is asked for.
///
/// # Errors
/// 78: it isn't there, isn't trusted, or that part of it is wrong as well.
pub(super) fn configuration(file: &Path, store: Option<&str>) -> Result<Settings, Failure> {
    if !file.exists() {
        let hint = "name the configuration by `--config`, or a store without any by `--url`";
        return Err(Failure::Config(format!("{}: there is no such file\nhint: {hint}", file.display())));
    }
    let config = |error: &dyn std::fmt::Display| Failure::Config(error.to_string());
    let file = std::path::absolute(file).map_err(|error| config(&error))?;
    let (bytes, _) = read_trusted(&file, LIMIT).map_err(|error| config(&error))?;
    let text = text_of(&file, bytes).map_err(|error| config(&error))?;
    Settings::parse(&file, &text, &environment).or_else(|wrong| {
        let needed = needed(&text, store).and_then(|text| Settings::parse(&file, &text, &environment).ok());
        let settings = needed.filter(|settings| !settings.artifacts.is_empty());
        let settings =
            settings.ok_or_else(|| Failure::Config(format!("{wrong}\nhint: `--url` reads no configuration")))?;
        eprintln!("warning: only the artifact stores of this configuration are used, the rest can't be: {wrong}");
        Ok(settings)
    })
}

/// The store that is meant; without a name the only one.
///
/// # Errors
/// 78 if there is none, 64 if it isn't said which.
pub(super) fn choose<'a>(
    settings: &'a Settings,
    file: &Path,
    name: Option<&str>,
) -> Result<(&'a str, &'a ArtifactStoreSettings), Failure> {
    let names: Vec<&str> = settings.artifacts.keys().map(String::as_str).collect();
    let chosen = name.or(match names.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    let found = chosen.map(|chosen| settings.artifacts.get_key_value(chosen));
    let (file, names) = (file.display(), names.join(", "));
    match found {
        Some(Some((name, store))) => Ok((name.as_str(), store)),
        _ if names.is_empty() => Err(Failure::Config(format!(
            "{file}: names no artifact store\nhint: add `[artifacts.NAME]`, or name the store by `--url`"
        ))),
        Some(None) => {
            let chosen = print::plain(chosen.unwrap_or_default(), 64);
            Err(Failure::Config(format!("{file}: no artifact store `{chosen}`\nhint: there are {names}")))
        }
        None => Err(Failure::Usage(format!("{file}: which store?\nhint: add --store with one of {names}"))),
    }
}

/// The settings of the store at an address.
///
/// # Errors
/// 64: it is none.
pub(super) fn address(url: &str, options: &[String]) -> Result<ArtifactStoreSettings, Failure> {
    let wrong = |problem: &str| {
        let hint = "write file:///FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX";
        Failure::Usage(format!("--url is no artifact store: {problem}\nhint: {hint}"))
    };
    let url = Url::parse(url).map_err(|_| wrong("not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a user, `?` or `#` stands in it; keys stand in the environment"));
    }
    let mut settings = match (url.scheme(), url.host_str()) {
        ("file", None) => BTreeMap::new(),
        ("file", Some(_)) => return Err(wrong("it names no folder from `/` on")),
        ("s3", Some(_)) => known::<AmazonS3ConfigKey>("AWS_", env::vars_os()),
        ("gs", Some(_)) => known::<GoogleConfigKey>("GOOGLE_", env::vars_os()),
        ("az", Some(_)) => known::<AzureConfigKey>("AZURE_", env::vars_os()),
        ("s3" | "gs" | "az", None) => return Err(wrong("it names no bucket")),
        _ => return Err(wrong("its scheme is none of file, s3, gs and az")),
    };
    for text in options {
        let (name, value) = option(text)?;
        let known = match url.scheme() {
            "s3" => canonical::<AmazonS3ConfigKey>(&name),
            "gs" => canonical::<GoogleConfigKey>(&name),
            "az" => canonical::<AzureConfigKey>(&name),
            _ => None,
        };
        // A name that isn't known is refused by whoever opens the store.
        settings.insert(known.unwrap_or(name), value);
    }
    Ok(ArtifactStoreSettings { url, options: settings, recipients: Vec::new(), identity_file: None })
}

/// Reads `NAME=VALUE`. A secret is refused: all users of a machine see the arguments of a program.
fn option(text: &str) -> Result<(String, Secret), Failure> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(Failure::Usage("--option: write NAME=VALUE, such as aws_region=eu-central-1".to_owned()));
    };
    let name = print::plain(&name.to_ascii_lowercase(), 64);
    if ["key", "key_base64", "secret", "token", "password"].iter().any(|end| name.ends_with(end)) {
        let hint = format!("set {} in the environment instead", name.to_ascii_uppercase());
        return Err(Failure::Usage(format!("--option: other users of this machine would see `{name}`\nhint: {hint}")));
    }
    Ok((name, Secret::new(value)))
}

/// What an environment says of a kind of store, by the names that it knows; what else begins like them is other programs'.
fn known<K: FromStr + AsRef<str>>(
    prefix: &str,
    environment: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> BTreeMap<String, Secret> {
    let known = environment.filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        let name = canonical::<K>(&name.strip_prefix(prefix).map(|_| name.to_ascii_lowercase())?)?;
        (!value.is_empty()).then(|| (name, Secret::new(value)))
    });
    known.collect()
}

/// The one name of an option that has several.
fn canonical<K: FromStr + AsRef<str>>(name: &str) -> Option<String> {
    name.parse::<K>().ok().map(|key| key.as_ref().to_owned())
}

/// What a restore needs of a configuration: the artifact stores, or one of them, and where the jobs are.
fn needed(text: &str, store: Option<&str>) -> Option<String> {
    let mut whole: toml::Table = toml::from_str(text).ok()?;
    let mut needed = toml::Table::new();
    if let Some(jobs) = whole.remove("jobs") {
        needed.insert("jobs".to_owned(), jobs);
    }
    let toml::Value::Table(mut stores) = whole.remove("artifacts")? else { return None };
    if let Some(store) = store {
        stores = toml::Table::from_iter([(store.to_owned(), stores.remove(store)?)]);
    }
    needed.insert("artifacts".to_owned(), stores.into());
    toml::to_string(&needed).ok()
}

fn environment(name: &str) -> Option<String> {
    env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::{AmazonS3ConfigKey, address, known, needed, option};

    #[test]
    fn the_environment_gives_what_the_store_knows_and_nothing_else() {
        let environment = [
            ("AWS_ACCESS_KEY_ID", "me"),
            ("AWS_ENDPOINT", "http://127.0.0.1:9"),
            ("AWS_PROFILE", "work"),
            ("AWS_REGION", ""),
            ("HOME", "/root"),
        ];
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let known = known::<AmazonS3ConfigKey>("AWS_", environment.into_iter());
        let known: Vec<(&str, &str)> = known.iter().map(|(name, value)| (&**name, value.expose())).collect();
        assert_eq!(known, [("aws_access_key_id", "me"), ("aws_endpoint", "http://127.0.0.1:9")]);
    }

    #[test]
    fn an_option_is_known_by_any_of_its_names() {
        let settings = address("s3://bucket/prefix", &["endpoint=http://127.0.0.1:9".to_owned()]).ok().unwrap();
        assert_eq!(settings.options.get("aws_endpoint").map(|value| value.expose()), Some("http://127.0.0.1:9"));
    }

    #[test]
    fn an_option_is_no_secret() {
        let (name, value) = option("AWS_Region=eu=1").ok().unwrap();
        assert_eq!((&*name, value.expose()), ("aws_region", "eu=1"));
        assert!(option("aws_access_key_id=me").is_ok());
        for name in ["aws_secret_access_key", "AWS_SESSION_TOKEN", "azure_storage_account_key", "azure_client_secret"] {
            let Err(failure) = option(&format!("{name}=hunter2")) else { panic!("{name} is a secret") };
            let said = format!("{failure:?}");
            assert!(said.contains(&name.to_ascii_uppercase()) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn an_address_that_is_no_store_is_refused_without_being_repeated() {
        for wrong in
            ["/srv", "https://me:hunter2@host/", "s3://me:hunter2@bucket", "s3:", "file://host/x", "s3://b?k=hunter2"]
        {
            let Err(failure) = address(wrong, &[]) else { panic!("{wrong} is no store") };
            let said = format!("{failure:?}");
            assert!(said.contains("hint: write file:///FOLDER") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_restore_needs_one_store_of_a_configuration() {
        let text =
            "[chains.a]\nx = 1\n[jobs]\npath = \"j\"\n[artifacts.main]\nurl = \"u\"\n[artifacts.other]\nurl = \"v\"\n";
        let one = needed(text, Some("main")).unwrap();
        assert!(one.contains("[artifacts.main]") && one.contains("[jobs]"), "{one}");
        assert!(!one.contains("chains") && !one.contains("other"), "{one}");
        assert!(needed(text, None).unwrap().contains("[artifacts.other]"));
        assert_eq!((needed(text, Some("third")), needed("[jobs]", None)), (None, None));
    }
}
