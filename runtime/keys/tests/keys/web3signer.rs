//! Web3Signers that do what they should, and such that don't, over real HTTP.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy_primitives::{Address, Signature, U256, hex, keccak256};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::Instant;
use watchkeeper_config::{KeySource, Secret, Web3Signer};
use watchkeeper_keys::{SignFault, Signer, open};

use super::{
    asked::{ADDRESS, KEY, account, assert_says, both, deposit, signs, told},
    stand_in::{Asked, StandIn, endless, nobody, says, sign, signer, silence},
};

const OTHER_KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const KEYS: &str = "/api/v1/eth1/publicKeys";
const SIGN: &str = "/api/v1/eth1/sign/";

fn settings(url: &str) -> Web3Signer {
    Web3Signer { url: Secret::new(url), address: ADDRESS, ca_file: None, headers: BTreeMap::new() }
}

async fn opened(settings: Web3Signer) -> Arc<dyn Signer> {
    open(&account(), &KeySource::Web3Signer(settings)).await.unwrap()
}

/// A public key as Web3Signer lists it.
fn public_key(key: &str) -> String {
    signer(key).public_key().to_string()
}

/// What Web3Signer does: lists two keys, and signs the Keccak-256 of the data with the one that is named.
fn answer(asked: &Asked) -> Response {
    match asked.path.strip_prefix(SIGN) {
        Some(identifier) if *identifier == public_key(KEY) => says(200, signature(&asked.body, KEY, |data| data)),
        Some(_) => says(404, "Resource not found"),
        None => list(),
    }
}

fn list() -> Response {
    says(200, json!([public_key(OTHER_KEY), public_key(KEY)]).to_string())
}

/// The signature of what `changed` makes of the data.
fn signature(body: &[u8], key: &str, changed: fn(Vec<u8>) -> Vec<u8>) -> String {
    let body: Value = serde_json::from_slice(body).unwrap();
    let data = changed(hex::decode(body["data"].as_str().unwrap()).unwrap());
    hex::encode_prefixed(sign(&signer(key), keccak256(data)).as_bytes())
}

/// What comes of a transaction for a signer that answers requests for signatures so.
async fn refusal(sign: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> SignFault {
    let server = StandIn::start(move |asked| if asked.path == KEYS { list() } else { sign(asked) }).await;
    let error = opened(settings(&server.url())).await.sign(deposit()).await.unwrap_err();
    assert_eq!((error.account.as_str(), error.signer), ("funder", "web3signer"));
    assert!(!told(&error).contains(&server.url()), "{error}");
    assert_eq!(server.asked_for(SIGN).len(), 1, "a signature is asked for once");
    error.fault
}

#[tokio::test]
async fn a_web3signer_signs_for_its_account() {
    let server = StandIn::start(answer).await;
    let signer = opened(settings(&server.url())).await;
    assert_eq!((signer.address(), signer.kind()), (ADDRESS, "web3signer"));
    assert!(server.asked().is_empty(), "nothing is asked before there is something to sign");
    signs(&*signer).await;

    assert_eq!(server.asked_for(KEYS).len(), 1, "the list of keys is asked for once");
    let requests = server.asked_for(SIGN);
    assert_eq!(requests.len(), 2);
    for (request, asked) in requests.iter().zip(both()) {
        assert_eq!(request.method, "POST");
        assert_eq!(request.path, format!("{SIGN}{}", public_key(KEY)), "the public key, not the address");
        assert_eq!(request.headers["content-type"], "application/json");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let data = hex::decode(body["data"].as_str().unwrap()).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 1);
        // An envelope of EIP-1559 begins with its type, a legacy transaction with its list.
        assert_eq!(data[0], if asked == deposit() { 2 } else { 0xe0 + (data.len() as u8 - 1 - 0x20) });
    }
}

#[tokio::test]
async fn its_path_and_headers_go_along_and_are_never_shown() {
    let server = StandIn::start(|asked| {
        let asked = Asked { path: asked.path.replace("/signer/s3cr3t-path", ""), ..asked.clone() };
        answer(&asked)
    })
    .await;
    for slash in ["", "/"] {
        let mut settings = settings(&format!("{}/signer/s3cr3t-path{slash}", server.url()));
        settings.headers.insert("authorization".to_owned(), Secret::new("Bearer s3cr3t"));
        let source = KeySource::Web3Signer(settings.clone());
        assert!(!format!("{source:?}").contains("s3cr3t"));
        signs(&*opened(settings).await).await;
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 6);
    assert!(asked.iter().all(|asked| asked.path.starts_with("/signer/s3cr3t-path/api/v1/eth1/")), "{asked:#?}");
    assert!(asked.iter().all(|asked| asked.headers["authorization"] == "Bearer s3cr3t"));
}

