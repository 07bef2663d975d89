//! Who is asked, and with what: by options, environment and configuration.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Door, Key, Reach};
use crate::ClientError;

/// A deployment that listens on every address of port 9000, with a local token.
fn deployment() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("watchkeeper.toml");
    let text = "[server]\nlisten = \"0.0.0.0:9000\"\nreading = \"open\"\n[store]\npath = \"data/runs.db\"\n";
    fs::write(&config, text).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/watchkeeper.token"), "local\n").unwrap();
    (folder, config)
}

fn file(folder: &Path, text: &[u8]) -> PathBuf {
    let path = folder.join("token");
    fs::write(&path, text).unwrap();
    path
}

fn resolve(reach: &Reach, variables: &[(&str, &str)]) -> Result<Door, ClientError> {
    reach.resolve(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

/// The address and the token, or a dash.
fn door(reach: &Reach, variables: &[(&str, &str)]) -> (String, String) {
    let door = resolve(reach, variables).unwrap();
    let token = match door.key {
        Key::Token { token, .. } => token.expose().to_owned(),
        Key::None { .. } => "-".to_owned(),
    };
    (door.url.to_string(), token)
}

fn error(reach: &Reach) -> String {
    match resolve(reach, &[]) {
        Ok(door) => panic!("{}", door.url),
        Err(error) => error.to_string(),
    }
}

fn pair(url: &str, token: &str) -> (String, String) {
    (url.to_owned(), token.to_owned())
}

#[test]
fn options_count_before_the_environment_and_the_default_comes_last() {
    let (folder, config) = deployment();
    let url = Some("https://watch.example.com/".to_owned());
    let variables = [("WATCHKEEPER_URL", "http://10.0.0.1:9464"), ("WATCHKEEPER_TOKEN", "of-the-environment")];
    assert_eq!(door(&Reach::default(), &[]), pair("http://127.0.0.1:9464/", "-"));
    assert_eq!(door(&Reach::default(), &variables), pair("http://10.0.0.1:9464/", "of-the-environment"));
    let reach = Reach { config: Some(config), ..Reach::default() };
    assert_eq!(door(&reach, &[]), pair("http://127.0.0.1:9000/", "local"));
    assert_eq!(door(&reach, &variables), pair("http://127.0.0.1:9000/", "of-the-environment"));
    let token_file = Some(file(folder.path(), b"of-a-file\n"));
    let reach = Reach { url, token_file, ..reach };
    assert_eq!(door(&reach, &variables), pair("https://watch.example.com/", "of-a-file"));
    let empty = [("WATCHKEEPER_URL", ""), ("WATCHKEEPER_TOKEN", "")];
    assert_eq!(door(&Reach::default(), &empty), pair("http://127.0.0.1:9464/", "-"));
}

#[test]
fn the_local_token_goes_elsewhere_only_if_its_configuration_is_named() {
    let (_folder, config) = deployment();
    let url = Some("https://watch.example.com".to_owned());
    let elsewhere = Reach { url, ..Reach::default() };
    assert_eq!(door(&elsewhere, &[]).1, "-");
    assert_eq!(door(&Reach { config: Some(config), ..elsewhere }, &[]).1, "local");
}

#[test]
fn without_a_local_token_the_hint_says_why() {
    let (folder, config) = deployment();
    fs::remove_file(folder.path().join("data/watchkeeper.token")).unwrap();
    let Key::None { hint } = resolve(&Reach { config: Some(config), ..Reach::default() }, &[]).unwrap().key else {
        panic!("a token")
    };
    assert!(hint.contains("data/watchkeeper.token: can't be read"), "{hint}");
}

#[test]
fn what_can_be_no_token_is_refused_and_never_quoted() {
    let folder = tempfile::tempdir().unwrap();
    for text in [&b""[..], b" \n", b"s3cr3t s3cr3t", b"s3cr3t\ns3cr3t", "s3cr3t\u{fc}".as_bytes(), &[b's'; 1025]] {
        let reach = Reach { token_file: Some(file(folder.path(), text)), ..Reach::default() };
        let error = error(&reach);
        assert!(error.contains("holds no token\nhint: ") && !error.contains("s3cr3t"), "{error}");
    }
    let missing = Reach { token_file: Some(folder.path().join("none")), ..Reach::default() };
    assert!(error(&missing).contains("none: can't be read"));
}

#[test]
fn what_is_no_servers_address_is_refused_and_never_quoted() {
    for url in [
        "",
        "watch.example.com:9464",
        "ftp://watch.example.com",
        "http://s3cr3t@watch.example.com",
        "http://me:s3cr3t@watch.example.com",
        "http://watch.example.com/?token=s3cr3t",
        "http://watch.example.com/#s3cr3t",
    ] {
        let error = error(&Reach { url: Some(url.to_owned()), ..Reach::default() });
        assert!(error.starts_with("--url: ") && !error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn a_configuration_that_others_may_write_is_not_gone_by() {
    let (_folder, config) = deployment();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(error(&Reach { config: Some(config), ..Reach::default() }).contains("not trusted"));
}
