//! What a killed process leaves, as it would lie there: the state is written as such a process leaves it.

use std::sync::atomic::Ordering;

use object_store::{ObjectStoreExt, PutMode, PutPayload, multipart::MultipartStore};

use super::*;
use crate::{
    Prefix,
    upload::{Multipart, UploadRecord},
};

const PATH: &str = "db/main/20260131T020000Z-0a1b2c3d";

fn record(lease_until: Timestamp, id: Option<&str>) -> Bytes {
    let multipart = id.map(|id| Multipart { id: id.to_owned() });
    serde_json::to_vec(&UploadRecord { started: lease_until, lease_until, multipart }).unwrap().into()
}

fn ago() -> Timestamp {
    Timestamp::now() - jiff::SignedDuration::from_secs(1)
}

fn ahead() -> Timestamp {
    Timestamp::now() + jiff::SignedDuration::from_mins(1)
}

async fn write(store: &Store, object: &str, bytes: Bytes) {
    store.backend.put(&format!("{PATH}/{object}"), bytes.into(), PutMode::Overwrite).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_nobody_goes_on_with_is_thrown_away_parts_and_all() {
    let (store, faulty) = memory();
    let content = at(&format!("{PATH}/content.zst"));
    let id = faulty.create_multipart(&content).await.unwrap();
    faulty.put_part(&content, &id, 0, PutPayload::from_static(b"part")).await.unwrap();
    write(&store, "upload.json", record(ago(), Some(&id))).await;
    let whole = put(&store, &noise(10)).await;
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), [PATH.parse().unwrap()]);
    assert_eq!(faulty.open.load(Ordering::SeqCst), 0);
    let left = objects(&faulty).await;
    assert!(!left.iter().any(|object| object.starts_with(PATH)), "{left:?}");
    assert!(read(&store, &whole.path).await.1.is_ok());
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), []);
}

#[tokio::test]
async fn a_running_upload_is_not_touched_and_becomes_whole() {
    let (store, faulty) = memory();
    write(&store, "upload.json", record(ahead(), None)).await;
    write(&store, "content.zst", noise(10)).await;
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let putting = store.clone();
    let running = tokio::spawn(async move {
        let complete = async { gone.await.map_err(|error| error.to_string()) };
        putting.put(order(), pieces(&noise(20 << 20)), complete, no_progress()).await
    });
    soon("parts are sent", async || faulty.open.load(Ordering::SeqCst) == 1).await;
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), []);
    go.send(()).unwrap();
    let manifest = running.await.unwrap().unwrap();
    assert!(read(&store, &manifest.path).await.1.is_ok());
    assert!(objects(&faulty).await.contains(&format!("{PATH}/content.zst")));
}

#[tokio::test]
async fn whatever_a_killed_put_had_written_is_removed_and_what_was_whole_is_not() {
    // Killed after the content; with a record that makes no sense; in a deletion, after the manifest went.
    for (objects_left, text) in [
        (["upload.json", "content.zst"].as_slice(), record(ago(), None)),
        (&["upload.json", "content.zst.age"], Bytes::from_static(b"{")),
        (&["content.zst", "mark.verified"], Bytes::new()),
    ] {
        let (store, faulty) = memory();
        for object in objects_left {
            write(&store, object, text.clone()).await;
        }
        assert_eq!(store.clean(&job(), "a test").await.unwrap(), [PATH.parse().unwrap()]);
        let left = objects(&faulty).await;
        assert!(!left.iter().any(|object| object.starts_with(PATH)), "{left:?}");
    }
    // Killed between the manifest and the end.
    let (store, faulty) = memory();
    let path = put(&store, &noise(10)).await.path;
    let object = path.object("upload.json");
    faulty.memory.put(&at(&object), PutPayload::from(record(ago(), None))).await.unwrap();
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), []);
    assert!(!objects(&faulty).await.contains(&object));
    assert!(read(&store, &path).await.1.is_ok());
}

#[tokio::test]
async fn a_manifest_that_the_list_does_not_show_yet_protects_its_artifact() {
    let (store, faulty) = memory();
    let path = put(&store, &noise(10)).await.path;
    faulty.set(super::faulty::Fault::Unlisted("manifest.json"));
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), []);
    faulty.heal();
    assert!(read(&store, &path).await.1.is_ok());
}

#[tokio::test]
async fn a_folder_is_swept_of_what_lies_aside_once_it_is_old() {
    let (store, folder) = folder();
    let old = std::time::SystemTime::now() - Duration::from_secs(3600);
    let here = folder.path().join(PATH);
    std::fs::create_dir_all(&here).unwrap();
    for (name, time) in
        [("content.zst#1", old), ("upload.json#1", old), ("manifest.json#1", std::time::SystemTime::now())]
    {
        let file = std::fs::File::create(here.join(name)).unwrap();
        file.set_modified(time).unwrap();
    }
    std::fs::write(here.join("upload.json"), record(ahead(), Some(""))).unwrap();
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), []);
    assert!(here.join("content.zst#1").exists(), "its upload is running");
    assert!(!here.join("upload.json#1").exists());
    assert!(here.join("manifest.json#1").exists(), "it may be on its way");
    std::fs::write(here.join("upload.json"), record(ago(), Some(""))).unwrap();
    std::fs::remove_file(here.join("manifest.json#1")).unwrap();
    assert_eq!(store.clean(&job(), "a test").await.unwrap(), [PATH.parse().unwrap()]);
    assert!(!here.exists());
    assert_eq!(store.list(&Prefix::All).await.unwrap(), []);
}
