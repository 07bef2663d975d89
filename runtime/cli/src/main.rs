//! `watchkeeper`: one process in the place of a folder of exporters, cron scripts and hot keys. Parses the arguments and
//! hands over; every command has a module of its own.

mod account;
mod args;
mod assemble;
mod backup;
mod check;
mod client;
mod failure;
mod logs;
mod plugin;
mod run;
mod try_job;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command, LaunchArguments, PluginCommand};
use client::args::{RunCommand, TokenCommand};
use failure::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return failure::usage(&error),
    };
    match execute(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn execute(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Run(arguments) => match arguments.command {
            None => run::run(&arguments.options),
            Some(RunCommand::Show(options)) => client::run(options),
        },
        Command::Check(options) => check::check(&options),
        Command::Try(options) => try_job::try_job(&options),
        Command::Plugin { command: PluginCommand::New(options) } => plugin::new(&options),
        Command::Plugin { command: PluginCommand::Build(options) } => plugin::build(&options),
        Command::Plugin { command: PluginCommand::Inspect(options) } => plugin::inspect(&options),
        Command::Plugin { command: PluginCommand::Docs(options) } => plugin::docs(&options),
        Command::Jobs(server) => client::jobs(server),
        Command::Job { command } => client::job(command),
        Command::Runs(options) => client::runs(options),
        Command::Logs(options) => client::logs(options),
        Command::Account { command } => account::run(command),
        Command::Payments(arguments) => client::payments(arguments),
        Command::Backup { command } => backup::run(command),
        Command::Token { command: TokenCommand::New(options) } => client::token(&options),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "watchkeeper", &mut std::io::stdout());
            Ok(())
        }
        Command::CompileComponent { memory, cpu } => Failure::silent(watchkeeper_sandbox::compile_child(memory, cpu)),
        Command::Launch(LaunchArguments { folder, user, command }) => {
            Failure::silent(watchkeeper_command::launch(&folder, user.as_deref(), &command))
        }
    }
}
