//! One byte changed anywhere: said which and where, and nothing wrong is handed on.

use object_store::{ObjectStoreExt, PutPayload};

use super::*;
use crate::{BLOCK, Damage, Part};

async fn get(faulty: &Faulty, object: &str) -> Vec<u8> {
    faulty.memory.get(&at(object)).await.unwrap().bytes().await.unwrap().to_vec()
}

async fn set(faulty: &Faulty, object: &str, bytes: Vec<u8>) {
    faulty.memory.put(&at(object), PutPayload::from(bytes)).await.unwrap();
}

fn damage(error: StoreError) -> (String, Damage) {
    match error {
        StoreError::Corrupt { object, damage } => (object, damage),
        error => panic!("not corrupt: {error}"),
    }
}

/// How verifying and reading end, which must be the same, and what was read before.
async fn found(store: &Store, path: &ArtifactPath, content: &Bytes) -> (String, Damage, usize) {
    let verified = damage(store.verify(path, Part::WHOLE, "a test", no_progress()).await.unwrap_err());
    let (before, ended) = read(store, path).await;
    assert_eq!(damage(ended.unwrap_err()), verified);
    assert!(content.starts_with(&before), "what was read is not what was stored");
    (verified.0, verified.1, before.len())
}

#[tokio::test]
async fn each_byte_of_a_small_artifact_is_missed_by_nobody() {
    let (plain, faulty) = memory();
    for store in [plain.clone(), encrypting(plain)] {
        let content = Bytes::from_static(b"CREATE TABLE payments (id bigint PRIMARY KEY, wei numeric NOT NULL);");
        let manifest = put(&store, &content).await;
        for object in [manifest.path.object("manifest.json"), manifest.path.object(manifest.stored.object())] {
            let good = get(&faulty, &object).await;
            for place in 0..good.len() {
                let mut bad = good.clone();
                bad[place] ^= 1 << (place % 8);
                set(&faulty, &object, bad).await;
                let whole = Damage::Bytes { from: 0, to: good.len() as u64 - 1 };
                assert_eq!(found(&store, &manifest.path, &content).await, (object.clone(), whole, 0), "byte {place}");
            }
            set(&faulty, &object, good).await;
        }
        store.verify(&manifest.path, Part::WHOLE, "a test", no_progress()).await.unwrap();
        assert_eq!(read(&store, &manifest.path).await.0, content);
    }
}

#[tokio::test]
async fn a_block_is_named_by_its_bytes_and_what_is_before_it_may_be_read() {
    let (plain, faulty) = memory();
    for store in [plain.clone(), encrypting(plain)] {
        let content = noise(3 * BLOCK);
        let manifest = put(&store, &content).await;
        let object = manifest.path.object(manifest.stored.object());
        let good = get(&faulty, &object).await;
        for block in 0..4 {
            let from = block * BLOCK;
            let to = (from + BLOCK).min(good.len()) - 1;
            for place in [from, (from + to) / 2, to] {
                let mut bad = good.clone();
                bad[place] ^= 0x80;
                set(&faulty, &object, bad).await;
                let expected = Damage::Bytes { from: from as u64, to: to as u64 };
                let (named, damage, before) = found(&store, &manifest.path, &content).await;
                assert_eq!((&named, &damage), (&object, &expected));
                assert!(before <= from, "{before} bytes were read before byte {from} was compared");
            }
        }
        set(&faulty, &object, good).await;
        let text = format!("{object}: bytes 4194304 to 8388607 are not what was stored");
        let error = StoreError::Corrupt { object, damage: Damage::Bytes { from: 4_194_304, to: 8_388_607 } };
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn what_is_missing_added_or_gone_is_said() {
    let (store, faulty) = memory();
    let content = noise(1000);
    let manifest = put(&store, &content).await;
    let object = manifest.path.object("content.zst");
    let (good, size) = (get(&faulty, &object).await, manifest.stored.size);
    set(&faulty, &object, good[..good.len() - 10].to_vec()).await;
    let expected = Damage::Missing { from: size - 10, to: size - 1 };
    assert_eq!(found(&store, &manifest.path, &content).await, (object.clone(), expected, 0));
    set(&faulty, &object, [&*good, b"more"].concat()).await;
    assert_eq!(found(&store, &manifest.path, &content).await.1, Damage::Added { from: size, to: size + 3 });
    faulty.memory.delete(&at(&object)).await.unwrap();
    assert_eq!(found(&store, &manifest.path, &content).await.1, Damage::Gone);
}

#[tokio::test]
async fn another_artifacts_manifest_is_refused() {
    let (store, faulty) = memory();
    let (one, other) = (put(&store, &noise(10)).await, put(&store, &noise(20)).await);
    let foreign = get(&faulty, &other.path.object("manifest.json")).await;
    set(&faulty, &one.path.object("manifest.json"), foreign).await;
    let error = store.manifest(&one.path).await.unwrap_err();
    assert!(error.to_string().ends_with("its manifest makes no sense: it is that of another artifact"), "{error}");
}

#[tokio::test]
async fn content_that_is_not_what_its_manifest_says_is_bounded_and_named() {
    let (store, faulty) = memory();
    let manifest = put(&store, &noise(1000)).await;
    let object = manifest.path.object("content.zst");
    let forge = |content: &[u8], size: u64| {
        let stored = zstd::encode_all(content, 3).unwrap();
        let mut forged = manifest.clone();
        (forged.content.size, forged.stored.size) = (size, stored.len() as u64);
        forged.blocks.sha256 = vec![crate::manifest::digest(&stored)];
        (forged, stored)
    };
    for (content, size, says) in [
        (vec![0; 8 << 20], 1 << 20, "it unpacks to more than the 1048576 bytes that were put in"),
        (vec![0; 10], 1000, "it unpacks to 10 bytes, and 1000 were put in"),
        (vec![0; 1000], 1000, "its content has another SHA-256 than what was put in"),
    ] {
        let (forged, stored) = forge(&content, size);
        set(&faulty, &object, stored).await;
        set(&faulty, &manifest.path.object("manifest.json"), forged.to_bytes().unwrap()).await;
        let (before, ended) = read(&store, &manifest.path).await;
        assert!(before.len() as u64 <= size);
        assert_eq!(ended.unwrap_err().to_string(), format!("{object}: {says}"));
    }
}
