//! All of it, or nothing.

use std::{
    future::pending,
    process::Command,
    sync::{Arc, Mutex, atomic::Ordering},
};

use super::*;
use crate::{Aborted, BLOCK, Prefix, tests::faulty::Fault};

/// A put that must fail and leave nothing.
async fn refused(store: &Store, faulty: &Faulty, order: PutOrder, content: &Bytes) -> StoreError {
    let error = put_as(store, order, content).await.unwrap_err();
    assert_eq!(objects(faulty).await, [""; 0], "{error}");
    assert_eq!(faulty.open.load(Ordering::SeqCst), 0, "an upload in parts is left: {error}");
    error
}

async fn round_trip(store: &Store, content: &Bytes) -> Manifest {
    let manifest = put(store, content).await;
    assert_eq!(store.manifest(&manifest.path).await.unwrap(), manifest);
    let (read, ended) = read(store, &manifest.path).await;
    ended.unwrap();
    assert!(read == *content, "{} bytes came back as {} others", content.len(), read.len());
    manifest
}

#[tokio::test]
async fn what_was_put_is_read_back_at_every_border_of_blocks_and_parts() {
    let ((memory, _faulty), (folder, _folder)) = (memory(), folder());
    for store in [memory.clone(), encrypting(memory), folder.clone(), encrypting(folder)] {
        for size in [0, 1, 199_999, 200_000, 256 << 10] {
            round_trip(&store, &noise(size)).await;
        }
        for border in [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1] {
            // What zstd adds to noise depends on its length alone; age adds some bytes at random.
            let added = put(&store, &noise(border - 4096)).await.stored.size - (border as u64 - 4096);
            let content = noise(border - usize::try_from(added).unwrap());
            let manifest = round_trip(&store, &content).await;
            if !store.encrypts() {
                assert_eq!(manifest.stored.size, border as u64);
                assert_eq!(manifest.blocks.sha256.len(), border.div_ceil(BLOCK));
            }
        }
    }
}

