//! The commands that ask a running Watchkeeper: arguments become requests, and what went wrong an exit code. What is asked
//! and shown is the client's room.

pub(crate) mod args;

use std::{env, io};

use watchkeeper_client::{Api, ClientError, Reach, Request, Screen, new_token, perform};

use self::args::{
    AccountQuestion, AdoptOptions, ApproveOptions, JobCommand, LogsOptions, NewTokenOptions, OneRun, PaymentsArguments,
    PaymentsCommand, PaymentsOptions, RunJobOptions, RunsOptions, ServerOptions, SkipNextOptions,
};
use crate::{args::Format, failure::Failure};

/// `jobs`.
///
/// # Errors
/// As all commands here: 64 for options that can't mean anything, 78 if the configuration is wrong, else 1.
pub(crate) fn jobs(server: ServerOptions) -> Result<(), Failure> {
    ask(server, Request::Jobs)
}

/// `job …`.
pub(crate) fn job(command: JobCommand) -> Result<(), Failure> {
    match command {
        JobCommand::Show(job) => ask(job.server, Request::Job(job.name)),
        JobCommand::Run(RunJobOptions { job, no_wait }) => {
            ask(job.job.server, Request::RunJob { job: job.job.name, note: job.note, wait: !no_wait })
        }
        JobCommand::Pause(job) => ask(job.job.server, Request::Pause { job: job.job.name, note: job.note }),
        JobCommand::Resume(job) => ask(job.job.server, Request::Resume { job: job.job.name, note: job.note }),
        JobCommand::Cancel(job) => ask(job.job.server, Request::Cancel { job: job.job.name, note: job.note }),
        JobCommand::SkipNext(SkipNextOptions { job, count }) => {
            ask(job.job.server, Request::SkipNext { job: job.job.name, count, note: job.note })
        }
    }
}

/// `runs`.
pub(crate) fn runs(options: RunsOptions) -> Result<(), Failure> {
    let RunsOptions { job, outcome, since, limit, server } = options;
    ask(server, Request::Runs { job, outcome, since, limit })
}

/// `run show`.
pub(crate) fn run(options: OneRun) -> Result<(), Failure> {
    ask(options.server, Request::Run(options.id))
}

/// `logs`.
pub(crate) fn logs(options: LogsOptions) -> Result<(), Failure> {
    let LogsOptions { follow, job, level, limit, server } = options;
    ask(server, Request::Logs { job, level: level.map(Into::into), limit, follow })
}

/// `account list`, `account approve` and `account adopt`.
pub(crate) fn account(question: AccountQuestion) -> Result<(), Failure> {
    match question {
        AccountQuestion::List(server) => ask(server, Request::Accounts),
        AccountQuestion::Approve(ApproveOptions { account, job, digest, noted }) => {
            ask(noted.server, Request::ApprovePayments { account, job, digest, note: noted.note })
        }
        AccountQuestion::Adopt(AdoptOptions { account, noted }) => {
            ask(noted.server, Request::AdoptAccount { account, note: noted.note })
        }
    }
}

/// `payments …`.
pub(crate) fn payments(arguments: PaymentsArguments) -> Result<(), Failure> {
    match arguments.command {
        None => {
            let PaymentsOptions { account, job, state, limit, server } = arguments.options;
            ask(server, Request::Payments { account, job, state, limit })
        }
        Some(PaymentsCommand::Show(payment)) => ask(payment.server, Request::Payment(payment.id)),
        Some(PaymentsCommand::Stop(noted)) => ask(noted.server, Request::StopPayments { note: noted.note }),
        Some(PaymentsCommand::Resume(noted)) => ask(noted.server, Request::ResumePayments { note: noted.note }),
    }
}

/// `token new`.
pub(crate) fn token(options: &NewTokenOptions) -> Result<(), Failure> {
    on_screen(options.format, |screen| new_token(&options.name, screen))
}

fn ask(server: ServerOptions, request: Request) -> Result<(), Failure> {
    let ServerOptions { url, config, token_file, ca_file, format } = server;
    let api = Api::new(&Reach { url, config, token_file, ca_file }, &environment).map_err(failure)?;
    on_screen(format, |screen| perform(request, &api, screen))
}

fn on_screen(format: Format, show: impl FnOnce(&mut Screen<'_>) -> Result<(), ClientError>) -> Result<(), Failure> {
    let (mut out, mut notes) = (io::stdout().lock(), io::stderr().lock());
    let format = match format {
        Format::Text => watchkeeper_client::Format::Text,
        Format::Json => watchkeeper_client::Format::Json,
    };
    show(&mut Screen::new(&mut out, &mut notes, format).on_terminal(&environment)).map_err(failure)
}

fn environment(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Usage { .. } => Failure::Usage(error.to_string()),
        ClientError::Config(_) | ClientError::Untrusted(_) => Failure::Config(error.to_string()),
        other => Failure::failed(other),
    }
}