#[tokio::test]
async fn either_way_to_write_v_and_either_s_is_taken_and_becomes_what_chains_take() {
    // r, s and v as other signers write them.
    fn high(signature: Signature) -> Signature {
        let order =
            U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
        Signature::new(signature.r(), order - signature.s(), !signature.v())
    }
    let ways: [fn(Signature) -> Vec<u8>; 3] = [
        |signature| signature.as_rsy().to_vec(),
        |signature| high(signature).as_bytes().to_vec(),
        |signature| high(signature).as_rsy().to_vec(),
    ];
    for way in ways {
        let server = StandIn::start(move |asked| {
            if asked.path == KEYS {
                return list();
            }
            let right: [u8; 65] = hex::decode(signature(&asked.body, KEY, |data| data)).unwrap().try_into().unwrap();
            says(200, format!("{}\n", hex::encode_prefixed(way(Signature::from_raw_array(&right).unwrap()))))
        })
        .await;
        signs(&*opened(settings(&server.url())).await).await;
    }
}

#[tokio::test]
async fn a_signature_by_another_key_is_thrown_away() {
    let fault = refusal(|asked| says(200, signature(&asked.body, OTHER_KEY, |data| data))).await;
    assert_eq!(fault, SignFault::Foreign(ADDRESS));
}

#[tokio::test]
async fn a_signature_of_something_else_is_thrown_away() {
    let other_transaction = |mut data: Vec<u8>| {
        *data.last_mut().unwrap() ^= 1;
        data
    };
    let fault = refusal(move |asked| says(200, signature(&asked.body, KEY, other_transaction))).await;
    assert_eq!(fault, SignFault::Foreign(ADDRESS));
    let hash_of_the_hash = |data: Vec<u8>| keccak256(data).to_vec();
    let fault = refusal(move |asked| says(200, signature(&asked.body, KEY, hash_of_the_hash))).await;
    assert_eq!(fault, SignFault::Foreign(ADDRESS));
}

#[tokio::test]
async fn what_is_no_signature_is_told_so() {
    let right = |asked: &Asked| signature(&asked.body, KEY, |data| data);
    let wrong: [fn(String) -> String; 9] = [
        |_| String::new(),
        |_| "0x".to_owned(),
        |_| "OK".to_owned(),
        |_| "<html>502</html>".to_owned(),
        |right| right[..right.len() - 2].to_owned(),
        |right| format!("{right}00"),
        |right| format!("\"{right}\""),
        |right| right.replace("0x", ""),
        |right| format!("{{\"signature\": \"{right}\"}}"),
    ];
    for wrong in wrong {
        let fault = refusal(move |asked| says(200, wrong(right(asked)))).await;
        assert_eq!(fault, SignFault::Malformed("a signature"));
    }
    for zeros in [0, 27, 28] {
        let fault = refusal(move |_| says(200, format!("0x{}{zeros:02x}", "00".repeat(64)))).await;
        assert_eq!(fault, SignFault::Foreign(ADDRESS));
    }
}

#[tokio::test]
async fn a_refusal_is_passed_on_without_its_words() {
    for status in [400, 401, 403, 429, 500, 503, 201, 204] {
        let fault = refusal(move |_| says(status, "the key of s3cr3t")).await;
        assert_eq!(fault, SignFault::Status(status));
    }
    assert_eq!(refusal(|_| says(404, "Resource not found")).await, SignFault::NoKey(ADDRESS));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = StandIn::start(answer).await;
    let target = elsewhere.url();
    let fault = refusal(move |asked| {
        let place = format!("{target}{}", asked.path);
        Response::builder().status(307).header("location", place).body("".into()).unwrap()
    })
    .await;
    assert_eq!(fault, SignFault::Status(307));
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    assert_eq!(refusal(|_| endless()).await, SignFault::TooLarge(1 << 10));
    assert_eq!(refusal(|_| says(200, "0".repeat(2000))).await, SignFault::TooLarge(1 << 10));
    let server = StandIn::start(|_| endless()).await;
    let error = opened(settings(&server.url())).await.sign(deposit()).await.unwrap_err();
    assert_eq!(error.fault, SignFault::TooLarge(4 << 20));
}

