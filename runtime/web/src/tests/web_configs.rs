//! exporter-toolkit's web configuration file: what is taken, what is refused and how it is told.

use std::sync::Arc;

use super::{Moved, Setup, samples};

/// What opening says of a `web.yml` with this text.
fn open(text: &str, beside: &[(&'static str, &str)]) -> Result<(), String> {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Moved(samples::at(0).into())));
    let beside = beside.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let setup = Setup { web_config: Some(text.to_owned()), beside, ..Setup::default() };
    setup.access(&folder, &clock).map(drop).map_err(|error| error.to_string())
}

#[test]
fn an_empty_file_and_a_full_one_are_taken() {
    let pair = super::secured::self_signed();
    let beside = [("cert.pem", &*pair.cert), ("key.pem", &*pair.key), ("ca.pem", &*pair.cert)];
    assert_eq!(open("", &[]), Ok(()));
    assert_eq!(open("# nothing yet\n", &[]), Ok(()));
    let hash = bcrypt::hash("x", 4).unwrap();
    let full = format!(
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n  client_auth_type: VerifyClientCertIfGiven\n  \
         client_ca_file: ca.pem\n  min_version: TLS12\n  max_version: TLS13\n  cipher_suites:\n  - \
         TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  prefer_server_cipher_suites: true\n  curve_preferences: [X25519, \
         CurveP256]\nhttp_server_config:\n  http2: true\n  headers:\n    Strict-Transport-Security: max-age=1\n    \
         X-Frame-Options: deny\nbasic_auth_users:\n  alice: {hash}\n"
    );
    assert_eq!(open(&full, &beside), Ok(()));
}

#[test]
fn what_is_unknown_or_can_not_be_honoured_is_an_error_that_names_the_key() {
    let pair = super::secured::self_signed();
    let other = super::secured::self_signed();
    let beside = [("cert.pem", &*pair.cert), ("key.pem", &*pair.key), ("other.pem", &*other.key)];
    let tls = |more: &str| format!("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n{more}");
    let cases = [
        ("tls_config: {}".to_owned(), "tls_config"),
        ("basic_auth_users: {alice: secret}".to_owned(), "basic_auth_users: alice: is not a bcrypt hash\nhint: "),
        ("rate_limit: {interval: 1s}".to_owned(), "rate_limit"),
        ("http_server_config: {headers: {Set-Cookie: x}}".to_owned(), "headers: Set-Cookie: can't be set\nhint: "),
        ("http_server_config: {headers: {X-Frame-Options: x}}".to_owned(), "X-Frame-Options: can't be \"x\"\nhint: "),
        ("tls_server_config: {cert_file: cert.pem}".to_owned(), "key_file: is missing\nhint: "),
        ("tls_server_config: {key_file: key.pem}".to_owned(), "cert_file: is missing\nhint: "),
        ("tls_server_config: {cert_file: no.pem, key_file: key.pem}".to_owned(), "no.pem: No such file"),
        ("tls_server_config: {cert_file: key.pem, key_file: key.pem}".to_owned(), "cert: holds no certificate"),
        ("tls_server_config: {cert_file: cert.pem, key_file: cert.pem}".to_owned(), "key: holds no private key"),
        ("tls_server_config: {cert_file: cert.pem, key_file: other.pem}".to_owned(), "can't be used with its key"),
        (tls("  min_version: TLS10\n"), "min_version: \"TLS10\" is not supported\nhint: "),
        (tls("  min_version: TLS13\n  max_version: TLS12\n"), "max_version: is lower"),
        (tls("  client_auth_type: RequireAnyClientCert\n"), "client_auth_type: certificates that nobody checks"),
        (tls("  client_auth_type: RequireAndVerifyClientCert\n"), "client_ca_file: is missing"),
        (tls("  client_ca_file: cert.pem\n"), "client_ca_file: is of no use without `client_auth_type`"),
        (tls("  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]\n"), "cipher_suites: \"TLS_RSA_WITH"),
        (tls("  curve_preferences: [CurveP521]\n"), "curve_preferences: \"CurveP521\""),
        (tls("  client_allowed_sans: [a]\n"), "client_allowed_sans"),
    ];
    for (text, expected) in cases {
        let error = open(&text, &beside).expect_err(&text);
        assert!(error.contains("web.yml: ") && error.contains(expected), "{text}\n{error}");
        assert!(!error.contains("PRIVATE KEY") && !error.contains("secret"), "{error}");
    }
}

#[test]
fn reading_can_not_be_open_and_take_a_password() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Moved(samples::at(0).into())));
    let web_config = Some(format!("basic_auth_users: {{alice: {}}}", bcrypt::hash("x", 4).unwrap()));
    let setup = Setup { web_config, open_reading: true, ..Setup::default() };
    let error = setup.access(&folder, &clock).unwrap_err().to_string();
    assert!(error.contains("web.yml: basic_auth_users: reading is open") && error.contains("\nhint: "), "{error}");
}
