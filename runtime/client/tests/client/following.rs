//! `logs -f` shows each line once and goes on over a restart of the server; who reads it may leave at any time.

use std::{
    io::{self, Write},
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
    time::Duration,
};

use watchkeeper_client::{Api, Format, Request, Screen, perform};
use watchkeeper_web::api::Limit;

use crate::{
    house::{Kept, name},
    server::Server,
};

/// A loose bound on everything that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A reader that takes what is written, until it leaves.
struct Reader(SyncSender<String>);

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.send(text).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Follows the lines of `main-chain`; the end of the command comes last, as an empty text where all is well.
fn follow(server: &Server) -> (Receiver<String>, Receiver<String>) {
    let (lines, out) = mpsc::sync_channel(100);
    let (told, notes) = mpsc::sync_channel(100);
    let reach = server.reach();
    thread::spawn(move || {
        let api = Api::new(&reach, &|_| None).unwrap();
        let (mut lines, mut told) = (Reader(lines), Reader(told));
        let request =
            Request::Logs { job: Some(name("main-chain")), level: None, limit: Limit::default(), follow: true };
        let done = perform(request, &api, &mut Screen::new(&mut lines, &mut told, Format::Text));
        let end = done.err().map(|error| error.to_string()).unwrap_or_default();
        // Nobody has to wait for it.
        let _ = told.0.send(format!("end: {end}"));
    });
    (out, notes)
}

fn next(from: &Receiver<String>) -> String {
    from.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn lines_come_as_runs_end_and_after_a_restart() {
    let mut server = Server::new(Kept::saying("fine"));
    let (out, notes) = follow(&server);
    assert!(next(&out).contains("head is 7"));
    server.house.says(3, "first");
    assert!(next(&out).ends_with("main-chain: first\n"));
    server.shut();
    assert!(next(&notes).contains("the server has ended the stream"));
    server.house.says(4, "while nobody listened");
    server.open_again();
    assert!(next(&out).ends_with("main-chain: while nobody listened\n"));
    server.house.says(5, "last");
    assert!(next(&out).ends_with("main-chain: last\n"));
}

#[test]
fn a_reader_that_leaves_ends_the_command_without_a_word() {
    let server = Server::new(Kept::saying("fine"));
    let (out, notes) = follow(&server);
    next(&out);
    drop(out);
    server.house.says(3, "to nobody");
    assert_eq!(next(&notes), "end: ");
}