#[tokio::test]
async fn silence_is_waited_for_ten_seconds() {
    let started = Instant::now();
    let is_first = AtomicBool::new(true);
    let fault = refusal(move |_| silence(&is_first)).await;
    assert_eq!(fault, SignFault::Timeout(Duration::from_secs(10)));
    assert!((10..12).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_signer_without_the_accounts_key_is_not_asked_to_sign() {
    for (listed, fault) in [
        (json!([]), SignFault::NoKey(ADDRESS)),
        (json!([public_key(OTHER_KEY)]), SignFault::NoKey(ADDRESS)),
        (json!([ADDRESS.to_string(), "../../reload", "", "0x"]), SignFault::NoKey(ADDRESS)),
        (json!({"keys": []}), SignFault::Malformed("a list of public keys")),
        (json!([1]), SignFault::Malformed("a list of public keys")),
    ] {
        let server = StandIn::start(move |_| says(200, listed.to_string())).await;
        let error = opened(settings(&server.url())).await.sign(deposit()).await.unwrap_err();
        assert_eq!(error.fault, fault);
        assert!(server.asked_for(SIGN).is_empty());
    }
}

#[tokio::test]
async fn a_signer_that_is_away_is_asked_again_for_the_next_transaction() {
    let signer = opened(settings(&nobody())).await;
    let error = signer.sign(deposit()).await.unwrap_err();
    assert_eq!(error.to_string(), "web3signer: it can't be reached: connection refused");

    let first = AtomicBool::new(true);
    let server =
        StandIn::start(move |asked| if first.swap(false, Ordering::Relaxed) { says(503, "") } else { answer(asked) })
            .await;
    let signer = opened(settings(&server.url())).await;
    assert_eq!(signer.sign(deposit()).await.unwrap_err().fault, SignFault::Status(503));
    let signed = signer.sign(deposit()).await.unwrap();
    assert_says(&signed, &deposit(), ADDRESS);
}

#[tokio::test]
async fn authorities_are_checked_when_the_account_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    for (file, why) in [(file, "no certificate in it"), (PathBuf::from("/nowhere/ca.pem"), "can't be read")] {
        let settings = Web3Signer { ca_file: Some(file), ..settings("https://127.0.0.1:9") };
        let error = open(&account(), &KeySource::Web3Signer(settings)).await.map(drop).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn behind_tls_only_the_named_authority_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (server, certificate) = StandIn::start_tls(answer).await;
    let (other, other_certificate) = StandIn::start_tls(answer).await;
    let [file, other_file] = [("ca.pem", certificate), ("other.pem", other_certificate)].map(|(name, certificate)| {
        let file = folder.path().join(name);
        std::fs::write(&file, certificate).unwrap();
        file
    });
    let trusting = |server: &StandIn, file: Option<&PathBuf>| Web3Signer {
        ca_file: file.cloned(),
        headers: BTreeMap::from([("authorization".to_owned(), Secret::new("Bearer s3cr3t"))]),
        ..settings(&server.url())
    };
    signs(&*opened(trusting(&server, Some(&file))).await).await;
    signs(&*opened(trusting(&other, Some(&other_file))).await).await;
    let before = (server.asked().len(), other.asked().len());
    for wrong in [trusting(&server, Some(&other_file)), trusting(&other, Some(&file)), trusting(&server, None)] {
        let error = opened(wrong).await.sign(deposit()).await.unwrap_err();
        assert_eq!(error.fault, SignFault::Unreachable("its certificate is not valid here".to_owned()));
    }
    assert_eq!(before, (server.asked().len(), other.asked().len()), "nothing is said to a stranger");
}

#[tokio::test]
async fn another_address_is_another_account() {
    let server = StandIn::start(answer).await;
    let settings = Web3Signer { address: Address::repeat_byte(7), ..settings(&server.url()) };
    let error = opened(settings).await.sign(deposit()).await.unwrap_err();
    assert_eq!(error.fault, SignFault::NoKey(Address::repeat_byte(7)));
}
