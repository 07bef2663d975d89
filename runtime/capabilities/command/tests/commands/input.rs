//! What a program reads is whole, or it never sees its end.

use std::time::Duration;

use watchkeeper_command::Exit;
use watchkeeper_contract::{CHUNK, byte_stream};

use crate::support::{House, cut, program, read, run_whole, script, soon, start};

/// Bytes that repeat nowhere near a piece's length.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8 ^ (place >> 16) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_through_programs_from_host_to_host_unchanged() {
    let house = House::new([("first", program("/bin/cat", &[])), ("second", program("/bin/cat", &[]))]);
    let run = house.begin();
    let sent = bytes(5 << 20);
    let (sink, stdin) = byte_stream();
    let pieces: Vec<_> = sent.chunks(CHUNK - 7).map(bytes::Bytes::copy_from_slice).collect();
    tokio::spawn(async move {
        for piece in pieces {
            sink.send(piece).await.unwrap();
        }
        sink.finish(Ok(()));
    });
    let first = soon(start(&run, "first", Some(stdin))).await.unwrap();
    let second = soon(start(&run, "second", Some(first.stdout))).await.unwrap();
    let (got, verdict) = read(second.stdout).await;
    assert!(got == sent && verdict == Ok(()), "{} of {} bytes, {verdict:?}", got.len(), sent.len());
    assert_eq!(soon(first.ended).await.unwrap().exit, Exit::Code(0));
    assert_eq!(soon(second.ended).await.unwrap().exit, Exit::Code(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_input_there_is_an_end_at_once() {
    let house = House::new([("cat", program("/bin/cat", &[]))]);
    let (got, verdict, ended) = run_whole(&house.begin(), "cat", None).await;
    assert_eq!((got.len(), verdict, ended.exit), (0, Ok(()), Exit::Code(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_read_ends_as_it_likes_and_the_source_hears_of_it() {
    let house = House::new([("deaf", script("exec <&-; exit 0", &[]))]);
    let (sink, stdin) = byte_stream();
    let source = tokio::spawn(async move { while sink.send(bytes::Bytes::from_static(&[7; CHUNK])).await.is_ok() {} });
    let (_, verdict, ended) = run_whole(&house.begin(), "deaf", Some(stdin)).await;
    assert_eq!((verdict, ended.exit), (Ok(()), Exit::Code(0)));
    soon(source).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_never_takes_input_that_was_cut_short_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whole");
    // What follows SIGTERM would have time enough to see an end.
    let restore = "trap '' TERM; cat >/dev/null; touch $1";
    let house = House::new([("restore", script(restore, &[file.to_str().unwrap()]))]);
    for said in [Some(Err("the dump failed".to_owned())), None] {
        let (sink, stdin) = byte_stream();
        let run = house.begin();
        let running = soon(start(&run, "restore", Some(stdin))).await.unwrap();
        sink.send(bytes::Bytes::from_static(b"BEGIN;")).await.unwrap();
        let why = match said {
            Some(verdict) => {
                sink.finish(verdict);
                "the dump failed"
            }
            None => {
                drop(sink);
                "the stream was cut short"
            }
        };
        let ended = soon(running.ended).await.unwrap();
        assert_eq!(cut(&ended), format!("standard input was cut short: {why}"));
        assert!(!file.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_program_cuts_the_input_of_the_next_short() {
    let house = House::new([("dump", script("echo half; exit 1", &[])), ("restore", script("cat; echo whole", &[]))]);
    let run = house.begin();
    let dump = soon(start(&run, "dump", None)).await.unwrap();
    let restore = soon(start(&run, "restore", Some(dump.stdout))).await.unwrap();
    let (got, verdict) = read(restore.stdout).await;
    assert!(!String::from_utf8(got).unwrap().contains("whole") && verdict.is_err());
    let why = "standard input was cut short: command `dump` exited with code 1";
    assert_eq!(cut(&soon(restore.ended).await.unwrap()), why);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_ended_does_not_see_an_end_of_its_input_either() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whole");
    let mut settings = script("trap '' TERM; cat >/dev/null; touch $1", &[file.to_str().unwrap()]);
    settings.timeout = Some(Duration::from_millis(100));
    let house = House::new([("restore", settings)]);
    let (_sink, stdin) = byte_stream();
    let (_, _, ended) = run_whole(&house.begin(), "restore", Some(stdin)).await;
    assert_eq!((ended.exit, file.exists()), (Exit::TimedOut, false));
}
