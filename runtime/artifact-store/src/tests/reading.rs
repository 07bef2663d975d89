//! Reading back, part by part and with keys.

use super::*;
use crate::{Mark, Part, Prefix, Reading, tests::faulty::Fault};

#[tokio::test]
async fn parts_cover_each_stored_byte_exactly_once_and_then_it_is_verified() {
    let (store, faulty) = memory();
    let manifest = put(&store, &noise(17 << 20)).await;
    // The last one with a list that lags behind all of it.
    for of in [1, 2, 3, 5, 8, 30] {
        faulty.set(if of == 30 { Fault::Unlisted("mark.") } else { Fault::Unlisted("nothing") });
        faulty.memory_delete(&manifest.path.object("mark.verified")).await;
        let mut read = Vec::new();
        for index in (0..of).rev() {
            faulty.ranges.lock().unwrap().clear();
            let part = Part::new(index, of).unwrap();
            let reading = store.verify(&manifest.path, part, "a test", no_progress()).await.unwrap();
            let ranges = std::mem::take(&mut *faulty.ranges.lock().unwrap());
            // The first is the manifest's.
            let blocks = ranges.into_iter().skip(1).collect::<Vec<_>>();
            let bytes = blocks.iter().map(|range| range.end - range.start).sum();
            assert_eq!(reading, Reading { bytes, verified: index == 0 }, "part {index} of {of}");
            read.extend(blocks);
        }
        read.sort_by_key(|range| range.start);
        let mut next = 0;
        for range in read {
            assert_eq!(range.start, next, "{of} parts");
            next = range.end;
        }
        assert_eq!(next, manifest.stored.size, "{of} parts");
        faulty.heal();
        let marks = store.list(&Prefix::All).await.unwrap().remove(0).marks;
        assert_eq!(marks.iter().map(|marked| marked.mark).collect::<Vec<_>>(), [Mark::Verified]);
    }
    assert!(!objects(&faulty).await.iter().any(|object| object.contains("mark.read")), "marks of parts are left");
}

#[tokio::test]
async fn a_part_that_was_not_read_again_leaves_the_artifact_verified() {
    let (store, _faulty) = memory();
    let manifest = put(&store, &noise(1000)).await;
    store.verify(&manifest.path, Part::WHOLE, "a test", no_progress()).await.unwrap();
    let part = Part::new(0, 2).unwrap();
    assert!(store.verify(&manifest.path, part, "a test", no_progress()).await.unwrap().verified);
}

#[tokio::test]
async fn what_is_encrypted_verifies_without_a_key_and_reads_with_the_right_one_alone() {
    let (plain, _faulty) = memory();
    let store = encrypting(plain.clone());
    let manifest = put(&store, &noise(1000)).await;
    plain.verify(&manifest.path, Part::WHOLE, "a test", no_progress()).await.unwrap();
    for (other, tried) in [(plain.clone(), 0), (encrypting(plain), 1)] {
        let (before, ended) = read(&other, &manifest.path).await;
        assert_eq!(before, b"");
        let error = ended.unwrap_err();
        assert!(matches!(error, StoreError::Locked { identities, .. } if identities == tried), "{error}");
        assert!(error.to_string().contains(&manifest.stored.recipients[0]), "{error}");
    }
    assert!(read(&store, &manifest.path).await.1.is_ok());
}

#[tokio::test]
async fn a_mark_needs_an_artifact() {
    let (store, _faulty) = memory();
    let path = "db/main/20260131T020000Z-0a1b2c3d".parse().unwrap();
    let error = store.mark(&path, Mark::Restored, "a test").await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    let manifest = put(&store, &noise(10)).await;
    store.mark(&manifest.path, Mark::Restored, "a test").await.unwrap();
    assert_eq!(store.list(&Prefix::All).await.unwrap()[0].marks[0].mark, Mark::Restored);
}

#[tokio::test]
async fn a_reader_who_goes_away_leaves_no_work_behind() {
    let (store, _faulty) = memory();
    let manifest = put(&store, &noise(40 << 20)).await;
    let done = Arc::new(std::sync::Mutex::new(0));
    let told = Arc::clone(&done);
    let held = Arc::downgrade(&done);
    let mut stream = store.read(manifest, Arc::new(move |size, _| *told.lock().unwrap() = size));
    assert!(stream.next().await.unwrap().is_ok());
    drop((stream, done));
    soon("its threads end", async || held.upgrade().is_none()).await;
}