#[tokio::test]
async fn forty_mebibytes_of_all_kinds_come_back() {
    let kinds = [noise(16 << 20), Bytes::from(vec![b'x'; 8 << 20]), noise(16 << 20)];
    let content = Bytes::from(kinds.concat());
    let ((memory, faulty), (folder, _folder)) = (memory(), folder());
    for store in [memory, encrypting(folder)] {
        let manifest = round_trip(&store, &content).await;
        assert!(manifest.stored.size < 33 << 20, "{}", manifest.stored.size);
    }
    assert_eq!(faulty.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_manifest_comes_last_and_the_record_is_there_before_and_until_after() {
    let (store, faulty) = memory();
    put(&store, &noise(20 << 20)).await;
    let log = faulty.log.lock().unwrap().clone();
    let expected =
        ["put upload.json", "put upload.json", "complete content.zst", "put manifest.json", "delete upload.json"];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn a_producer_that_fails_leaves_nothing_and_its_words() {
    for size in [0, 100, 20 << 20] {
        let ((memory, faulty), (folder, files_of)) = (memory(), folder());
        for store in [memory, folder] {
            let complete = async { Err("pg_dump: exit code 1".to_owned()) };
            let order = PutOrder { check: Check::PgCustom, ..order() };
            let put = store.put(order, pieces(&noise(size)), complete, no_progress());
            let Err(StoreError::Aborted { why, .. }) = put.await else { panic!("it was not aborted") };
            // Noise fails the check before its producer can say anything; nothing at all fails it at the end.
            let producer = matches!(&why, Aborted::Producer(why) if why == "pg_dump: exit code 1");
            assert!(producer || size > 0 && matches!(why, Aborted::Check(_)), "{why}");
        }
        assert_eq!(objects(&faulty).await, [""; 0]);
        assert_eq!(faulty.open.load(Ordering::SeqCst), 0);
        assert_eq!(files(files_of.path()), [""; 0]);
    }
}

#[tokio::test]
async fn what_fails_its_check_or_is_too_small_leaves_nothing() {
    let (store, faulty) = memory();
    let plain = PutOrder { check: Check::PgPlain, ..order() };
    let error = refused(&store, &faulty, plain, &Bytes::from_static(b"CREATE TABLE x ();\n")).await;
    assert!(matches!(error, StoreError::Aborted { why: Aborted::Check(_), .. }), "{error}");
    let small = PutOrder { minimum_size: 1001, ..order() };
    let error = refused(&store, &faulty, small.clone(), &noise(1000)).await;
    assert!(
        error.to_string().ends_with("nothing was stored: 1000 bytes are less than the 1001 that it must have"),
        "{error}"
    );
    assert!(put_as(&store, small, &noise(1001)).await.is_ok());
}

#[tokio::test]
async fn whatever_request_fails_nothing_is_left_and_the_next_put_succeeds() {
    for (fault, size) in [
        (Fault::Put("upload.json"), 10),
        (Fault::Put("content.zst"), 10),
        (Fault::Put("manifest.json"), 10),
        (Fault::Put("manifest.json"), 20 << 20),
        (Fault::Size("content.zst"), 10),
        (Fault::Size("content.zst"), 20 << 20),
        (Fault::Part(0), 20 << 20),
        (Fault::Part(2), 20 << 20),
        (Fault::Complete, 20 << 20),
    ] {
        let (store, faulty) = memory();
        faulty.set(fault);
        let error = refused(&store, &faulty, order(), &noise(size)).await;
        assert!(matches!(error, StoreError::Unavailable { .. }), "{fault:?}: {error}");
        faulty.heal();
        round_trip(&store, &noise(size)).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_for() {
    for (fault, size) in [
        (Fault::PutAnswer("manifest.json"), 10),
        (Fault::PutAnswer("content.zst"), 10),
        (Fault::CompleteAnswer, 20 << 20),
    ] {
        let (store, faulty) = memory();
        faulty.set(fault);
        round_trip(&store, &noise(size)).await;
        assert_eq!(store.list(&Prefix::All).await.unwrap().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_list_that_lags_hinders_no_put_and_no_reading() {
    let (store, faulty) = memory();
    faulty.set(Fault::Unlisted(""));
    let manifest = round_trip(&store, &noise(1000)).await;
    assert_eq!(store.list(&Prefix::All).await.unwrap(), []);
    faulty.heal();
    let listed = store.list(&Prefix::Name(scope())).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].path, manifest.path);
    assert_eq!((listed[0].created, listed[0].stored_size), (manifest.created, manifest.stored.size));
}

#[tokio::test]
async fn a_put_that_is_dropped_is_cleaned_away_wherever_it_was() {
    // A producer that never says how it ended; one that never ends; a store that hangs.
    for (size, ends, hangs) in
        [(10, true, false), (20 << 20, true, false), (20 << 20, false, false), (20 << 20, true, true)]
    {
        let (store, faulty) = memory();
        if hangs {
            faulty.set(Fault::PartsHang);
        }
        let taken = Arc::new(Mutex::new(0));
        let progress = Arc::clone(&taken);
        let content = noise(size);
        let put = tokio::spawn(async move {
            let rest = futures_util::stream::pending().take(usize::from(!ends));
            let progress: crate::Progress = Arc::new(move |done, _| *progress.lock().unwrap() = done);
            store.put(order(), pieces(&content).chain(rest), pending(), progress).await
        });
        let begun = async || *taken.lock().unwrap() > 0 && !objects(&faulty).await.is_empty();
        soon("it begins", begun).await;
        if size > 10 {
            soon("parts are sent", async || faulty.open.load(Ordering::SeqCst) == 1).await;
        }
        put.abort();
        soon("all of it is gone", async || objects(&faulty).await.is_empty()).await;
        assert_eq!(faulty.open.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let (store, folder) = folder();
    let gone = folder.path().to_owned();
    drop(folder);
    let error = put_as(&store, order(), &noise(10)).await.unwrap_err();
    assert!(error.to_string().contains("hint: make the folder, or mount what it is on"), "{error}");
    assert!(!gone.exists());
}

#[tokio::test]
async fn plain_zstd_undoes_what_is_not_encrypted() {
    let (store, folder) = folder();
    let content = Bytes::from([noise(9 << 20), Bytes::from(vec![0; 9 << 20])].concat());
    let manifest = put(&store, &content).await;
    let object = folder.path().join(manifest.path.to_string()).join(manifest.stored.object());
    match Command::new("zstd").args(["--decompress", "--stdout", "--quiet"]).arg(object).output() {
        Ok(output) => assert!(output.status.success() && output.stdout == content),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => eprintln!("SKIPPED: this machine has no zstd"),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn plain_age_and_zstd_undo_what_is_encrypted() {
    let (store, folder) = folder();
    let identity = x25519::Identity::generate();
    let recipients = Recipients::parse(&[identity.to_public().to_string()]).unwrap();
    let content = noise(9 << 20);
    let manifest = put(&Store { recipients, ..store }, &content).await;
    let key = folder.path().join("key");
    std::fs::write(&key, identity.to_string().expose_secret()).unwrap();
    let object = folder.path().join(manifest.path.to_string()).join(manifest.stored.object());
    let age = Command::new("age").arg("--decrypt").arg("--identity").arg(key).arg(object).output();
    match age {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(zstd::decode_all(&*output.stdout).unwrap() == content);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => eprintln!("SKIPPED: this machine has no age"),
        Err(error) => panic!("{error}"),
    }
}
