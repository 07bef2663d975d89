//! The lease, and what is deleted under it.

use object_store::{ObjectStoreExt, PutPayload};

use super::*;
use crate::{Mark, Policy, Prefix, Rules, lease::Lease, tests::faulty::Fault};

fn keep_last(keep_last: u32) -> Policy {
    Policy::new(Rules { keep_last, ..Rules::default() }).unwrap()
}

/// Artifacts of the last days, the oldest first.
async fn history(store: &Store, days: i64) -> Vec<ArtifactPath> {
    let mut paths = Vec::new();
    for age in (1..=days).rev() {
        let now = Timestamp::now() - jiff::SignedDuration::from_hours(24 * age);
        paths.push(put_as(store, PutOrder { now, ..order() }, &noise(10)).await.unwrap().path);
    }
    paths
}

async fn lease_object(faulty: &Faulty, epoch: u64, text: &str) {
    let object = at(&format!("db/lease/{epoch:010}.json"));
    faulty.memory.put(&object, PutPayload::from(text.to_owned())).await.unwrap();
}

#[tokio::test]
async fn what_the_policy_deletes_is_deleted_and_nothing_else() {
    let ((memory, faulty), (folder, on_disk)) = (memory(), folder());
    for store in [memory, folder] {
        let paths = history(&store, 8).await;
        store.mark(&paths[1], Mark::Verified, "a test").await.unwrap();
        store.mark(&paths[3], Mark::Verified, "a test").await.unwrap();
        store.mark(&paths[4], Mark::Restored, "a test").await.unwrap();
        let planned = store.retain(&scope(), &keep_last(2), true, "a test").await.unwrap();
        let all: Vec<_> = store.list(&Prefix::All).await.unwrap().into_iter().map(|listed| listed.path).collect();
        assert_eq!(all, paths, "a dry run deletes nothing");
        let done = store.retain(&scope(), &keep_last(2), false, "a test").await.unwrap();
        assert_eq!(done, planned);
        let deleted = [0, 2, 4, 5].map(|index: usize| paths[index].clone());
        assert_eq!(done.delete, deleted);
        let left: Vec<_> = store.list(&Prefix::All).await.unwrap().into_iter().map(|listed| listed.path).collect();
        assert_eq!(left, [1, 3, 6, 7].map(|index: usize| paths[index].clone()), "the last two verified stay");
        for path in &deleted {
            assert!(!on_disk.path().join(path.to_string()).exists());
            assert!(!objects(&faulty).await.iter().any(|object| object.starts_with(&path.to_string())));
        }
        for path in &left {
            assert!(read(&store, path).await.1.is_ok());
        }
    }
}

#[tokio::test]
async fn the_manifest_goes_first() {
    let (store, faulty) = memory();
    history(&store, 2).await;
    faulty.log.lock().unwrap().clear();
    store.retain(&scope(), &keep_last(1), false, "a test").await.unwrap();
    let log = faulty.log.lock().unwrap().clone();
    let deleted: Vec<_> = log.iter().filter(|entry| entry.starts_with("delete")).collect();
    assert_eq!(deleted, ["delete manifest.json", "delete content.zst"]);
}

#[tokio::test]
async fn what_is_not_whole_is_neither_counted_nor_deleted() {
    let (store, faulty) = memory();
    let paths = history(&store, 3).await;
    faulty.memory_delete(&paths[0].object("manifest.json")).await;
    let plan = store.retain(&scope(), &keep_last(1), false, "a test").await.unwrap();
    assert_eq!(plan.delete, [paths[1].clone()]);
    assert!(objects(&faulty).await.contains(&paths[0].object("content.zst")));
}

#[tokio::test]
async fn two_holders_never_hold_the_lease_at_once_even_where_lists_lag() {
    let (store, faulty) = memory();
    for lagging in [false, true] {
        if lagging {
            faulty.set(Fault::Unlisted("lease"));
        }
        let mut one = Lease::take(&store.backend, &job(), "one").await.unwrap();
        let Err(error) = Lease::take(&store.backend, &job(), "other").await else { panic!("both hold it") };
        assert!(error.to_string().starts_with("db: one holds the lease for deleting until "), "{error}");
        one.confirm().await.unwrap();
        // The same holder, after a restart, need not wait; the lease of before is over.
        let again = Lease::take(&store.backend, &job(), "one").await.unwrap();
        let error = one.confirm().await.unwrap_err();
        assert!(matches!(error, StoreError::Fenced { .. }), "{error}");
        again.release().await;
        Lease::take(&store.backend, &job(), "other").await.unwrap().release().await;
    }
}

#[tokio::test]
async fn a_lease_that_is_over_is_taken_and_one_without_end_ends_too() {
    let (store, faulty) = memory();
    lease_object(&faulty, 7, r#"{"holder":"a dead one","until":"2026-01-01T00:00:00Z"}"#).await;
    Lease::take(&store.backend, &job(), "other").await.unwrap();
    assert!(objects(&faulty).await.contains(&"db/lease/0000000008.json".to_owned()));
    for text in [r#"{"holder":"a liar","until":"2926-01-01T00:00:00Z"}"#, "no record at all"] {
        lease_object(&faulty, 9, text).await;
        let Err(StoreError::Leased { until, .. }) = Lease::take(&store.backend, &job(), "one").await else {
            panic!("it was taken before its term was over")
        };
        let left = until.duration_since(Timestamp::now());
        assert!(left <= jiff::SignedDuration::from_mins(10), "{left}");
    }
}

#[tokio::test]
async fn who_lost_the_lease_deletes_nothing_more() {
    let (store, faulty) = memory();
    let mut lease = Lease::take(&store.backend, &job(), "one").await.unwrap();
    lease.confirm().await.unwrap();
    lease_object(&faulty, 2, r#"{"holder":"other","until":"2926-01-01T00:00:00Z"}"#).await;
    let error = lease.confirm().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "db: the lease for deleting is lost: somebody else took it; nothing more was deleted"
    );
    let paths = history(&store, 3).await;
    let error = store.retain(&scope(), &keep_last(1), false, "one").await.unwrap_err();
    assert!(matches!(error, StoreError::Leased { .. }), "{error}");
    assert_eq!(store.list(&Prefix::All).await.unwrap().len(), paths.len());
}
