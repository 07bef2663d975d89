//! `watchkeeper account new`, `import` and `show`: keys in files, offline. A key or a password is never taken from the
//! arguments, and never printed.

pub(crate) mod args;
mod ask;
mod configured;

use std::path::{Path, PathBuf};

use serde::Serialize;
use watchkeeper_config::{KeySource, PasswordSource, Settings};
use watchkeeper_keys::{
    Keystore, KeystoreError, PrivateKey, random_password, read_keystore, read_password, write_private,
};
use watchkeeper_model::AccountName;
use zeroize::Zeroizing;

use self::args::{AccountCommand, KeystoreOptions, ShowOptions};
use crate::{args::Format, client, failure::Failure};

/// A keystore that was made.
#[derive(Serialize)]
struct Made {
    address: String,
    keystore: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
    /// Whether the password's file was made too.
    new_password: bool,
    /// The lines of watchkeeper.toml.
    configuration: String,
}

/// A keystore that was looked into.
#[derive(Serialize)]
struct Shown {
    address: String,
    /// Whether the password proved it.
    proved: bool,
}

/// A password, and how it came.
struct Password {
    text: Zeroizing<Vec<u8>>,
    file: Option<PathBuf>,
    new: bool,
}

/// `watchkeeper account`.
///
/// # Errors
/// The command's.
pub(crate) fn run(command: AccountCommand) -> Result<(), Failure> {
    match command {
        AccountCommand::New(options) => new(&options),
        AccountCommand::Import(options) => import(&options),
        AccountCommand::Show(options) => show(&options),
        AccountCommand::Server(question) => client::account(question),
    }
}

/// `account new`.
///
/// # Errors
/// 64 if the keystore is there already or no password is given; 1 if it can't be written.
fn new(options: &KeystoreOptions) -> Result<(), Failure> {
    make(options, || PrivateKey::random().map_err(failure))
}

/// `account import`.
///
/// # Errors
/// As [`new`]; 64 also if what was given is no key.
fn import(options: &KeystoreOptions) -> Result<(), Failure> {
    make(options, ask::private_key)
}

/// `account show`.
///
/// # Errors
/// 1 if the keystore can't be read or opened; 78 if the configuration is wrong or has no such account.
fn show(options: &ShowOptions) -> Result<(), Failure> {
    match (&options.name, &options.keystore) {
        (Some(name), _) => configured::show(name, options),
        (None, Some(keystore)) => show_keystore(keystore, options),
        (None, None) => Err(Failure::Usage(
            "nothing to show\nhint: name an account of the configuration, or a --keystore".to_owned(),
        )),
    }
}

/// What is wrong with the accounts' remote signers, as far as that can be said without asking them.
pub(crate) async fn problems(settings: &Settings) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, account) in &settings.accounts {
        if matches!(account.key, KeySource::Web3Signer(_))
            && let Err(error) = watchkeeper_keys::open(name, &account.key).await
        {
            problems.push(format!("accounts.{name}: {error}"));
        }
    }
    problems
}

fn show_keystore(path: &Path, options: &ShowOptions) -> Result<(), Failure> {
    let keystore = read_keystore(path).map_err(failure)?;
    let shown = match &options.password_file {
        Some(file) => {
            let password = read_password(&PasswordSource::File(file.clone())).map_err(failure)?;
            Shown { address: keystore.decrypt(&password).map_err(failure)?.address().to_string(), proved: true }
        }
        None => {
            let address = keystore.address().ok_or_else(|| {
                Failure::failed(format!(
                    "{}: doesn't say whose key it holds\nhint: add --password-file",
                    path.display()
                ))
            })?;
            Shown { address: address.to_string(), proved: false }
        }
    };
    if options.format == Format::Json {
        return json(&shown);
    }
    let how = if shown.proved { "the password opens it" } else { "as the file says; --password-file proves it" };
    println!("{} ({how})", shown.address);
    Ok(())
}

