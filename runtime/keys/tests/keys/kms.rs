//! AWS KMS: moto, and a server of the test's where moto always does what it should.
//!
//! Credentials come from the environment, and that of a process is one for all its threads: each test here goes on in a
//! process of its own, which has AWS's variables.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use alloy_primitives::{B256, hex};
use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::time::Instant;
use watchkeeper_config::{AwsKms, KeySource};
use watchkeeper_keys::{KeyError, SignFault, Signer, open};

use super::{
    asked::{ADDRESS, KEY, account, assert_says, deposit, signs, told},
    stand_in::{Asked, StandIn, endless, nobody, says, sign, signer, silence},
};

const OTHER_KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// What `openssl` writes before the 65 bytes of a public key of secp256k1 (RFC 5480).
const BEFORE_A_KEY: &str = "3056301006072a8648ce3d020106052b8104000a034200";

/// Whether this is the process of the test's own; if not, the test has gone on in one and succeeded.
fn in_its_own_process(test: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "WATCHKEEPER_TEST_OF_KMS";
    if env::var_os(MARK).is_some() {
        return true;
    }
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--exact", &format!("kms::{test}"), "--nocapture"]).env(MARK, "");
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            again.env_remove(name);
        }
    }
    let output = again
        .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nowhere")])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");
    false
}

const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-aws"), ("AWS_REGION", "eu-central-1")];

/// moto's KMS, ended with the test.
struct Moto {
    child: Child,
    url: String,
}

impl Moto {
    fn start(arguments: &[&str]) -> Self {
        let python = env::var_os("WATCHKEEPER_MOTO").map_or_else(usual, PathBuf::from);
        let hint = "hint: run `cargo xtask test`, which installs it, or set WATCHKEEPER_MOTO to a Python that has it";
        assert!(python.exists(), "there is no moto: {} is missing\n{hint}", python.display());
        let mut child = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kms/server.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("Listening on ").expect("moto says where it listens").trim();
        Self { url: format!("http://{address}"), child }
    }

