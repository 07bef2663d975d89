//! Archives: what is written is read back, and nothing else is read at all.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use watchkeeper_sdk::{artifacts, metrics::NoMetrics, prelude::*, testing::Host};

use super::fake::archive;
use crate::tar::Reader;

/// The files in an archive, or what is wrong with it.
fn read(bytes: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let host = Host::new(|_, method, _| panic!("{method}"));
    host.store().holds("test/a/1", bytes, host.clock().now());
    let found = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let files = std::rc::Rc::clone(&found);
    let run = host.run(
        async move |_: Value, _: &NoMetrics| -> Result<String> {
            let mut reader = Reader::new(artifacts::get("test/a/1").await?.bytes);
            while let Some(file) = reader.next().await.map_err(Error::failed)? {
                files.borrow_mut().push(file);
            }
            Ok(String::new())
        },
        json!({}),
    );
    run.outcome.map_err(|error| error.to_string())?;
    Ok(found.take())
}

fn sample() -> Vec<u8> {
    archive(&[("a.json", json!("x".repeat(508))), ("folders/b.json", json!({ "uid": "b" })), ("c.json", json!(1))])
}

#[test]
fn what_is_written_is_read_back() {
    let files = read(sample()).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a.json", "folders/b.json", "c.json"]);
    assert_eq!((files[0].1.len(), files[1].1.as_slice()), (510, &br#"{"uid":"b"}"#[..]));
    assert_eq!(read(archive(&[])), Ok(Vec::new()));
}

#[test]
fn other_programs_read_it() {
    let mut tar = Command::new("tar")
        .args(["--list", "--verbose", "--file=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut tar.stdin.take().unwrap(), &sample()).unwrap();
    let output = tar.wait_with_output().unwrap();
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[1].starts_with("-rw-r--r-- 0/0") && lines[1].ends_with(" folders/b.json"), "{listed}");
}

#[test]
fn an_archive_that_is_cut_anywhere_is_not_read_as_a_whole() {
    let whole = sample();
    for length in (0..whole.len()).step_by(64) {
        assert_eq!(read(whole[..length].to_vec()), Err("the archive ends before its end".into()), "{length}");
    }
}

#[test]
fn a_byte_that_is_changed_in_a_header_is_seen() {
    let whole = sample();
    for place in (0..512).step_by(7) {
        let mut changed = whole.clone();
        changed[place] ^= 0x04;
        let error = read(changed).unwrap_err();
        assert!(error.contains("begins no header"), "{place}: {error}");
    }
}

#[test]
fn what_is_behind_a_file_or_the_end_is_nothing() {
    let whole = sample();
    let mut padded = whole.clone();
    padded[512 + 511] = 1;
    assert_eq!(read(padded), Err("the file at byte 0 of the archive isn't followed by zeros".into()));
    let longer = [whole.clone(), vec![0; 512]].concat();
    assert_eq!(read(longer), Err("the archive goes on behind its end".into()));
    let half = [&whole[..whole.len() - 512], &[1; 512]].concat();
    assert_eq!(read(half), Err("the archive goes on behind its end".into()));
}

#[test]
fn a_size_that_nobody_wrote_is_not_believed() {
    let mut whole = sample();
    whole[124..136].copy_from_slice(b"77777777777\0");
    let sum: u32 = whole[..512]
        .iter()
        .enumerate()
        .map(|(place, byte)| if (148..156).contains(&place) { 32 } else { u32::from(*byte) })
        .sum();
    whole[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert_eq!(read(whole), Err("the file at byte 0 of the archive has more than 33554432 bytes".into()));
}