fn make(options: &KeystoreOptions, key: impl FnOnce() -> Result<PrivateKey, Failure>) -> Result<(), Failure> {
    let keystore = absolute(&options.keystore)?;
    let password_file = options.password_file.as_deref().map(absolute).transpose()?;
    // Before anything is asked for or made.
    [Some(&keystore), password_file.as_ref()].into_iter().flatten().try_for_each(|path| has_folder(path))?;
    if keystore.symlink_metadata().is_ok() {
        return Err(failure(KeystoreError::Exists { path: keystore }));
    }
    let key = key()?;
    let password = password(password_file)?;
    let text = Keystore::encrypt(&key, &password.text).map_err(failure)?;
    write_private(&keystore, text.as_bytes()).map_err(failure)?;
    // Read as Watchkeeper will read it: a key that only seems to be kept is money lost.
    let kept = read_keystore(&keystore).and_then(|keystore| keystore.decrypt(&password.text)).map_err(failure)?;
    print(
        &Made {
            address: kept.address().to_string(),
            configuration: configuration(&keystore, password.file.as_deref()),
            keystore,
            password_file: password.file,
            new_password: password.new,
        },
        options.format,
    )
}

/// The password of a file, which is made if there is none; or one that is asked for.
fn password(file: Option<PathBuf>) -> Result<Password, Failure> {
    let Some(file) = file else {
        return Ok(Password { text: ask::new_password()?, file: None, new: false });
    };
    let new = file.symlink_metadata().is_err();
    if new {
        write_private(&file, &random_password().map_err(failure)?).map_err(failure)?;
    }
    let text = read_password(&PasswordSource::File(file.clone())).map_err(failure)?;
    Ok(Password { text, file: Some(file), new })
}

fn print(made: &Made, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return json(made);
    }
    println!("address {}\nkeystore {}", made.address, made.keystore.display());
    if let Some(file) = &made.password_file {
        println!("password {}{}", file.display(), if made.new_password { " (new)" } else { "" });
    }
    let advice = "Keep copies of these files where others can't read them: without them the account's money is lost.";
    println!(
        "\n{advice}\nThe lines for watchkeeper.toml, with a chain and caps of your own:\n\n{}",
        made.configuration
    );
    Ok(())
}

/// The lines by which the configuration knows the account.
fn configuration(keystore: &Path, password_file: Option<&Path>) -> String {
    let stem = keystore.file_stem().and_then(|stem| AccountName::new(stem.to_str()?).ok());
    let name = stem.map_or("funder".to_owned(), |name| name.to_string());
    let quoted = |path: &Path| toml_text(&path.display().to_string());
    let password = match password_file {
        Some(file) => format!("password_file = {}", quoted(file)),
        None => format!("password = \"${{{}_PASSWORD}}\"", name.to_uppercase().replace('-', "_")),
    };
    format!(
        "[accounts.{name}]\n\
         chain = \"NAME\"\n\
         keystore = {}\n\
         {password}\n\
         max_payment = \"2 USDC\"\n\
         max_24h = \"5 USDC\"\n\
         max_fee = \"0.05 USDC\"",
        quoted(keystore)
    )
}

/// A text in TOML's quotes.
fn toml_text(text: &str) -> String {
    // JSON's strings are TOML's, but for characters that no path should have and TOML then refuses.
    serde_json::Value::from(text).to_string()
}

fn json(document: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(document).map_err(Failure::failed)?);
    Ok(())
}

fn has_folder(path: &Path) -> Result<(), Failure> {
    match path.parent() {
        Some(folder) if !folder.is_dir() => {
            let folder = folder.display();
            Err(Failure::Usage(format!("{folder}: is not there\nhint: mkdir -m 700 {folder}")))
        }
        _ => Ok(()),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn failure(error: KeystoreError) -> Failure {
    match error {
        KeystoreError::Exists { .. } => Failure::Usage(error.to_string()),
        other => Failure::failed(other),
    }
}
