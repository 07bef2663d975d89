//! The command line: names, defaults, help and examples. Does nothing.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::account::args::AccountCommand;
use crate::backup::args::BackupCommand;
use crate::client::args::{
    JobCommand, LogsOptions, PaymentsArguments, RunCommand, RunsOptions, ServerOptions, TokenCommand,
};

/// Runs sandboxed probes and jobs on EVM chains, and exposes their metrics to Prometheus.
#[derive(Parser)]
#[command(name = "watchkeeper", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Examples:
  watchkeeper check --config watchkeeper.toml     say what is wrong before it matters
  watchkeeper run --config watchkeeper.toml       keep the watch until SIGTERM
  watchkeeper try chain-head                      run one job once, dry, against its real chains
  watchkeeper jobs                                how the jobs of a running Watchkeeper are
  watchkeeper job run chain-head                  run one of them now, and wait for its end
  watchkeeper plugin new my-probe                 begin a plugin
  watchkeeper plugin build my-probe               make it a component

Exit codes: 0 done, 1 failed, 64 wrong usage, 78 wrong configuration.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Keep the watch: run jobs when they are due, and serve metrics and status
    ///
    /// SIGHUP or `POST /-/reload` looks at all files again (changes are found without it as well); SIGTERM and SIGINT
    /// drain: nothing starts any more, what runs has its grace, then the process ends.
    Run(RunArguments),
    /// Check configuration, plugins, grants and schedules, offline
    Check(CheckOptions),
    /// Run one job once, dry, and show what it would expose
    Try(TryOptions),
    /// Write, build and look into plugins
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Show the jobs of a running Watchkeeper, what is wrong first
    Jobs(ServerOptions),
    /// Show, run, pause, resume, skip and cancel one job of a running Watchkeeper
    Job {
        #[command(subcommand)]
        command: JobCommand,
    },
    /// Show runs, the newest first
    Runs(RunsOptions),
    /// Show what runs said
    Logs(LogsOptions),
    /// Make the keys that payments are signed with, show accounts and steer them
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Show payments, the newest first; stop them all, and let them go on
    Payments(PaymentsArguments),
    /// Show, verify, restore and prune what jobs stored, without a running Watchkeeper
    ///
    /// Needs nothing but the store, and the key where it is encrypted: no configuration if --url names the store.
    Backup {
        #[command(subcommand)]
        command: BackupCommand,
    },
    /// Make tokens by which people and programs ask and act
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Print a shell's completions
    ///
    /// For bash: watchkeeper completions bash > /etc/bash_completion.d/watchkeeper
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Compile a component from standard input to standard output, within limits
    #[command(name = watchkeeper_sandbox::SUBCOMMAND, hide = true)]
    CompileComponent {
        /// Bytes of address space
        memory: u64,
        /// Seconds of processor time
        cpu: u64,
    },
    /// Wait for a byte on standard input, then become a program
    #[command(name = watchkeeper_command::SUBCOMMAND, hide = true)]
    Launch(LaunchArguments),
}

#[derive(Args)]
pub(crate) struct LaunchArguments {
    /// Its folder
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// The user it runs as
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Subcommand)]
pub(crate) enum PluginCommand {
    /// Make a plugin's project, which builds as it is
    New(NewOptions),
    /// Compile a plugin's project to a component
    ///
    /// Uses rustup's wasm32-unknown-unknown target if it is there, else Debian's rustc-web packages.
    Build(BuildOptions),
    /// Show a component's powers, configuration and metrics
    Inspect(InspectOptions),
    /// Print a page about a component: powers, configuration and metrics, as Markdown
    Docs(DocsOptions),
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RunArguments {
    #[command(subcommand)]
    pub(crate) command: Option<RunCommand>,
    #[command(flatten)]
    pub(crate) options: RunOptions,
}

#[derive(Args)]
pub(crate) struct RunOptions {
    /// The shared configuration; job files are in `jobs.d` beside it
    #[arg(long, short, default_value = "watchkeeper.toml")]
    pub(crate) config: PathBuf,
    /// How log lines look; by default text on a terminal and JSON otherwise
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// Which log lines: a level, or directives such as `info,plugin=debug`
    #[arg(long, default_value = "info")]
    pub(crate) log: String,
}

#[derive(Args)]
pub(crate) struct CheckOptions {
    /// The shared configuration; job files are in `jobs.d` beside it
    #[arg(long, short, default_value = "watchkeeper.toml")]
    pub(crate) config: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct TryOptions {
    /// A job's name, or a job file anywhere
    pub(crate) job: String,
    /// The configuration whose chains and plugins to use
    #[arg(long, short, default_value = "watchkeeper.toml")]
    pub(crate) config: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct NewOptions {
    /// The plugin's name, and its folder's
    pub(crate) name: String,
    /// The SDK's folder; by default the one that this program was built beside, else the published SDK
    #[arg(long)]
    pub(crate) sdk: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct BuildOptions {
    /// The plugin's folder
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Where to write the component; by default NAME.wasm in the plugin's folder
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct InspectOptions {
    /// A component
    pub(crate) file: PathBuf,
    /// A job's configuration as JSON, to see the metrics that it leads to
    #[arg(long, default_value = "{}")]
    pub(crate) config: String,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct DocsOptions {
    /// A component
    pub(crate) file: PathBuf,
    /// A job file whose configuration leads to the metrics that are shown; it becomes the page's example
    #[arg(long)]
    pub(crate) job: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    Text,
    /// One object a line
    Json,
}
