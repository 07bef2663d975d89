//! Commands, trees and artifacts of a native build: what the test host's programs, trees and store answer. Streams are in memory.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::ready,
    rc::Rc,
    time::{Duration, SystemTime},
};

use super::native::{NO_HOST, Recorder, host, job, wait_a_turn};
use crate::{
    artifacts::{Artifact, Error, Mark, Options, Reading, Retention, Stored},
    command::{self, Ended, Exit},
    files::{self, Archive},
    stream::{ByteStream, Content, Kind, Later, Sink, Unread},
};

/// A stream's bytes, and whether its source ended well.
#[derive(Debug)]
pub(crate) struct Reader {
    rest: VecDeque<u8>,
    verdict: Result<(), String>,
}

pub(crate) type Writer = Rc<RefCell<Vec<u8>>>;

impl ByteStream {
    fn of(bytes: Vec<u8>, verdict: Result<(), String>) -> Self {
        Self { reader: Reader { rest: bytes.into(), verdict } }
    }
}

pub(crate) async fn read(reader: &mut Reader, most: usize) -> Vec<u8> {
    let length = most.min(reader.rest.len());
    reader.rest.drain(..length).collect()
}

pub(crate) async fn write(writer: &mut Writer, bytes: Vec<u8>) -> Result<(), Unread> {
    writer.borrow_mut().extend(bytes);
    Ok(())
}

pub(crate) fn now() -> Duration {
    let system = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    host().map_or_else(system, |host| host.clock.now())
}

pub(crate) async fn command_run(
    name: String,
    holes: Vec<(String, String)>,
    stdin: Option<ByteStream>,
) -> Result<(ByteStream, Later<Ended>), command::Error> {
    let host = host().ok_or_else(|| command::Error::Spawn(NO_HOST.to_owned()))?;
    wait_a_turn(&host).await;
    let nobody = || command::Error::Denied(format!("no command `{name}`; play one with `Host::command`"));
    let program = host.programs.get(&name).ok_or_else(nobody)?;
    let read = stdin.map_or_else(Vec::new, |stream| stream.reader.rest.into());
    let ran = program(&holes, read)?;
    let verdict = match &ran.exit {
        Exit::Code(0) => Ok(()),
        exit => Err(format!("command `{name}` {exit}")),
    };
    let ended = Ended { exit: ran.exit, stderr: ran.stderr };
    Ok((ByteStream::of(ran.stdout, verdict), Box::pin(ready(ended))))
}

pub(crate) async fn files_pack(tree: String, folder: String) -> Result<Archive, files::Error> {
    let host = host().ok_or_else(|| files::Error::Io(NO_HOST.to_owned()))?;
    wait_a_turn(&host).await;
    let packing = host.trees.get(&tree).ok_or_else(|| unknown(&tree))?.pack(&folder)?;
    let verdict = packing.ended.as_ref().map_err(ToString::to_string).map(|_| ());
    Ok(Archive { tar: ByteStream::of(packing.tar, verdict), ended: Box::pin(ready(packing.ended)) })
}

pub(crate) async fn files_entries(tree: String, folder: String) -> Result<Vec<String>, files::Error> {
    let host = host().ok_or_else(|| files::Error::Io(NO_HOST.to_owned()))?;
    wait_a_turn(&host).await;
    host.trees.get(&tree).ok_or_else(|| unknown(&tree))?.entries(&folder)
}

fn unknown(tree: &str) -> files::Error {
    files::Error::Denied(format!("no tree `{tree}`; play one with `Host::tree`"))
}

pub(crate) async fn artifacts_put(
    name: String,
    content: Content,
    complete: impl Future<Output = crate::Result<()>>,
    options: Options,
) -> (Result<Artifact, Error>, crate::Result<()>) {
    let host = match asked().await {
        Ok(host) => host,
        Err(error) => return (Err(error), Ok(())),
    };
    let (bytes, verdict, written) = match content.0 {
        Kind::Host(stream) => (stream.reader.rest.into(), stream.reader.verdict, Ok(())),
        Kind::Written(write) => {
            let written = Writer::default();
            let result = write(Sink { writer: Rc::clone(&written) }).await;
            (written.take(), Ok(()), result)
        }
    };
    let produced = match written {
        Ok(()) => complete.await,
        Err(error) => Err(error),
    };
    let ended_well = produced.as_ref().map_err(ToString::to_string).copied().and(verdict);
    (host.store.put((&job(), &name), bytes, ended_well, options, host.clock.now()), produced)
}

pub(crate) async fn artifacts_get(path: String) -> Result<Stored, Error> {
    let (bytes, ended) = asked().await?.store.get(&path)?;
    let verdict = ended.as_ref().map_err(ToString::to_string).copied();
    Ok(Stored { bytes: ByteStream::of(bytes, verdict), ended: Box::pin(ready(ended)) })
}

pub(crate) async fn artifacts_entries(prefix: String, newest: u32) -> Result<Vec<Artifact>, Error> {
    asked().await?.store.entries(&prefix, newest)
}

pub(crate) async fn artifacts_verify(path: String, part: u32, parts: u32) -> Result<Reading, Error> {
    let host = asked().await?;
    host.store.verify(&path, part, parts, host.clock.now())
}

pub(crate) async fn artifacts_mark_restored(path: String) -> Result<(), Error> {
    let host = asked().await?;
    host.store.mark(&path, Mark::RESTORED, host.clock.now())
}

pub(crate) async fn artifacts_retain(name: String) -> Result<Retention, Error> {
    asked().await?.store.retain(&job(), &name)
}

/// The host, once others had their turn.
async fn asked() -> Result<Rc<Recorder>, Error> {
    let host = host().ok_or_else(|| Error::Unavailable(NO_HOST.to_owned()))?;
    wait_a_turn(&host).await;
    Ok(host)
}