    /// Asks it past the signer: makes a key, and gives its name.
    fn make_key(&self, spec: &str, usage: &str) -> String {
        let body = json!({"KeySpec": spec, "KeyUsage": usage}).to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: kms\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/x-amz-json-1.1\r\nx-amz-target: TrentService.CreateKey\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=A/20260101/eu-central-1/kms/aws4_request, x\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        answer["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn usual() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("services/moto/bin/python")
}

fn settings(key_id: &str, endpoint: &str) -> AwsKms {
    AwsKms { key_id: key_id.to_owned(), address: ADDRESS, region: None, endpoint: Some(endpoint.to_owned()) }
}

/// The settings of a key that KMS made, whose address it alone knows before.
async fn of_made_key(key_id: &str, endpoint: &str) -> AwsKms {
    match refusal(settings(key_id, endpoint)).await {
        SignFault::OtherKey { found, wanted: ADDRESS } => AwsKms { address: found, ..settings(key_id, endpoint) },
        other => panic!("{other}"),
    }
}

async fn opened(settings: AwsKms) -> Result<Arc<dyn Signer>, KeyError> {
    open(&account(), &KeySource::AwsKms(settings)).await
}

async fn refusal(settings: AwsKms) -> SignFault {
    match opened(settings).await.map(drop).unwrap_err() {
        KeyError::AwsKms { why, .. } => why,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_key_of_kms_signs_for_its_account() {
    if !in_its_own_process("a_key_of_kms_signs_for_its_account", &CREDENTIALS) {
        return;
    }
    let moto = Moto::start(&["digest"]);
    let key = moto.make_key("ECC_SECG_P256K1", "SIGN_VERIFY");
    let settings = of_made_key(&key, &moto.url).await;
    let signer = opened(settings.clone()).await.unwrap();
    assert_eq!((signer.kind(), signer.address()), ("aws_kms", settings.address));
    for _ in 0..5 {
        signs(&*signer).await;
    }
}

#[tokio::test]
async fn a_kms_that_signs_something_else_is_caught() {
    if !in_its_own_process("a_kms_that_signs_something_else_is_caught", &CREDENTIALS) {
        return;
    }
    let moto = Moto::start(&[]);
    let key = moto.make_key("ECC_SECG_P256K1", "SIGN_VERIFY");
    let signer = opened(of_made_key(&key, &moto.url).await).await.unwrap();
    let error = signer.sign(deposit()).await.unwrap_err();
    assert_eq!(error.to_string(), "aws_kms: its answer is not a signature by its key");
}

#[tokio::test]
async fn a_key_that_cant_sign_for_a_chain_is_told_so() {
    if !in_its_own_process("a_key_that_cant_sign_for_a_chain_is_told_so", &CREDENTIALS) {
        return;
    }
    let moto = Moto::start(&["digest"]);
    let fault = refusal(settings("01234567-89ab-cdef-0123-456789abcdef", &moto.url)).await;
    assert!(matches!(&fault, SignFault::Said(words) if words.starts_with("NotFoundException: ")), "{fault:?}");
    for spec in ["ECC_NIST_P256", "RSA_2048"] {
        let key = moto.make_key(spec, "SIGN_VERIFY");
        let fault = refusal(settings(&key, &moto.url)).await;
        assert!(matches!(fault, SignFault::Malformed(_)), "{spec}: {fault:?}");
    }
}

#[tokio::test]
async fn without_credentials_it_is_said_what_is_missing() {
    let region = &CREDENTIALS[2..];
    if !in_its_own_process("without_credentials_it_is_said_what_is_missing", region) {
        return;
    }
    let server = StandIn::start(answer).await;
    let fault = refusal(settings("key", &server.url())).await;
    assert!(matches!(&fault, SignFault::Unreachable(words) if words.contains("credential")), "{fault:?}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn without_a_region_it_is_said_where_to_write_one() {
    let credentials = &CREDENTIALS[..2];
    if !in_its_own_process("without_a_region_it_is_said_where_to_write_one", credentials) {
        return;
    }
    let server = StandIn::start(answer).await;
    let fault = refusal(settings("key", &server.url())).await;
    assert!(matches!(&fault, SignFault::Setup(words) if words.contains("add `region`")), "{fault:?}");
    let named = AwsKms { region: Some("eu-central-1".to_owned()), ..settings("key", &server.url()) };
    assert_eq!(opened(named).await.unwrap().address(), ADDRESS);
}

/// What KMS does (`GetPublicKey` and `Sign` of its API reference): binary data is base64, signatures and keys are DER.
fn answer(asked: &Asked) -> Response {
    match target(asked).as_str() {
        "TrentService.GetPublicKey" => public_key(BEFORE_A_KEY),
        "TrentService.Sign" => signature(asked, KEY, |digest| digest),
        _ => says(400, json!({"__type": "UnknownOperationException"}).to_string()),
    }
}

fn target(asked: &Asked) -> String {
    asked.headers["x-amz-target"].to_str().unwrap().to_owned()
}

fn public_key(before: &str) -> Response {
    let key = format!("{before}04{}", hex::encode(signer(KEY).public_key()));
    let document = json!({
        "KeyId": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd",
        "PublicKey": STANDARD.encode(hex::decode(key).unwrap()),
        "KeySpec": "ECC_SECG_P256K1",
        "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": ["ECDSA_SHA_256"],
    });
    says(200, document.to_string())
}

fn signature(asked: &Asked, key: &str, changed: fn(B256) -> B256) -> Response {
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!((&body["MessageType"], &body["SigningAlgorithm"]), (&json!("DIGEST"), &json!("ECDSA_SHA_256")));
    let digest = B256::from_slice(&STANDARD.decode(body["Message"].as_str().unwrap()).unwrap());
    let signature = sign(&signer(key), changed(digest)).to_k256().unwrap().to_der();
    let document = json!({
        "KeyId": body["KeyId"],
        "Signature": STANDARD.encode(signature.as_bytes()),
        "SigningAlgorithm": "ECDSA_SHA_256",
    });
    says(200, document.to_string())
}

#[tokio::test]
async fn requests_are_as_aws_wants_them() {
    if !in_its_own_process("requests_are_as_aws_wants_them", &CREDENTIALS) {
        return;
    }
    let server = StandIn::start(answer).await;
    let signer = opened(settings("alias/funder", &server.url())).await.unwrap();
    assert_eq!(signer.address(), ADDRESS);
    let signed = signer.sign(deposit()).await.unwrap();
    assert_says(&signed, &deposit(), ADDRESS);
    let asked = server.asked();
    assert_eq!(asked.iter().map(target).collect::<Vec<_>>(), ["TrentService.GetPublicKey", "TrentService.Sign"]);
    for asked in &asked {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/"));
        let authorization = asked.headers["authorization"].to_str().unwrap();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/"), "{authorization}");
        assert!(authorization.contains("/eu-central-1/kms/aws4_request"), "{authorization}");
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(body["KeyId"], "alias/funder");
    }
}

#[tokio::test]
async fn a_signature_by_another_key_or_of_something_else_is_thrown_away() {
    if !in_its_own_process("a_signature_by_another_key_or_of_something_else_is_thrown_away", &CREDENTIALS) {
        return;
    }
    let wrong: [fn(&Asked) -> Response; 5] = [
        |asked| signature(asked, OTHER_KEY, |digest| digest),
        |asked| signature(asked, KEY, alloy_primitives::keccak256),
        |_| says(200, json!({"Signature": STANDARD.encode([0x30, 0]), "KeyId": "a"}).to_string()),
        |_| says(200, "{}"),
        |_| says(200, "<html>502</html>"),
    ];
    for wrong in wrong {
        let server = StandIn::start(move |asked| match target(asked).as_str() {
            "TrentService.Sign" => wrong(asked),
            _ => answer(asked),
        })
        .await;
        let signer = opened(settings("alias/funder", &server.url())).await.unwrap();
        let error = signer.sign(deposit()).await.unwrap_err();
        assert!(!matches!(error.fault, SignFault::Timeout(_) | SignFault::Said(_)), "{error}");
        assert!(!told(&error).contains("127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_key_of_secp256k1_opens_nothing() {
    if !in_its_own_process("what_is_no_key_of_secp256k1_opens_nothing", &CREDENTIALS) {
        return;
    }
    let wrong: [fn() -> Response; 3] = [
        || public_key(&BEFORE_A_KEY.replace("3056", "3055")),
        || says(200, "{}"),
        || says(200, json!({"PublicKey": ""}).to_string()),
    ];
    for wrong in wrong {
        let server = StandIn::start(move |_| wrong()).await;
        let fault = refusal(settings("key", &server.url())).await;
        assert!(matches!(fault, SignFault::Malformed(_)), "{fault:?}");
    }
}

#[tokio::test]
async fn what_aws_says_is_passed_on_in_one_line() {
    if !in_its_own_process("what_aws_says_is_passed_on_in_one_line", &CREDENTIALS) {
        return;
    }
    let words = format!("no\nand\u{1b}[31m again no, {}", "and ".repeat(500));
    let server =
        StandIn::start(move |_| says(400, json!({"__type": "AccessDeniedException", "message": words}).to_string()))
            .await;
    let error = opened(settings("key", &server.url())).await.map(drop).unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with("aws_kms: it says: AccessDeniedException: no and [31m again"), "{told}");
    assert!(told.len() < 700 && told.contains("\nhint: ") && !told.contains('\u{1b}'), "{told}");
}

#[tokio::test]
async fn a_service_that_is_away_or_answers_without_end_is_told_so() {
    if !in_its_own_process("a_service_that_is_away_or_answers_without_end_is_told_so", &CREDENTIALS) {
        return;
    }
    let server = StandIn::start(|_| endless()).await;
    assert_eq!(refusal(settings("key", &server.url())).await, SignFault::TooLarge(1 << 20));
    assert_eq!(refusal(settings("key", &nobody())).await, SignFault::Unreachable("connection refused".to_owned()));
}

#[tokio::test]
async fn silence_is_waited_for_ten_seconds() {
    if !in_its_own_process("silence_is_waited_for_ten_seconds", &CREDENTIALS) {
        return;
    }
    let is_first = AtomicBool::new(true);
    let server = StandIn::start(move |_| silence(&is_first)).await;
    let started = Instant::now();
    assert_eq!(refusal(settings("key", &server.url())).await, SignFault::Timeout(Duration::from_secs(10)));
    assert!((10..12).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}
