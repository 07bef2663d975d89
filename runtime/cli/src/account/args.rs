//! The arguments of the commands that make and show accounts' keys. Does nothing.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use watchkeeper_model::AccountName;

use crate::{args::Format, client::args::AccountQuestion};

#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Make a new key, encrypted in a keystore
    ///
    /// The password is asked for twice, or is that of a file.
    New(KeystoreOptions),
    /// Encrypt a key that is there in a keystore
    ///
    /// The key, 64 hexadecimal digits, is asked for without being shown, or read from standard input; it is never taken
    /// from the command line, which other users of the machine can see.
    Import(KeystoreOptions),
    /// Show whose key a keystore holds, or what an account of the configuration may do
    Show(ShowOptions),
    #[command(flatten)]
    Server(AccountQuestion),
}

#[derive(Args)]
pub(crate) struct KeystoreOptions {
    /// The file to make; none is ever overwritten
    #[arg(long)]
    pub(crate) keystore: PathBuf,
    /// A file with the password; one is made with a new password if there is none
    #[arg(long)]
    pub(crate) password_file: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct ShowOptions {
    /// An account of the configuration
    #[arg(conflicts_with_all = ["keystore", "password_file"])]
    pub(crate) name: Option<AccountName>,
    /// The configuration
    #[arg(long, short, default_value = "watchkeeper.toml", conflicts_with_all = ["keystore", "password_file"])]
    pub(crate) config: PathBuf,
    /// A keystore
    #[arg(long)]
    pub(crate) keystore: Option<PathBuf>,
    /// A file with its password, to prove whose key it is
    #[arg(long)]
    pub(crate) password_file: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
