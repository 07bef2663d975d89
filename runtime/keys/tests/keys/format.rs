//! The keystore format: others' files are read, others read ours, and no file takes the machine's time or memory.

use std::time::{Duration, Instant};

use alloy_primitives::hex;
use proptest::prelude::*;
use serde_json::{Value, json};
use watchkeeper_keys::{Keystore, KeystoreError, PrivateKey};

use super::asked::{ADDRESS, KEY, key};

/// The test vectors of the format's definition: the password `testpassword`, and this key.
const SECRET: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

fn by_scrypt() -> Value {
    json!({
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32,
                "n": 262_144,
                "r": 1,
                "p": 8,
                "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
            },
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    })
}

fn by_pbkdf2() -> Value {
    json!({
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {
                "c": 262_144,
                "dklen": 32,
                "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    })
}

fn parse(document: &Value) -> Result<Keystore, KeystoreError> {
    Keystore::parse("funder.json", document.to_string().as_bytes())
}

/// Why it is no keystore.
fn refused(document: &Value) -> String {
    match parse(document).unwrap_err() {
        KeystoreError::Format { why, .. } => why,
        other => panic!("{other}"),
    }
}

#[test]
fn the_definitions_vectors_are_read() {
    for document in [by_scrypt(), by_pbkdf2()] {
        let keystore = parse(&document).unwrap();
        assert_eq!(keystore.address(), None);
        let opened = keystore.decrypt(b"testpassword").unwrap();
        assert_eq!(opened.address(), PrivateKey::parse(SECRET).unwrap().address());
        assert!(matches!(keystore.decrypt(b"Testpassword"), Err(KeystoreError::Password { .. })));
    }
}

#[test]
fn the_older_spelling_of_crypto_is_read() {
    let mut document = by_pbkdf2();
    let crypto = document.as_object_mut().unwrap().remove("crypto").unwrap();
    document["Crypto"] = crypto;
    assert!(parse(&document).unwrap().decrypt(b"testpassword").is_ok());
}

/// Written by Python's eth-account 0.14.0, at its usual costs, which are geth's: the key is the one that everybody knows,
/// the password `a password`.
const WRITTEN_ELSEWHERE: [&str; 2] = [
    r#"{"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "455a3d92f9240f6f0d9e224189f8e9e1"}, "ciphertext": "3bd59f963b1afd3ce5cafbf2fe39676ba5c26587f93eba8b9aa22f1873222662", "kdf": "scrypt", "kdfparams": {"dklen": 32, "n": 262144, "r": 8, "p": 1, "salt": "6b66901602497729c18e456ce1501a99"}, "mac": "63ed5d6e1b9ff74d21a2b49000732963abe673f6c2a34b26b820ee16405e7479"}, "id": "eac16236-8133-4392-89b6-856a05028306", "version": 3}"#,
    r#"{"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "cf7beea7fde0c386c769e27f18a967f3"}, "ciphertext": "87bdbbdcfe35de925cb4df8cba278d590d696b8049469984f36149b0e4fdc09b", "kdf": "pbkdf2", "kdfparams": {"c": 1000000, "dklen": 32, "prf": "hmac-sha256", "salt": "0998c8791cc91dba328edced289c19e9"}, "mac": "cb5074c80fe94c284fa09eec258408f350250888851956d53d15032ed8371718"}, "id": "7dad6ba9-9634-4cd9-aa92-e7cdb196f990", "version": 3}"#,
];

#[test]
fn what_others_write_is_read_here() {
    for text in WRITTEN_ELSEWHERE {
        let keystore = Keystore::parse("funder.json", text.as_bytes()).unwrap();
        assert_eq!(keystore.address(), Some(ADDRESS));
        assert_eq!(keystore.decrypt(b"a password").unwrap().address(), ADDRESS);
    }
}

#[test]
fn what_is_written_here_is_read_by_the_library_that_alloy_and_foundry_use() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours.json");
    std::fs::write(&ours, Keystore::encrypt(&key(), b"a password").unwrap()).unwrap();
    assert_eq!(hex::encode(eth_keystore::decrypt_key(&ours, "a password").unwrap()), KEY);
}

#[test]
fn what_is_written_says_whose_it_is_and_no_two_files_are_alike() {
    let texts = [(); 2].map(|()| Keystore::encrypt(&key(), b"a password").unwrap());
    let documents = texts.clone().map(|text| serde_json::from_str::<Value>(&text).unwrap());
    for (text, document) in texts.iter().zip(&documents) {
        assert_eq!(document["address"], hex::encode(ADDRESS));
        assert_eq!(Keystore::parse("a", text.as_bytes()).unwrap().address(), Some(ADDRESS));
        assert!(!text.contains(KEY) && !text.contains("a password"));
        assert_eq!(document["id"].as_str().unwrap().len(), 36);
    }
    for part in ["/crypto/ciphertext", "/crypto/cipherparams/iv", "/crypto/kdfparams/salt", "/crypto/mac", "/id"] {
        assert_ne!(documents[0].pointer(part), documents[1].pointer(part), "{part}");
    }
}

#[test]
fn a_file_that_says_another_address_than_its_keys_is_refused() {
    let mut document = by_pbkdf2();
    document["address"] = json!(hex::encode(ADDRESS));
    let error = parse(&document).unwrap().decrypt(b"testpassword").unwrap_err();
    assert!(matches!(&error, KeystoreError::Address { said, .. } if *said == ADDRESS), "{error}");
}

#[test]
fn a_changed_byte_is_never_another_key() {
    for (part, byte) in [("/crypto/ciphertext", "00"), ("/crypto/mac", "00"), ("/crypto/kdfparams/salt", "00")] {
        let mut document = by_pbkdf2();
        let text = document.pointer_mut(part).unwrap();
        *text = json!(format!("{byte}{}", &text.as_str().unwrap()[2..]));
        let error = parse(&document).unwrap().decrypt(b"testpassword").unwrap_err();
        assert!(matches!(error, KeystoreError::Password { .. }), "{part}: {error}");
    }
}

#[test]
fn absurd_files_are_refused_before_anything_is_computed() {
    let started = Instant::now();
    let cases = [
        ("/crypto/kdfparams/n", json!(4_294_967_296_u64), "cost more than is borne here"),
        ("/crypto/kdfparams/n", json!(1_u64 << 63), "cost more than is borne here"),
        ("/crypto/kdfparams/n", json!(0), "scrypt can't have n = 0"),
        ("/crypto/kdfparams/n", json!(1), "scrypt can't have n = 1"),
        ("/crypto/kdfparams/n", json!(262_143), "scrypt can't have n = 262143"),
        ("/crypto/kdfparams/n", json!(-2), "not what stands there"),
        ("/crypto/kdfparams/n", json!(262_144.0), "not what stands there"),
        ("/crypto/kdfparams/n", json!("262144"), "not what stands there"),
        ("/crypto/kdfparams/r", json!(0), "scrypt can't have"),
        ("/crypto/kdfparams/r", json!(u64::MAX), "cost more than is borne here"),
        ("/crypto/kdfparams/r", json!(1 << 20), "cost more than is borne here"),
        ("/crypto/kdfparams/p", json!(0), "scrypt can't have"),
        ("/crypto/kdfparams/p", json!(u64::MAX), "cost more than is borne here"),
        ("/crypto/kdfparams/p", json!(65), "cost more than is borne here"),
        ("/crypto/kdfparams/dklen", json!(0), "its dklen is 0"),
        ("/crypto/kdfparams/dklen", json!(16), "its dklen is 16"),
        ("/crypto/kdfparams/dklen", json!(u64::MAX), "its dklen is 18446744073709551615"),
        ("/crypto/kdfparams/salt", json!("ab".repeat(65)), "its salt has 65 bytes"),
        ("/crypto/kdfparams/salt", json!("abc"), "not what stands there"),
        ("/crypto/kdfparams", json!(null), "not what stands there"),
        ("/crypto/kdf", json!("argon2id"), "not what stands there"),
        ("/crypto/kdf", json!("pbkdf2"), "not what stands there"),
        ("/crypto/cipher", json!("aes-256-gcm"), "its cipher is not aes-128-ctr"),
        ("/crypto/cipherparams/iv", json!("83db"), "its iv has 2 bytes"),
        ("/crypto/cipherparams/iv", json!(""), "its iv has 0 bytes"),
        ("/crypto/ciphertext", json!(""), "its ciphertext has 0 bytes"),
        ("/crypto/ciphertext", json!("00".repeat(33)), "its ciphertext has 33 bytes"),
        ("/crypto/mac", json!("00"), "its mac has 1 bytes"),
        ("/crypto/mac", json!(3), "not what stands there"),
        ("/crypto", json!([]), "not what stands there"),
        ("/version", json!(1), "it is of version 1"),
        ("/version", json!("3"), "not what stands there"),
    ];
    for (part, value, expected) in cases {
        let mut document = by_scrypt();
        *document.pointer_mut(part).unwrap() = value.clone();
        let why = refused(&document);
        assert!(why.contains(expected), "{part} = {value}: {why}");
    }
    for (part, value, expected) in [
        ("/crypto/kdfparams/c", json!(0), "0 rounds"),
        ("/crypto/kdfparams/c", json!(u32::MAX), "4294967295 rounds"),
        ("/crypto/kdfparams/prf", json!("hmac-sha1"), "its prf is not hmac-sha256"),
    ] {
        let mut document = by_pbkdf2();
        *document.pointer_mut(part).unwrap() = value;
        let why = refused(&document);
        assert!(why.contains(expected), "{part}: {why}");
    }
    let mut document = by_scrypt();
    document["address"] = json!("0xyz");
    assert_eq!(refused(&document), "its address is none");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_file_that_ends_early_is_no_keystore() {
    let text = Keystore::encrypt(&key(), b"a password").unwrap();
    for end in 0..text.len() {
        let error = Keystore::parse("funder.json", &text.as_bytes()[..end]).unwrap_err();
        assert!(matches!(error, KeystoreError::Format { .. }), "{end}: {error}");
    }
}

#[test]
fn what_is_no_keystore_is_not_quoted() {
    for text in [KEY.to_owned(), format!("\"{KEY}\""), format!("{{\"version\": 3, \"crypto\": \"{KEY}\"}}")] {
        let error = Keystore::parse("funder.json", text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
    }
}

#[test]
fn a_private_key_is_read_and_never_shown() {
    for text in [KEY.to_owned(), format!("0x{KEY}"), format!("  0x{}\n", KEY.to_uppercase())] {
        let key = PrivateKey::parse(&text).unwrap();
        assert_eq!(key.address(), ADDRESS);
        assert!(!format!("{key:?}").contains(KEY), "{key:?}");
    }
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for text in ["", "0x", &KEY[1..], &format!("{KEY}00"), &"0".repeat(64), order, &format!("0x0x{}", &KEY[2..])] {
        let error = PrivateKey::parse(text).unwrap_err();
        assert!(error.to_string().starts_with("not a private key\nhint: "), "{text}");
    }
}

#[test]
fn two_new_keys_are_two() {
    let keys = [(); 2].map(|()| PrivateKey::random().unwrap().address());
    assert_ne!(keys[0], keys[1]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Keystore::parse("a", &bytes).is_err());
    }

    #[test]
    fn a_keystore_with_some_bytes_changed_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut text = by_scrypt().to_string().into_bytes();
        for (place, byte) in changes {
            let place = place.index(text.len());
            text[place] = byte;
        }
        let _either = Keystore::parse("a", &text);
    }
}
