//! Commands, trees and artifacts through the contract's imports.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use super::component_stream::lower;
use crate::{
    artifacts::{Artifact, Error, Mark, Options, Reading, Retention, Stored},
    bindings::backup::{
        watchkeeper::{artifacts::artifacts as wit, command::command as wit_command, files::files as wit_files},
        wit_future,
    },
    command::{self, Ended, Exit},
    files::{self, Archive, Packed},
    stream::{ByteStream, Content, Later},
};

pub(crate) async fn command_run(
    name: String,
    holes: Vec<(String, String)>,
    stdin: Option<ByteStream>,
) -> Result<(ByteStream, Later<Ended>), command::Error> {
    let stdin = stdin.map(|stream| stream.reader);
    let process = wit_command::run(name, holes, stdin).await.map_err(|error| match error {
        wit_command::Error::Denied(message) => command::Error::Denied(message),
        wit_command::Error::Spawn(message) => command::Error::Spawn(message),
        wit_command::Error::DryRun(message) => command::Error::DryRun(message),
        wit_command::Error::Other((kind, message)) => command::Error::Other(kind, message),
    })?;
    let ended = async {
        let (exit, stderr) = process.ended.await;
        let exit = match exit {
            wit_command::Exit::Code(code) => Exit::Code(code),
            wit_command::Exit::Signal(signal) => Exit::Signal(signal),
            wit_command::Exit::TimedOut => Exit::TimedOut,
            wit_command::Exit::TooMuchOutput => Exit::TooMuchOutput,
            wit_command::Exit::Other(kind) => Exit::Other(kind),
        };
        Ended { exit, stderr }
    };
    Ok((ByteStream { reader: process.stdout }, Box::pin(ended)))
}

pub(crate) async fn files_pack(tree: String, folder: String) -> Result<Archive, files::Error> {
    let archive = wit_files::pack(tree, folder).await.map_err(files_error)?;
    let ended = async {
        let wit_files::Packed { files, bytes, skipped, changed } = archive.ended.await.map_err(files_error)?;
        Ok(Packed { files, bytes, skipped, changed })
    };
    Ok(Archive { tar: ByteStream { reader: archive.tar }, ended: Box::pin(ended) })
}

pub(crate) async fn files_entries(tree: String, folder: String) -> Result<Vec<String>, files::Error> {
    wit_files::entries(tree, folder).await.map_err(files_error)
}

/// What the host answers, and whether the content's producer ended well. The call, what writes the content and what tells of its end go
/// on together.
pub(crate) async fn artifacts_put(
    name: String,
    content: Content,
    complete: impl Future<Output = crate::Result<()>>,
    options: Options,
) -> (Result<Artifact, Error>, crate::Result<()>) {
    let Options { check, minimum_size, metadata } = options;
    let options = wit::Options { check: check.word().to_owned(), minimum_size, metadata };
    let (bytes, writing) = lower(content);
    let (verdict, completed) = wit_future::new(|| Err("the plugin went away".to_owned()));
    let producing = async {
        let written = match writing {
            Some(writing) => writing.await,
            None => Ok(()),
        };
        let produced = match written {
            Ok(()) => complete.await,
            Err(error) => Err(error),
        };
        let said = produced.as_ref().map_err(ToString::to_string).copied();
        // Who isn't heard any more has been answered already.
        let _unheard = verdict.write(said).await;
        produced
    };
    let (mut put, mut producing) = (pin!(wit::put(name, bytes, completed, options)), pin!(producing));
    let mut produced = None;
    let answer = poll_fn(|context| {
        if let Poll::Ready(answer) = put.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        if produced.is_none()
            && let Poll::Ready(result) = producing.as_mut().poll(context)
        {
            produced = Some(result);
        }
        Poll::Pending
    })
    .await;
    let produced = match (&answer, produced) {
        (_, Some(produced)) => produced,
        // The producer knows more about why, and nobody reads it any more: it ends soon.
        (Err(wit::Error::Aborted(_)), None) => producing.await,
        (_, None) => Ok(()),
    };
    (answer.map_err(artifacts_error).and_then(lift_artifact), produced)
}

pub(crate) async fn artifacts_get(path: String) -> Result<Stored, Error> {
    let content = wit::get(path).await.map_err(artifacts_error)?;
    let ended = async { content.ended.await.map_err(artifacts_error) };
    Ok(Stored { bytes: ByteStream { reader: content.bytes }, ended: Box::pin(ended) })
}

pub(crate) async fn artifacts_entries(prefix: String, newest: u32) -> Result<Vec<Artifact>, Error> {
    let entries = wit::entries(prefix, newest).await.map_err(artifacts_error)?;
    entries.into_iter().map(lift_artifact).collect()
}

pub(crate) async fn artifacts_verify(path: String, part: u32, parts: u32) -> Result<Reading, Error> {
    let wit::Reading { bytes, verified } = wit::verify(path, part, parts).await.map_err(artifacts_error)?;
    Ok(Reading { bytes, verified })
}

pub(crate) async fn artifacts_mark_restored(path: String) -> Result<(), Error> {
    wit::mark_restored(path).await.map_err(artifacts_error)
}

pub(crate) async fn artifacts_retain(name: String) -> Result<Retention, Error> {
    let wit::Retention { kept, oldest, deleted } = wit::retain(name).await.map_err(artifacts_error)?;
    Ok(Retention { kept, oldest: oldest.map(Duration::from_nanos), deleted })
}

fn lift_artifact(artifact: wit::Artifact) -> Result<Artifact, Error> {
    let sha256 = artifact.sha256.try_into().map_err(|bytes: Vec<u8>| {
        Error::Other("malformed".to_owned(), format!("the checksum of {} has {} bytes", artifact.path, bytes.len()))
    })?;
    let lift = |mark: wit::Mark| Mark { what: mark.what, at: Duration::from_nanos(mark.at) };
    Ok(Artifact {
        path: artifact.path,
        created: Duration::from_nanos(artifact.created),
        size: artifact.size,
        stored_size: artifact.stored_size,
        sha256,
        marks: artifact.marks.into_iter().map(lift).collect(),
        metadata: artifact.metadata,
    })
}

fn files_error(error: wit_files::Error) -> files::Error {
    match error {
        wit_files::Error::Denied(message) => files::Error::Denied(message),
        wit_files::Error::NotFound(message) => files::Error::NotFound(message),
        wit_files::Error::Io(message) => files::Error::Io(message),
        wit_files::Error::TooLarge(message) => files::Error::TooLarge(message),
        wit_files::Error::Other((kind, message)) => files::Error::Other(kind, message),
    }
}

fn artifacts_error(error: wit::Error) -> Error {
    match error {
        wit::Error::Denied(message) => Error::Denied(message),
        wit::Error::NotFound(message) => Error::NotFound(message),
        wit::Error::Unavailable(message) => Error::Unavailable(message),
        wit::Error::Corrupt(message) => Error::Corrupt(message),
        wit::Error::Aborted(message) => Error::Aborted(message),
        wit::Error::DryRun(message) => Error::DryRun(message),
        wit::Error::Other((kind, message)) => Error::Other(kind, message),
    }
}
